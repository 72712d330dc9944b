// A public key that passed the checks of its type: P-256 and P-384 points lie on their curve, RSA moduli have
// 2048 to 8192 bits. Immutable and cheap to copy; any thread.
//
// Two different things can go wrong when verifying, and callers must be able to tell them apart:
//   ImageSignatureInvalid  the key is fine and the signature is not its signature of this message;
//   CryptoKey              key and scheme don't belong together, or the key can't be used at all;
// (CryptoFailure: OpenSSL itself failed.)
#pragma once

#include "keystore/crypto/signature_scheme.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <memory>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace sealift {

class PublicKey {
 public:
  // SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) in PEM ("BEGIN PUBLIC KEY", one and nothing after it but blanks).
  static Result<PublicKey> fromPem(QByteArrayView pem);
  static Result<PublicKey> fromDer(QByteArrayView subjectPublicKeyInfo);
  static Result<PublicKey> fromRawEd25519(QByteArrayView bytes);           // 32 bytes (RFC 8032, 5.1.5)
  static Result<PublicKey> fromUncompressedEcPoint(QByteArrayView bytes);  // 04 X Y (SEC 1, 2.3.3): 65 or 97 bytes
  // Unsigned, most significant byte first (RFC 8017, 4.1).
  static Result<PublicKey> fromRsaNumbers(QByteArrayView modulus, QByteArrayView exponent);
  // The key that an X.509 certificate (DER) is about. Nothing else of the certificate is looked at.
  static Result<PublicKey> fromCertificate(QByteArrayView der);

  KeyType type() const;
  int bits() const;          // RSA: of the modulus; otherwise of the curve (255, 256, 384)
  QString typeName() const;  // "Ed25519", "ECDSA P-256", "ECDSA P-384", "RSA-3072"
  QByteArray toPem() const;
  QByteArray toDer() const;       // SubjectPublicKeyInfo
  QByteArray rawEd25519() const;  // 32 bytes; empty for other types
  QString keyId() const;          // hex SHA-256 of toDer()
  bool operator==(const PublicKey& other) const { return toDer() == other.toDer(); }

  Status verify(SignatureScheme scheme, QByteArrayView message, QByteArrayView signature) const;
  // For formats that hand over the digest of what was signed (raw bytes, of the scheme's own hash).
  // Ed25519 has no prehash here: the digest is the message, as MCUboot does it.
  Status verifyDigest(SignatureScheme scheme, QByteArrayView digest, QByteArrayView signature) const;

 private:
  friend class PrivateKey;
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key, QByteArray der) : key_(std::move(key)), der_(std::move(der)) {}
  static Result<PublicKey> adopt(evp_pkey_st* key);
  template <class Describe>
  static Result<PublicKey> adoptFrom(const char* openSslName, Describe describe);

  std::shared_ptr<evp_pkey_st> key_;
  QByteArray der_;
};

}  // namespace sealift
