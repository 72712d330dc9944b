#include "keystore/crypto/secret_bytes.h"

#include <openssl/crypto.h>

namespace sealift {

void zeroize(void* bytes, std::size_t size) {
  if (size > 0) {
    OPENSSL_cleanse(bytes, size);
  }
}

void zeroize(QByteArray& bytes) {
  if (bytes.isDetached()) {
    zeroize(bytes.data(), static_cast<std::size_t>(bytes.size()));
  }
  bytes.clear();
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    zeroize(bytes_.data(), bytes_.size());
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

SecretBytes::~SecretBytes() {
  zeroize(bytes_.data(), bytes_.size());
}

}  // namespace sealift
