// The device's end of a link. Used by one thread, the device's own.
#pragma once

#include "app/base/result.h"
#include "transports/links/link_address.h"

#include <QByteArray>
#include <QHostAddress>
#include <QList>

#include <memory>

namespace sealift {

struct DevicePacket {
  QByteArray bytes;
  QHostAddress from;  // udp
  quint16 port = 0;
};

class DeviceChannel {
 public:
  virtual ~DeviceChannel() = default;
  // Opens it, in the thread that uses it. The address is where a client reaches the device.
  virtual Result<LinkAddress> open() = 0;
  // What has arrived, after waiting up to `timeoutMs` for the first packet.
  virtual QList<DevicePacket> receive(int timeoutMs) = 0;
  virtual void reply(const DevicePacket& request, const QByteArray& bytes) = 0;
  // A line on the console; nothing where there is none.
  virtual void print(const QByteArray& line) = 0;
};

// On 127.0.0.1, a port that the system chooses.
std::unique_ptr<DeviceChannel> makeUdpChannel();
// A pseudo terminal with the console framing; frames of at most `maxPacket` bytes. NotSupported where there is none.
std::unique_ptr<DeviceChannel> makePtyChannel(qsizetype maxPacket);

}  // namespace sealift
