// Percent-encoding (RFC 3986, 2.1) with the sets of characters that key addresses allow.
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QLatin1String>
#include <QString>
#include <QStringView>

#include <optional>

namespace sealift {

// Nothing when a character is neither unreserved (RFC 3986, 2.3) nor in one of the sets, or an escape is incomplete.
std::optional<QByteArray> percentDecode(QStringView text, QLatin1String allowed, QLatin1String alsoAllowed = {});
QString percentEncode(QByteArrayView bytes, QLatin1String allowed, QLatin1String alsoAllowed = {});
QString percentEncodeAll(QByteArrayView bytes);  // every byte as %XX
// Nothing when the bytes are not valid UTF-8 (RFC 3629) or hold a NUL.
std::optional<QString> strictUtf8(const QByteArray& bytes);

}  // namespace sealift
