#include "keystore/crypto/signature_scheme.h"

namespace sealift {

QString signatureSchemeName(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::Ed25519:
      return QStringLiteral("Ed25519");
    case SignatureScheme::EcdsaP256Sha256:
      return QStringLiteral("ECDSA P-256 with SHA-256");
    case SignatureScheme::EcdsaP384Sha384:
      return QStringLiteral("ECDSA P-384 with SHA-384");
    case SignatureScheme::RsaPssSha256:
      return QStringLiteral("RSA-PSS with SHA-256");
    case SignatureScheme::RsaPssSha384:
      return QStringLiteral("RSA-PSS with SHA-384");
    case SignatureScheme::RsaPssSha512:
      return QStringLiteral("RSA-PSS with SHA-512");
    case SignatureScheme::RsaPkcs1v15Sha256:
      return QStringLiteral("RSA PKCS#1 v1.5 with SHA-256");
    case SignatureScheme::RsaPkcs1v15Sha384:
      return QStringLiteral("RSA PKCS#1 v1.5 with SHA-384");
    case SignatureScheme::RsaPkcs1v15Sha512:
      return QStringLiteral("RSA PKCS#1 v1.5 with SHA-512");
  }
  return {};
}

SignatureScheme usualSchemeOf(KeyType type) {
  switch (type) {
    case KeyType::EcP256:
      return SignatureScheme::EcdsaP256Sha256;
    case KeyType::EcP384:
      return SignatureScheme::EcdsaP384Sha384;
    case KeyType::Rsa:
      return SignatureScheme::RsaPssSha256;
    case KeyType::Ed25519:
      break;
  }
  return SignatureScheme::Ed25519;
}

KeyType keyTypeOf(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::Ed25519:
      return KeyType::Ed25519;
    case SignatureScheme::EcdsaP256Sha256:
      return KeyType::EcP256;
    case SignatureScheme::EcdsaP384Sha384:
      return KeyType::EcP384;
    case SignatureScheme::RsaPssSha256:
    case SignatureScheme::RsaPssSha384:
    case SignatureScheme::RsaPssSha512:
    case SignatureScheme::RsaPkcs1v15Sha256:
    case SignatureScheme::RsaPkcs1v15Sha384:
    case SignatureScheme::RsaPkcs1v15Sha512:
      break;
  }
  return KeyType::Rsa;
}

}  // namespace sealift
