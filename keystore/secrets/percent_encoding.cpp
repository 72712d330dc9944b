#include "keystore/secrets/percent_encoding.h"

#include <QStringDecoder>

namespace sealift {

namespace {

bool isUnreserved(char16_t c) {
  return (c >= u'A' && c <= u'Z') || (c >= u'a' && c <= u'z') || (c >= u'0' && c <= u'9') || c == u'-' || c == u'.' ||
         c == u'_' || c == u'~';
}

bool stands(char16_t c, QLatin1String allowed, QLatin1String alsoAllowed) {
  return isUnreserved(c) || allowed.contains(QChar(c)) || alsoAllowed.contains(QChar(c));
}

int hexDigit(char16_t c) {
  if (c >= u'0' && c <= u'9') {
    return c - u'0';
  }
  if (c >= u'a' && c <= u'f') {
    return c - u'a' + 10;
  }
  return c >= u'A' && c <= u'F' ? c - u'A' + 10 : -1;
}

void appendEscape(QString& text, char byte) {
  constexpr char16_t kDigits[] = u"0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  text += u'%';
  text += kDigits[value >> 4];
  text += kDigits[value & 0x0F];
}

}  // namespace

std::optional<QByteArray> percentDecode(QStringView text, QLatin1String allowed, QLatin1String alsoAllowed) {
  QByteArray bytes;
  bytes.reserve(text.size());
  for (qsizetype i = 0; i < text.size(); ++i) {
    const char16_t c = text[i].unicode();
    if (c == u'%') {
      const int high = i + 2 < text.size() ? hexDigit(text[i + 1].unicode()) : -1;
      const int low = i + 2 < text.size() ? hexDigit(text[i + 2].unicode()) : -1;
      if (high < 0 || low < 0) {
        return std::nullopt;
      }
      bytes += static_cast<char>(high * 16 + low);
      i += 2;
    } else if (stands(c, allowed, alsoAllowed)) {
      bytes += static_cast<char>(c);
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

QString percentEncode(QByteArrayView bytes, QLatin1String allowed, QLatin1String alsoAllowed) {
  QString text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x80 && stands(value, allowed, alsoAllowed)) {
      text += QLatin1Char(byte);
    } else {
      appendEscape(text, byte);
    }
  }
  return text;
}

QString percentEncodeAll(QByteArrayView bytes) {
  QString text;
  for (const char byte : bytes) {
    appendEscape(text, byte);
  }
  return text;
}

std::optional<QString> strictUtf8(const QByteArray& bytes) {
  QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
  QString text = decoder(bytes);
  if (decoder.hasError() || bytes.contains('\0')) {
    return std::nullopt;
  }
  return text;
}

}  // namespace sealift
