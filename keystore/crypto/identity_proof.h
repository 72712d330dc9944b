// The proof that a device has the private key of its certificate: a signature over what both sides made up just now.
//
// This is the one place that says what is signed:
//
//   "sealift-identity-v1"   19 bytes of ASCII
//   00                       1 byte
//   device nonce            32 bytes, random, made by the device for this very signature
//   station nonce           32 bytes, random, made by the station for this very challenge
//
// P-256 keys sign it by ECDSA with SHA-256 (FIPS 186-5; DER Ecdsa-Sig-Value), Ed25519 keys as it is (RFC 8032, pure).
// The words in front are a context (as in RFC 8446, 4.4.3): no certificate, request or TLS handshake begins with them,
// so that the signature is good for nothing else, and none made for another purpose passes here. The station's nonce
// keeps old signatures out; the device's keeps the station from choosing what the key signs. All parts have fixed
// lengths. What it does not show is how far away the key is: a go-between can hand on challenge and answer.
#pragma once

#include "keystore/crypto/public_key.h"

#include <QByteArray>

namespace sealift {

inline constexpr char kIdentityContext[] = "sealift-identity-v1";
inline constexpr qsizetype kIdentityNonceBytes = 32;

// InvalidArgument unless both nonces have their length.
Result<QByteArray> identityMessage(QByteArrayView deviceNonce, QByteArrayView stationNonce);

// A station's question to one device, good for one answer.
class IdentityChallenge {
 public:
  static Result<IdentityChallenge> make();  // CryptoFailure
  const QByteArray& nonce() const { return nonce_; }

  // The first answer decides: whatever it is, the challenge is used up, and every later one is refused.
  // IdentityNotProven: not the key's signature of this challenge. CryptoKey: a key that proves no identity (RSA).
  Status check(const PublicKey& key, QByteArrayView deviceNonce, QByteArrayView signature);

 private:
  explicit IdentityChallenge(QByteArray nonce) : nonce_(std::move(nonce)) {}

  QByteArray nonce_;
  bool isUsed_ = false;
};

}  // namespace sealift
