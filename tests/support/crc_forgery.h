// Why CRC-32 proves nothing against an attacker: four bytes give any data any checksum.
#pragma once

#include "app/base/crc.h"

#include <QByteArray>

#include <array>

namespace sealift::test {

// Overwrites the four bytes at `at` so that the CRC-32 of all becomes `wanted`.
inline QByteArray withCrc32(QByteArray bytes, qsizetype at, quint32 wanted) {
  std::array<quint32, 256> table{};
  for (quint32 i = 0; i < 256; ++i) {
    quint32 value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1) != 0 ? 0xEDB88320U ^ (value >> 1) : value >> 1;
    }
    table[i] = value;
  }
  // The register one byte earlier: the tables' highest bytes are all different.
  const auto before = [&table](quint32 state, quint8 byte) {
    quint32 index = 0;
    while (table[index] >> 24 != state >> 24) {
      ++index;
    }
    return ((state ^ table[index]) << 8) | (index ^ byte);
  };
  quint32 state = ~wanted;
  for (qsizetype i = bytes.size(); i-- > at + 4;) {
    state = before(state, static_cast<quint8>(bytes[i]));
  }
  for (int i = 0; i < 4; ++i) {
    state = before(state, 0);
  }
  const quint32 patch = state ^ ~crc32(QByteArrayView(bytes).first(at));
  for (int i = 0; i < 4; ++i) {
    bytes[at + i] = static_cast<char>((patch >> (8 * i)) & 0xFF);
  }
  return bytes;
}

}  // namespace sealift::test
