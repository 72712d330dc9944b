// In place of keychain_signer.cpp where QtKeychain was missing at build time.
#include "keystore/secrets/keychain_signer.h"

namespace sealift {

namespace {

tl::unexpected<Error> notBuilt() {
  return fail(ErrorCode::NotSupported, QStringLiteral("This build of Sealift has no support for the OS's keychain."),
              QStringLiteral("Install a Sealift that was built with QtKeychain."));
}

}  // namespace

Result<std::unique_ptr<Signer>> openKeychainKey(const KeychainKeyAddress& /*address*/) {
  return notBuilt();
}

Result<std::unique_ptr<Signer>> createKeychainKey(const KeychainKeyAddress& /*address*/, const KeyWanted& /*wanted*/) {
  return notBuilt();
}

}  // namespace sealift
