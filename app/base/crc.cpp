#include "app/base/crc.h"

#include <array>

namespace sealift {
namespace {

constexpr std::array<std::uint16_t, 256> makeTable16() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i << 8;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 0x8000U) != 0 ? (value << 1) ^ 0x1021U : value << 1;
    }
    table[i] = static_cast<std::uint16_t>(value & 0xFFFFU);
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> makeTable32() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? (value >> 1) ^ 0xEDB88320U : value >> 1;
    }
    table[i] = value;
  }
  return table;
}

constexpr auto kTable16 = makeTable16();
constexpr auto kTable32 = makeTable32();

}  // namespace

std::uint16_t crc16Xmodem(QByteArrayView bytes, std::uint16_t start) {
  std::uint32_t crc = start;
  for (const char c : bytes) {
    crc = ((crc << 8) ^ kTable16[((crc >> 8) ^ static_cast<std::uint8_t>(c)) & 0xFFU]) & 0xFFFFU;
  }
  return static_cast<std::uint16_t>(crc);
}

std::uint32_t crc32(QByteArrayView bytes, std::uint32_t start) {
  std::uint32_t crc = ~start;
  for (const char c : bytes) {
    crc = (crc >> 8) ^ kTable32[(crc ^ static_cast<std::uint8_t>(c)) & 0xFFU];
  }
  return ~crc;
}

}  // namespace sealift
