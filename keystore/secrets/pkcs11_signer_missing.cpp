// In place of pkcs11_signer.cpp where p11-kit was missing at build time.
#include "keystore/secrets/pkcs11_signer.h"

namespace sealift {

namespace {

tl::unexpected<Error> notBuilt() {
  return fail(ErrorCode::NotSupported, QStringLiteral("This build of Sealift has no support for PKCS#11 tokens."),
              QStringLiteral("Install a Sealift that was built with p11-kit."));
}

}  // namespace

struct Pkcs11Signer::Opened {};
Pkcs11Signer::~Pkcs11Signer() = default;

Result<std::unique_ptr<Signer>> Pkcs11Signer::open(const Pkcs11Uri& /*uri*/, PinSource& /*pins*/) {
  return notBuilt();
}

Result<std::unique_ptr<Signer>> Pkcs11Signer::create(const Pkcs11Uri& /*uri*/, const KeyWanted& /*wanted*/,
                                                     PinSource& /*pins*/) {
  return notBuilt();
}

Result<QByteArray> Pkcs11Signer::sign(SignatureScheme /*scheme*/, QByteArrayView /*message*/) {
  return notBuilt();
}

}  // namespace sealift
