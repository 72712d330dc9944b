// JSON (RFC 8259) from outside, read without exceptions and without mercy. Refused, because different readers
// make different things of them: duplicate keys, bytes that are not UTF-8, lone surrogates, a byte order mark,
// anything after the value; and because canonical JSON has no form for them: numbers with a fraction or an
// exponent, NaN, and integers beyond 64 bits. Nesting is limited.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QJsonObject>

#include <nlohmann/json.hpp>

namespace sealift::tuf {

using Json = nlohmann::json;  // objects are sorted by the bytes of their keys

constexpr int kMostJsonDepth = 64;

// TrustMalformed, saying where. The caller limits the length.
Result<Json> parseStrictJson(QByteArrayView bytes);

// Between JSON of metadata and Qt's, for `custom`. To Qt: `object` holds no floating point numbers.
QJsonObject toQtJson(const Json& object);
// InvalidArgument where Qt's JSON holds a fraction or text that is not valid UTF-16.
Result<Json> fromQtJson(const QJsonObject& object);

inline QString toQString(const std::string& text) {
  return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

}  // namespace sealift::tuf
