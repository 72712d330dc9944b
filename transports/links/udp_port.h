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

  QUdpSocket socket_;
  QByteArray buffer_;
};

// This computer's address on the way to `peer`, as its routes say. Nothing is sent. Errors: LinkOpen.
Result<QHostAddress> ownAddressTowards(const QHostAddress& peer);

}  // namespace sealift
