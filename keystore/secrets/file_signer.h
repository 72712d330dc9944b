// A key in a PEM file that only its owner may read (0600). One thread at a time.
#pragma once

#include "keystore/crypto/private_key.h"
#include "keystore/secrets/signer.h"

#include <memory>

namespace sealift {

class FileSigner final : public Signer {
 public:
  explicit FileSigner(PrivateKey key) : key_(std::move(key)) {}

  // FileRead; KeyPin when its passphrase is wrong or missing; CryptoKey when the file is damaged or of another type,
  // or others than its owner may read or change it: such a key is not a secret any more.
  static Result<std::unique_ptr<FileSigner>> load(const QString& path, const SecretBytes& passphrase = {});
  // A new key, written first. AlreadyExists rather than replacing a key.
  static Result<std::unique_ptr<FileSigner>> create(const QString& path, KeyType type,
                                                    const SecretBytes& passphrase = {}, int rsaBits = 3072);

  const PublicKey& publicKey() const override { return key_.publicKey(); }
  Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message) override {
    return key_.sign(scheme, message);
  }

 private:
  PrivateKey key_;
};

// The station's Ed25519 key at `path`, made when there is none. A file that can't be used is an error and stays
// as it is: a station never changes its identity by itself.
Result<std::unique_ptr<Signer>> loadOrCreateStationKey(const QString& path);

}  // namespace sealift
