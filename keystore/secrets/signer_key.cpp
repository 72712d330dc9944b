#include "keystore/secrets/signer_key.h"

#include "keystore/crypto/openssl_p.h"
#include "keystore/secrets/signer_provider.h"

#include <openssl/params.h>
#include <openssl/provider.h>

namespace sealift {

namespace {

// Made once and kept to the end of the process: keys of it may be in use in any thread until then.
OSSL_LIB_CTX* signerContext() {
  static OSSL_LIB_CTX* const context = []() -> OSSL_LIB_CTX* {
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    if (made != nullptr && OSSL_PROVIDER_add_builtin(made, "sealift", initSignerProvider) == 1 &&
        OSSL_PROVIDER_load(made, "sealift") != nullptr) {
      return made;
    }
    OSSL_LIB_CTX_free(made);
    return nullptr;
  }();
  return context;
}

const char* openSslName(KeyType type) {
  switch (type) {
    case KeyType::Ed25519:
      return "ED25519";
    case KeyType::EcP256:
    case KeyType::EcP384:
      return "EC";
    case KeyType::Rsa:
      break;
  }
  return "RSA";
}

}  // namespace

Result<QByteArray> SharedSigner::sign(SignatureScheme scheme, QByteArrayView message) {
  const std::lock_guard lock(mutex_);
  Result<QByteArray> signature = signer_->sign(scheme, message);
  lastError_ = signature ? std::nullopt : std::optional(signature.error());
  return signature;
}

std::optional<Error> SharedSigner::lastError() const {
  const std::lock_guard lock(mutex_);
  return lastError_;
}

Status fillSignerKey(evp_pkey_st* key, const std::shared_ptr<SharedSigner>& signer) {
  const void* address = &signer;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(kSignerParam, static_cast<void*>(&address), sizeof address),
                         OSSL_PARAM_construct_end()};
  OSSL_LIB_CTX* library = signerContext();
  const openssl::KeyContext context(
      library != nullptr ? EVP_PKEY_CTX_new_from_name(library, openSslName(signer->publicKey().type()), nullptr)
                         : nullptr);
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params) != 1) {
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("OpenSSL did not take the key for TLS."));
  }
  return {};
}

Result<std::shared_ptr<evp_pkey_st>> makeSignerKey(const std::shared_ptr<SharedSigner>& signer) {
  std::shared_ptr<evp_pkey_st> key(EVP_PKEY_new(), EVP_PKEY_free);
  SEALIFT_CHECK(fillSignerKey(key.get(), signer));
  return key;
}

}  // namespace sealift
