// A private key in this program's memory. OpenSSL zeroes its parts when the last owner lets go.
// Where a key may live in hardware instead, use Signer (keystore/secrets). Movable, not copyable; any one thread.
#pragma once

#include "keystore/crypto/public_key.h"
#include "keystore/crypto/secret_bytes.h"

namespace sealift {

class PrivateKey {
 public:
  // `rsaBits`: 2048, 3072 or 4096; ignored for other types.
  static Result<PrivateKey> generate(KeyType type, int rsaBits = 3072);
  // PKCS#8 (RFC 5958), encrypted or not, or the traditional forms of RFC 5915 and RFC 8017.
  // CryptoKey when damaged or of an unsupported type; KeyPin when the passphrase is missing or wrong.
  static Result<PrivateKey> fromPem(QByteArrayView pem, const SecretBytes& passphrase = {});

  // PKCS#8 in PEM; encrypted with AES-256-CBC under PBKDF2 when there is a passphrase.
  Result<SecretBytes> toPem(const SecretBytes& passphrase = {}) const;
  const PublicKey& publicKey() const { return publicKey_; }

  // The signature, in the form that SignatureScheme describes. CryptoKey when key and scheme don't belong together.
  Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message) const;
  // Over a digest that was computed elsewhere; see PublicKey::verifyDigest.
  Result<QByteArray> signDigest(SignatureScheme scheme, QByteArrayView digest) const;

  evp_pkey_st* openSslKey() const { return key_.get(); }  // borrowed, for keystore's own .cpp files

  PrivateKey(PrivateKey&&) noexcept = default;
  PrivateKey& operator=(PrivateKey&&) noexcept = default;
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;

 private:
  PrivateKey(std::shared_ptr<evp_pkey_st> key, PublicKey publicKey)
      : key_(std::move(key)), publicKey_(std::move(publicKey)) {}
  static Result<PrivateKey> adopt(evp_pkey_st* key);

  std::shared_ptr<evp_pkey_st> key_;
  PublicKey publicKey_;
};

}  // namespace sealift
