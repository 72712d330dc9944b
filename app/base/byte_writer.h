// Appends numbers to bytes, in the order that a format asks for: the counterpart of ByteReader.
#pragma once

#include <QByteArray>

#include <cstdint>

namespace sealift {

inline void appendLittle(QByteArray& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) {
    bytes.append(static_cast<char>((value >> (8 * i)) & 0xFFU));
  }
}
inline void appendLe16(QByteArray& bytes, std::uint16_t value) {
  appendLittle(bytes, value, 2);
}
inline void appendLe32(QByteArray& bytes, std::uint32_t value) {
  appendLittle(bytes, value, 4);
}

inline void appendBig(QByteArray& bytes, std::uint64_t value, int count) {
  for (int i = count; i-- > 0;) {
    bytes.append(static_cast<char>((value >> (8 * i)) & 0xFFU));
  }
}
inline void appendBe16(QByteArray& bytes, std::uint16_t value) {
  appendBig(bytes, value, 2);
}
inline void appendBe32(QByteArray& bytes, std::uint32_t value) {
  appendBig(bytes, value, 4);
}

}  // namespace sealift
