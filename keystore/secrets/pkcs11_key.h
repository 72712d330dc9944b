// Keys in a PKCS#11 token: finding, reading the public half, making, signing. Internal to this folder.
#pragma once

#include "keystore/crypto/public_key.h"
#include "keystore/secrets/open_signer.h"
#include "keystore/secrets/pkcs11_token.h"

namespace sealift {

struct Pkcs11PrivateKey {
  CK_OBJECT_HANDLE handle = 0;
  bool alwaysAuthenticate = false;
};

// The one private key that matches object and id. NotFound lists what the token has; several are InvalidArgument.
Result<Pkcs11PrivateKey> findPrivateKey(const Pkcs11Session& session, const Pkcs11Uri& uri);
// From the public key object with the same CKA_ID, the private key's own public attributes, or a certificate.
Result<PublicKey> readPublicKey(const Pkcs11Session& session, const Pkcs11PrivateKey& key);
// Made by the token, sensitive and not extractable (checked afterwards). Gives the URI with the key's id.
Result<Pkcs11Uri> generateKeyPair(const Pkcs11Session& session, const Pkcs11Uri& uri, const KeyWanted& wanted);
// CKA_EXTRACTABLE; nothing when the token does not say.
std::optional<bool> isExtractable(const Pkcs11Session& session, const Pkcs11PrivateKey& key);

}  // namespace sealift
