// Links that hold every message for a while in each direction: a far or slow device.
// The delay of each message lies between `shortest` and `longest`, drawn from a seeded generator.
// A caller's own thread does the waiting, so messages in flight wait one after another; to measure
// throughput over a delayed network, use the relay in tests/support instead.
#pragma once

#include "transports/links/link.h"

#include <chrono>
#include <random>

namespace sealift {

struct LinkDelay {
  std::chrono::microseconds shortest{0};
  std::chrono::microseconds longest{0};
  quint64 seed = 1;
};

// Waits out the delays; shared by both kinds of link.
class Delayer {
 public:
  explicit Delayer(const LinkDelay& delay) : delay_(delay), random_(delay.seed) {}
  std::chrono::microseconds next();  // the next delay of the sequence
  Status hold(const Deadline& deadline, const CancelToken& cancel);

 private:
  LinkDelay delay_;
  std::mt19937_64 random_;
};

class DelayByteLink final : public ByteLink {
 public:
  DelayByteLink(ByteLink& inner, const LinkDelay& delay) : inner_(inner), delayer_(delay) {}

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status discardInput() override;
  QString description() const override { return inner_.description() + QStringLiteral(", delayed"); }
  ModemLines* modemLines() override { return inner_.modemLines(); }

 private:
  ByteLink& inner_;
  Delayer delayer_;
  QByteArray held_;  // came in, but its delay was cut short by the deadline
};

class DelayDatagramLink final : public DatagramLink {
 public:
  DelayDatagramLink(DatagramLink& inner, const LinkDelay& delay) : inner_(inner), delayer_(delay) {}

  // A datagram that is still held at the deadline is lost.
  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override;
  Status send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) override;
  qsizetype maxDatagram() const override { return inner_.maxDatagram(); }
  QString description() const override { return inner_.description() + QStringLiteral(", delayed"); }

 private:
  DatagramLink& inner_;
  Delayer delayer_;
};

}  // namespace sealift
