// Whoever can sign with a key that it may never show: a file, the OS keychain, a PKCS#11 token or a TPM stands behind
// it (open_signer.h), so nothing may assume that a key can be exported.
#pragma once

#include "keystore/crypto/public_key.h"

#include <QByteArray>
#include <QByteArrayView>

namespace sealift {

class Signer {
 public:
  virtual ~Signer() = default;

  virtual const PublicKey& publicKey() const = 0;
  // Errors: CryptoKey when scheme and key don't belong together; whatever the key's keeper reports.
  virtual Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message) = 0;
};

}  // namespace sealift
