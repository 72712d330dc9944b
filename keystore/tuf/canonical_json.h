// OLPC canonical JSON (http://wiki.laptop.org/go/Canonical_JSON), over which TUF signatures are made
// (TUF 1.0, 4.2): keys sorted, no blanks, text as it is in UTF-8 with only quote and backslash escaped.
// It is a form to sign, not to store: text with control characters in it is not JSON any more.
#pragma once

#include "keystore/tuf/strict_json.h"

namespace sealift::tuf {

// `value` holds no floating point numbers (parseStrictJson and fromQtJson see to that).
QByteArray canonicalJson(const Json& value);

}  // namespace sealift::tuf
