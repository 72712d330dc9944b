// An OpenSSL key whose private operation is a Signer's: what TLS, certificates and CMP need to use a key that can't be
// exported.
// It belongs to a small provider of our own (signer_provider.cpp) in a library context of its own, so that nothing
// else in the process can meet it by chance.
#pragma once

#include "keystore/secrets/signer.h"

#include <memory>
#include <mutex>
#include <optional>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace sealift {

// What the OpenSSL key and its owner share. Handshakes run in any thread; a Signer in one at a time.
class SharedSigner {
 public:
  explicit SharedSigner(std::shared_ptr<Signer> signer) : signer_(std::move(signer)) {}

  const PublicKey& publicKey() const { return signer_->publicKey(); }
  Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message);
  std::optional<Error> lastError() const;

 private:
  std::shared_ptr<Signer> signer_;
  mutable std::mutex mutex_;
  std::optional<Error> lastError_;
};

// The key type's name in OpenSSL is its usual one ("RSA", "EC", "ED25519"). CryptoFailure.
Result<std::shared_ptr<evp_pkey_st>> makeSignerKey(const std::shared_ptr<SharedSigner>& signer);
// The same in an EVP_PKEY that exists and is still empty.
Status fillSignerKey(evp_pkey_st* key, const std::shared_ptr<SharedSigner>& signer);

}  // namespace sealift
