// From a key's address to whoever signs with it. The only place that knows all keepers of keys.
#pragma once

#include "keystore/secrets/key_address.h"
#include "keystore/secrets/pin_source.h"
#include "keystore/secrets/signer.h"

#include <memory>

namespace sealift {

// Finds the key and proves that it can be used: a PIN or passphrase is asked for here when one is needed, as often
// as the person wants to try and the keeper lets them; other sources once. `pins` must outlive the signer: a token
// that went away and came back asks again.
// Errors: NotFound (no such file, token or key), InvalidArgument (several keys match; the message lists them),
// CryptoKey (damaged, unsupported, or its file open to others), KeyPin (wrong PIN or passphrase), KeyLocked
// (the keeper locked itself after wrong tries), KeyAbsent (token, TPM or keychain is not there, or was removed),
// NotSupported (this build or computer has no support for the keeper), Cancelled.
Result<std::unique_ptr<Signer>> openSigner(const KeyAddress& address, PinSource& pins);

struct KeyWanted {
  KeyType type = KeyType::Ed25519;
  int rsaBits = 3072;  // 2048, 3072 or 4096; only for RSA
};
// Makes a key there and opens it. AlreadyExists rather than replacing one. In a token it is made by the token and
// can't be extracted (the address must have "object" or "id"); with a TPM the address must be a path, which gets
// the key wrapped by the TPM; a PEM file is encrypted when `pins` gives a passphrase that is not empty.
Result<std::unique_ptr<Signer>> createKey(const KeyAddress& address, const KeyWanted& wanted, PinSource& pins);

}  // namespace sealift
