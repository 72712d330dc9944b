// An own UDP port of the operating system's.
#pragma once

#include "transports/links/datagram_port.h"

#include <QUdpSocket>

#include <memory>

namespace sealift {

class UdpPort final : public DatagramPort {
 public:
  // Listens on `own` alone, never on every address; `port` 0: any that is free.
  // Errors: LinkPermission (with the exact remedy), LinkOpen.
  static Result<std::unique_ptr<UdpPort>> open(const QHostAddress& own, quint16 port);

  Result<Datagram> receive(const Deadline& deadline, const CancelToken& cancel) override;
  Status send(const DatagramPeer& to, QByteArrayView datagram) override;
  quint16 number() const override { return socket_.localPort(); }

 private:
  UdpPort() = default;
  bool sendBack(const DatagramPeer& to, QByteArrayView datagram);

  QUdpSocket socket_;
  QByteArray buffer_;
  DatagramPeer sender_;   // of the last datagram
  QByteArray senderRaw_;  // and as the operating system has it
};

// This computer's address on the way to `peer`, as its routes say. Nothing is sent. Errors: LinkOpen.
Result<QHostAddress> ownAddressTowards(const QHostAddress& peer);

}  // namespace sealift
