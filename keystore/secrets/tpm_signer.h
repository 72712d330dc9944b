// Signs with a key that only one TPM 2.0 can use (through tpm2-openssl). The file of such a key holds it wrapped: of
// no use with another TPM. One thread at a time; calls wait for the TPM as long as its driver does.
//
// When the connection breaks the signature that notices says KeyAbsent; the next one connects again.
#pragma once

#include "keystore/crypto/secret_bytes.h"
#include "keystore/secrets/open_signer.h"

namespace sealift {

class TpmSigner final : public Signer {
 public:
  // See openSigner and createKey. TPMs have P-256, most P-384 and RSA-2048; none has Ed25519 (NotSupported).
  static Result<std::unique_ptr<Signer>> open(const TpmKeyAddress& address, PinSource& pins);
  static Result<std::unique_ptr<Signer>> create(const TpmKeyAddress& address, const KeyWanted& wanted, PinSource& pins);

  const PublicKey& publicKey() const override { return publicKey_; }
  Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message) override;
  ~TpmSigner() override;

 private:
  struct Opened;  // the TPM's context and the key loaded in it
  TpmSigner(TpmKeyAddress address, SecretBytes authorization, std::unique_ptr<Opened> opened, PublicKey publicKey);
  static Result<std::unique_ptr<Opened>> load(const TpmKeyAddress& address, SecretBytes& authorization);
  static Result<std::unique_ptr<Signer>> openWith(const TpmKeyAddress& address, const SecretBytes& value);
  Status reload();
  Result<QByteArray> signInTpm(SignatureScheme scheme, QByteArrayView digest);

  TpmKeyAddress address_;
  SecretBytes authorization_;  // the TPM wants it for each signature
  std::unique_ptr<Opened> opened_;
  PublicKey publicKey_;
};

}  // namespace sealift
