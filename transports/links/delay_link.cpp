#include "transports/links/delay_link.h"

#include <thread>

namespace sealift {

std::chrono::microseconds Delayer::next() {
  const auto span = static_cast<quint64>((delay_.longest - delay_.shortest).count());
  // Not std::uniform_int_distribution: its sequence differs between standard libraries.
  return delay_.shortest + std::chrono::microseconds(static_cast<qint64>(random_() % (span + 1)));
}

Status Delayer::hold(const Deadline& deadline, const CancelToken& cancel) {
  const auto until = std::chrono::steady_clock::now() + next();
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) {
      return {};
    }
    if (deadline.passed()) {
      return deadline.timeout();
    }
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(20)));
  }
}

Result<QByteArray> DelayByteLink::read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  if (held_.isEmpty()) {
    SEALIFT_TRY(held_, inner_.read(maxBytes, deadline, cancel));
    SEALIFT_CHECK(delayer_.hold(deadline, cancel));
  }
  const QByteArray bytes = held_.left(maxBytes);
  held_.remove(0, bytes.size());
  return bytes;
}

Status DelayByteLink::write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(delayer_.hold(deadline, cancel));
  return inner_.write(bytes, deadline, cancel);
}

Status DelayByteLink::discardInput() {
  held_.clear();
  return inner_.discardInput();
}

Result<QByteArray> DelayDatagramLink::receive(const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray datagram, inner_.receive(deadline, cancel));
  SEALIFT_CHECK(delayer_.hold(deadline, cancel));
  return datagram;
}

Status DelayDatagramLink::send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(delayer_.hold(deadline, cancel));
  return inner_.send(datagram, deadline, cancel);
}

}  // namespace sealift
