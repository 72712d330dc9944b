#include "transports/protocols/smp/smp_console_transport.h"

namespace sealift {

namespace {

constexpr qsizetype kReadSize = 4096;
constexpr qint64 kBitsPerByte = 10;  // 8N1: start bit, eight bits, stop bit

}  // namespace

Status SmpConsoleTransport::send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) {
  return link_.write(encodeSmpConsole(packet), deadline, cancel);
}

Result<QByteArray> SmpConsoleTransport::receive(const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    while (at_ < unread_.size()) {
      if (auto packet = reader_.take(unread_[at_++])) {
        return *std::move(packet);
      }
    }
    // A chattering console must not keep this loop from looking at the clock.
    SEALIFT_CHECK(cancel.check());
    if (deadline.passed()) {
      return deadline.timeout();
    }
    SEALIFT_TRY(unread_, link_.read(kReadSize, deadline, cancel));
    at_ = 0;
  }
}

std::chrono::milliseconds SmpConsoleTransport::wireTime(qsizetype packetSize) const {
  if (baud_ <= 0) {
    return std::chrono::milliseconds(0);
  }
  return std::chrono::milliseconds(smpConsoleSize(packetSize) * kBitsPerByte * 1000 / baud_);
}

}  // namespace sealift
