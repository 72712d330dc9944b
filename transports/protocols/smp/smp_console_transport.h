// SMP over a serial line in the console framing (smp_console_framing.h).
#pragma once

#include "transports/links/link.h"
#include "transports/protocols/smp/smp_console_framing.h"
#include "transports/protocols/smp/smp_transport.h"

namespace sealift {

class SmpConsoleTransport final : public SmpTransport {
 public:
  // `baud` in bit/s tells how long packets take; 0 when the link has no such speed (TCP, USB).
  SmpConsoleTransport(ByteLink& link, int baud) : link_(link), baud_(baud) {}

  Status send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) override;
  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override;
  qsizetype maxPacket() const override { return kSmpConsoleMaxPacket; }
  qsizetype bufferOverhead() const override { return kSmpConsoleOverhead; }
  bool keepsOrder() const override { return true; }
  std::chrono::milliseconds wireTime(qsizetype packetSize) const override;
  QString description() const override { return QStringLiteral("SMP over serial"); }

 private:
  ByteLink& link_;
  int baud_;
  SmpConsoleReader reader_;
  QByteArray unread_;  // bytes of the last read behind the packet that was returned
  qsizetype at_ = 0;
};

}  // namespace sealift
