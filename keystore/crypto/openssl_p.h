// What only the .cpp files of keystore share: owners of OpenSSL's objects and how a scheme is set up.
#pragma once

#include "keystore/crypto/digest.h"
#include "keystore/crypto/public_key.h"

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <optional>

namespace sealift::openssl {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

inline const unsigned char* data(QByteArrayView view) {
  return reinterpret_cast<const unsigned char*>(view.data());
}
inline std::size_t size(QByteArrayView view) {
  return static_cast<std::size_t>(view.size());
}

// Type and parameters, or nothing when Sealift doesn't take such keys.
struct KeyKind {
  KeyType type;
  int bits;
};
Result<KeyKind> examineKey(const EVP_PKEY* key);

// OpenSSL's queue of errors is per thread: emptied after a failure, its newest reason goes into the message.
tl::unexpected<Error> failure(ErrorCode code, const QString& what);

// CryptoKey unless the scheme works with keys of this type.
Status requireMatch(SignatureScheme scheme, const PublicKey& key);
std::optional<DigestAlgorithm> digestOf(SignatureScheme scheme);  // nothing for Ed25519
const EVP_MD* evpDigestOf(SignatureScheme scheme);                // null for Ed25519

enum class Use { Sign, Verify };
// Padding, MGF1 hash and salt length of RSA schemes; nothing to do for others.
bool setPadding(EVP_PKEY_CTX* context, SignatureScheme scheme, Use use);

}  // namespace sealift::openssl
