// Hexadecimal numbers: as protocols and archives write them in ASCII, and as people read addresses.
#pragma once

#include <QByteArrayView>
#include <QString>

#include <optional>

namespace sealift {

// One to eight hexadecimal digits of either case and nothing else: no sign, no prefix, no blank.
inline std::optional<quint32> parseHex(QByteArrayView digits) {
  constexpr qsizetype kMostDigits = 8;
  if (digits.isEmpty() || digits.size() > kMostDigits) {
    return std::nullopt;
  }
  quint32 value = 0;
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) {
      return std::nullopt;
    }
    value = (value << 4) | static_cast<quint32>(digit);
  }
  return value;
}

// "0x08000000": eight digits, or more where they are needed.
inline QString hexAddress(quint64 address) {
  return QStringLiteral("0x%1").arg(address, 8, 16, QLatin1Char('0'));
}

}  // namespace sealift
