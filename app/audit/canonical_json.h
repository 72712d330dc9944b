// One way to write a JSON value, so that its bytes can be hashed: RFC 8785 (JSON Canonicalization Scheme) without
// its numbers with fractions. Object members are sorted by the UTF-16 code units of their names (section 3.2.3),
// strings escape only what must be (section 3.2.2.2), there is no white space, UTF-8.
// Never fails: a number that is not an integer becomes a string of its digits, an unpaired surrogate becomes U+FFFD.
#pragma once

#include <QByteArray>
#include <QJsonValue>
#include <QStringView>

namespace sealift {

QByteArray writeCanonicalJson(const QJsonValue& value);
void appendCanonicalJson(QByteArray& out, const QJsonValue& value);
void appendCanonicalJsonString(QByteArray& out, QStringView text);

}  // namespace sealift
