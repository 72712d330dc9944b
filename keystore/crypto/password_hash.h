// What a password is checked against: scrypt (RFC 7914) with a salt of its own, as one line of text
// "scrypt$N$r$p$SALT$HASH" with salt and hash in hex. Any thread; takes some tenths of a second and 32 MB by design.
#pragma once

#include "app/base/result.h"
#include "keystore/crypto/secret_bytes.h"

#include <QString>

namespace sealift {

// RFC 7914 section 2. The default is one of those that OWASP's Password Storage Cheat Sheet names as equal in strength.
struct ScryptCost {
  quint64 n = quint64{1} << 15;
  quint32 r = 8;
  quint32 p = 3;
};

Result<QString> hashPassword(const SecretBytes& password, const ScryptCost& cost = {});
// In constant time once the hash is there. CryptoKey when `stored` isn't such a line, or asks for more than is sane.
Result<bool> checkPassword(const SecretBytes& password, const QString& stored);

}  // namespace sealift
