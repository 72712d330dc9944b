// Which algorithm, with which hash and padding, made a signature.
#pragma once

#include "app/base/result.h"

#include <QString>

namespace sealift {

enum class SignatureScheme {
  Ed25519,            // RFC 8032, 64 bytes; pure: the message itself is signed
  EcdsaP256Sha256,    // FIPS 186-5; DER Ecdsa-Sig-Value (RFC 3279, 2.2.3)
  EcdsaP384Sha384,    // the same with P-384
  RsaPssSha256,       // RFC 8017, 8.1; MGF1 with the same hash; salt as long as the digest when signing,
  RsaPssSha384,       //   of any length when verifying: signers differ and the salt's length adds no strength
  RsaPssSha512,       //   that a verifier could demand afterwards
  RsaPkcs1v15Sha256,  // RFC 8017, 8.2; the three are what FIT images use
  RsaPkcs1v15Sha384,
  RsaPkcs1v15Sha512
};

enum class KeyType { Ed25519, EcP256, EcP384, Rsa };

QString signatureSchemeName(SignatureScheme scheme);  // for people, e.g. "ECDSA P-256 with SHA-256"
SignatureScheme usualSchemeOf(KeyType type);          // for what Sealift signs itself: RSA as PSS with SHA-256
KeyType keyTypeOf(SignatureScheme scheme);            // the only type of key that the scheme works with

}  // namespace sealift
