// SMP over UDP: one packet, one datagram, nothing around it (Zephyr's UDP transport).
#pragma once

#include "transports/links/link.h"
#include "transports/protocols/smp/smp_transport.h"

namespace sealift {

class SmpDatagramTransport final : public SmpTransport {
 public:
  explicit SmpDatagramTransport(DatagramLink& link) : link_(link) {}

  Status send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) override;
  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override;
  qsizetype maxPacket() const override;
  qsizetype bufferOverhead() const override { return 0; }
  bool keepsOrder() const override { return false; }
  std::chrono::milliseconds wireTime(qsizetype) const override { return std::chrono::milliseconds(0); }
  QString description() const override { return QStringLiteral("SMP over UDP"); }

 private:
  DatagramLink& link_;
};

}  // namespace sealift
