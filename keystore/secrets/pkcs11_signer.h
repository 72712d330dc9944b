// Signs with a private key in a PKCS#11 token (OASIS PKCS #11 2.40, and 3.0 for Ed25519). One thread at a time.
//
// A token may be pulled out at any time. The signature that notices says KeyAbsent; the next one looks for the same
// token and key again and asks for the PIN again. Another key in its place is an error, never used.
#pragma once

#include "keystore/secrets/open_signer.h"

namespace sealift {

class Pkcs11Signer final : public Signer {
 public:
  // See openSigner and createKey. NotSupported when this build has no PKCS#11.
  static Result<std::unique_ptr<Signer>> open(const Pkcs11Uri& uri, PinSource& pins);
  static Result<std::unique_ptr<Signer>> create(const Pkcs11Uri& uri, const KeyWanted& wanted, PinSource& pins);

  const PublicKey& publicKey() const override { return publicKey_; }
  Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message) override;
  ~Pkcs11Signer() override;

 private:
  struct Opened;  // a session, logged in, and the key's handle in it
  Pkcs11Signer(Pkcs11Uri uri, PinSource& pins, std::unique_ptr<Opened> opened, PublicKey publicKey);
  static Result<std::unique_ptr<Opened>> openKey(const Pkcs11Uri& uri, PinSource& pins);
  Status reopen();
  Result<QByteArray> signInToken(SignatureScheme scheme, QByteArrayView input);

  Pkcs11Uri uri_;
  PinSource& pins_;
  std::unique_ptr<Opened> opened_;  // null after the token went away
  PublicKey publicKey_;
};

}  // namespace sealift
