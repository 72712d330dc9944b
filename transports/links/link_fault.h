// Ways in which a link damages what it carries. Seeded: the same seed damages the same bytes of
// the same traffic. On byte links the choice depends on a byte's position in its direction, never
// on how the operating system divided the stream.
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <limits>
#include <optional>
#include <random>

namespace sealift {

struct FaultPlan {
  quint64 seed = 1;
  quint32 perMillion = 0;                           // chance of a fault at each byte (byte link) or datagram
  std::optional<qint64> at = std::nullopt;          // and one fault for certain at this byte or datagram, from 0
  qint64 atMost = std::numeric_limits<int>::max();  // then no more faults
  bool whenSending = true;
  bool whenReceiving = true;
};

// One direction of a faulty link.
class LinkFault {
 public:
  explicit LinkFault(const FaultPlan& plan) : plan_(plan), random_(plan.seed) {}
  virtual ~LinkFault() = default;

  // What remains of the next bytes of the stream.
  virtual QByteArray damageBytes(QByteArrayView bytes) = 0;
  // What remains of the next datagram; nothing when it is lost.
  virtual std::optional<QByteArray> damageDatagram(QByteArrayView datagram) = 0;
  qint64 faults() const { return faults_; }

 protected:
  bool hitsNext();                                           // decides on the next byte or datagram
  quint64 draw(quint64 below) { return random_() % below; }  // below > 0

 private:
  FaultPlan plan_;
  std::mt19937_64 random_;
  qint64 position_ = 0;
  qint64 faults_ = 0;
};

// Flips one bit of the byte (of one byte of the datagram).
class CorruptingFault final : public LinkFault {
 public:
  using LinkFault::LinkFault;
  QByteArray damageBytes(QByteArrayView bytes) override;
  std::optional<QByteArray> damageDatagram(QByteArrayView datagram) override;
};

// Loses a run of up to 64 bytes (the end of the datagram).
class TruncatingFault final : public LinkFault {
 public:
  using LinkFault::LinkFault;
  QByteArray damageBytes(QByteArrayView bytes) override;
  std::optional<QByteArray> damageDatagram(QByteArrayView datagram) override;

 private:
  quint64 losing_ = 0;  // bytes of the run that are still to be lost
};

// Loses the byte (the whole datagram).
class DroppingFault final : public LinkFault {
 public:
  using LinkFault::LinkFault;
  QByteArray damageBytes(QByteArrayView bytes) override;
  std::optional<QByteArray> damageDatagram(QByteArrayView datagram) override;
};

}  // namespace sealift
