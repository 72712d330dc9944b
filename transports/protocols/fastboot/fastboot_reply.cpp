#include "transports/protocols/fastboot/fastboot_reply.h"

#include "app/base/hex_number.h"

#include <algorithm>
#include <optional>

namespace sealift {
namespace {

constexpr qsizetype kKindBytes = 4;
constexpr qsizetype kSizeDigits = 8;  // DATA and the size in hexadecimal: "12 bytes long"

tl::unexpected<Error> malformed(QByteArrayView packet) {
  constexpr qsizetype kShown = 32;
  return fail(ErrorCode::ProtocolMalformed,
              QStringLiteral("The device answered %1 bytes that are no fastboot reply: \"%2\".")
                  .arg(packet.size())
                  .arg(fastbootText(packet.first(std::min(packet.size(), kShown)))));
}

std::optional<quint32> parseSize(QByteArrayView digits) {
  return digits.size() == kSizeDigits ? parseHex(digits) : std::nullopt;
}

}  // namespace

Result<FastbootReply> FastbootReply::parse(QByteArrayView packet) {
  if (packet.size() < kKindBytes || packet.size() > kFastbootMaxReply) {
    return malformed(packet);
  }
  const QByteArrayView kind = packet.first(kKindBytes);
  const QByteArrayView rest = packet.sliced(kKindBytes);
  if (kind == "DATA") {
    const std::optional<quint32> size = parseSize(rest);
    if (!size) {
      return malformed(packet);
    }
    return FastbootReply{Kind::Data, {}, *size};
  }
  if (kind == "OKAY") {
    return FastbootReply{Kind::Okay, rest.toByteArray(), 0};
  }
  if (kind == "FAIL") {
    return FastbootReply{Kind::Fail, rest.toByteArray(), 0};
  }
  if (kind == "INFO") {
    return FastbootReply{Kind::Info, rest.toByteArray(), 0};
  }
  if (kind == "TEXT") {
    return FastbootReply{Kind::Text, rest.toByteArray(), 0};
  }
  return malformed(packet);
}

QString fastbootText(QByteArrayView bytes) {
  QString text;
  for (const char c : bytes) {
    if (c == '\0') {
      break;
    }
    const bool isSpace = c == '\t' || c == '\n' || c == '\r';
    text += QLatin1Char(isSpace ? ' ' : c >= ' ' && c <= '~' ? c : '?');
  }
  return text.trimmed();
}

}  // namespace sealift
