// The types of keys that people may ask for by name.
#pragma once

#include "app/base/result.h"
#include "keystore/crypto/signature_scheme.h"

#include <QString>

namespace sealift {

inline Result<KeyType> keyTypeFromName(const QString& name) {
  if (name == QLatin1String("ed25519")) {
    return KeyType::Ed25519;
  }
  if (name == QLatin1String("ecdsa-p256")) {
    return KeyType::EcP256;
  }
  if (name == QLatin1String("ecdsa-p384")) {
    return KeyType::EcP384;
  }
  if (name == QLatin1String("rsa-3072")) {
    return KeyType::Rsa;
  }
  return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is not a type of key.").arg(name),
              QStringLiteral("Use ed25519, ecdsa-p256, ecdsa-p384 or rsa-3072."));
}

}  // namespace sealift
