// Keys kept by the operating system's keychain (Secret Service, KWallet, macOS Keychain, Windows Credential Manager)
// through QtKeychain. What is kept is the private key in PEM (PKCS#8), under the service "Sealift" and the key's name:
// the keychain protects it with the login. It comes into this program's memory to sign, so this is no hardware.
#pragma once

#include "keystore/secrets/open_signer.h"

namespace sealift {

// To be called where an event loop may run for as long as the person needs to unlock the keychain: the main thread.
// NotFound, KeyAbsent (no keychain, locked, refused), CryptoKey, Timeout; NotSupported when built without QtKeychain.
Result<std::unique_ptr<Signer>> openKeychainKey(const KeychainKeyAddress& address);
Result<std::unique_ptr<Signer>> createKeychainKey(const KeychainKeyAddress& address, const KeyWanted& wanted);

}  // namespace sealift
