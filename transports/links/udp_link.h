// Datagrams to and from one peer over UDP. Datagrams from anybody else are ignored.
//
// A peer that is not there (yet) is no error: over UDP that looks like loss, and a device that
// restarts is absent for a while. Whoever waits for an answer has a deadline.
#pragma once

#include "transports/links/link.h"

#include <QHostAddress>
#include <QUdpSocket>

#include <memory>

namespace sealift {

class UdpLink final : public DatagramLink {
 public:
  // Errors: LinkOpen, Timeout and Cancelled (both while looking the name up).
  static Result<std::unique_ptr<UdpLink>> open(const QString& host, quint16 port, const Deadline& deadline,
                                               const CancelToken& cancel);

  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override;
  Status send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) override;
  qsizetype maxDatagram() const override { return 65507; }  // 65535 less the IPv4 and UDP headers (RFC 768)
  QString description() const override;

 private:
  UdpLink() = default;
  bool isPeer(const QHostAddress& address, int port) const;

  QUdpSocket socket_;
  QHostAddress address_;
  quint16 port_ = 0;
  QString peer_;
};

}  // namespace sealift
