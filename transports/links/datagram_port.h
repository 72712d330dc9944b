// A UDP port of this computer's own that others may send to first: what a server needs, where a DatagramLink is a
// client's. Belongs to the thread that opened it; calls block as those of link.h do.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/deadline.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QHostAddress>

namespace sealift {

struct DatagramPeer {
  QHostAddress address;
  quint16 port = 0;

  bool operator==(const DatagramPeer&) const = default;
};

struct Datagram {
  DatagramPeer sender;
  QByteArray bytes;
};

class DatagramPort {
 public:
  virtual ~DatagramPort() = default;

  // The next datagram, whoever sent it. Errors: Timeout, Cancelled, LinkLost.
  virtual Result<Datagram> receive(const Deadline& deadline, const CancelToken& cancel) = 0;
  // Handed over to the operating system. A datagram that it has no room for is lost, as any may be.
  // Errors: InvalidArgument (too long for UDP), LinkLost.
  virtual Status send(const DatagramPeer& to, QByteArrayView datagram) = 0;
  virtual quint16 number() const = 0;  // the port's, also where 0 was asked for
};

}  // namespace sealift
