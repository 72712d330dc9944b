// SMP packets: the 8-byte header of Zephyr's "SMP Protocol Specification", section
// "Frame: The envelope", in versions 1 (legacy) and 2, with a CBOR map as body.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QCborMap>

#include <cstdint>

namespace sealift {

// mcumgr_op_t: a response's operation is its request's plus one.
enum class SmpOp : std::uint8_t { Read = 0, ReadResponse = 1, Write = 2, WriteResponse = 3 };

// The field "Ver" of the header: 0b00 is version 1, 0b01 is version 2; the other two values are reserved.
enum class SmpVersion : std::uint8_t { V1 = 0, V2 = 1 };

struct SmpHeader {
  SmpOp op = SmpOp::Read;
  SmpVersion version = SmpVersion::V2;
  std::uint16_t group = 0;
  std::uint8_t sequence = 0;
  std::uint8_t command = 0;

  bool operator==(const SmpHeader&) const = default;
};

struct SmpMessage {
  SmpHeader header;
  QCborMap body;
};

inline constexpr qsizetype kSmpHeaderSize = 8;
// Longest packet that is read: the console framing's 16-bit length is the widest any transport can say.
inline constexpr qsizetype kSmpMaxPacket = 65535;

// A packet as it goes over a transport. The body's CBOR must be at most 65,527 bytes long (ours are far below).
QByteArray encodeSmpMessage(const SmpMessage& message);

// A packet that came in. ProtocolMalformed when it is cut short, has bytes left over, a reserved version, or a body
// that decodeSmpBody refuses.
Result<SmpMessage> decodeSmpMessage(QByteArrayView packet);

}  // namespace sealift
