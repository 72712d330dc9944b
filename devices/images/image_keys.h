// The public keys that may sign images.
#pragma once

#include "app/base/result.h"
#include "keystore/crypto/public_key.h"

#include <QByteArray>
#include <QList>

#include <vector>

namespace sealift {

// From PEM. Errors: CryptoKey when one of them can't be read; ImageUnknownKey when there is none.
Result<std::vector<PublicKey>> readImageKeys(const QList<QByteArray>& pemKeys);

// The bytes that stand for a key in MCUboot images: RSAPublicKey (RFC 8017, A.1.1) for RSA,
// SubjectPublicKeyInfo for all others. Source: MCUboot, scripts/imgtool/keys, get_public_bytes().
QByteArray imageKeyBytes(const PublicKey& key);

}  // namespace sealift
