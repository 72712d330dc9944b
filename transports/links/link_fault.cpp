#include "transports/links/link_fault.h"

namespace sealift {
namespace {

constexpr quint64 kMaxRun = 64;

}  // namespace

bool LinkFault::hitsNext() {
  // Drawn for every position, so that `at` and `atMost` don't shift the choice for later ones.
  const bool chosen = draw(1'000'000) < plan_.perMillion;
  const bool certain = plan_.at == position_;
  ++position_;
  if ((!chosen && !certain) || faults_ >= plan_.atMost) {
    return false;
  }
  ++faults_;
  return true;
}

QByteArray CorruptingFault::damageBytes(QByteArrayView bytes) {
  QByteArray damaged = bytes.toByteArray();
  for (char& c : damaged) {
    if (hitsNext()) {
      c = static_cast<char>(static_cast<unsigned char>(c) ^ (1U << draw(8)));
    }
  }
  return damaged;
}

std::optional<QByteArray> CorruptingFault::damageDatagram(QByteArrayView datagram) {
  QByteArray damaged = datagram.toByteArray();
  if (hitsNext() && !damaged.isEmpty()) {
    char& c = damaged[static_cast<qsizetype>(draw(static_cast<quint64>(damaged.size())))];
    c = static_cast<char>(static_cast<unsigned char>(c) ^ (1U << draw(8)));
  }
  return damaged;
}

QByteArray TruncatingFault::damageBytes(QByteArrayView bytes) {
  QByteArray rest;
  rest.reserve(bytes.size());
  for (const char c : bytes) {
    if (hitsNext()) {
      losing_ = 1 + draw(kMaxRun);
    }
    if (losing_ > 0) {
      --losing_;
    } else {
      rest.append(c);
    }
  }
  return rest;
}

std::optional<QByteArray> TruncatingFault::damageDatagram(QByteArrayView datagram) {
  if (!hitsNext() || datagram.isEmpty()) {
    return datagram.toByteArray();
  }
  return datagram.first(static_cast<qsizetype>(draw(static_cast<quint64>(datagram.size())))).toByteArray();
}

QByteArray DroppingFault::damageBytes(QByteArrayView bytes) {
  QByteArray rest;
  rest.reserve(bytes.size());
  for (const char c : bytes) {
    if (!hitsNext()) {
      rest.append(c);
    }
  }
  return rest;
}

std::optional<QByteArray> DroppingFault::damageDatagram(QByteArrayView datagram) {
  return hitsNext() ? std::nullopt : std::optional(datagram.toByteArray());
}

}  // namespace sealift
