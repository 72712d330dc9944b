// The OpenSSL provider behind signer_key.h (provider(7), provider-keymgmt(7), provider-signature(7)).
#pragma once

#include <openssl/core.h>

namespace sealift {

// The parameter of EVP_PKEY_fromdata: the address of a std::shared_ptr<SharedSigner>, as octets.
inline constexpr const char* kSignerParam = "sealift-signer";

extern "C" OSSL_provider_init_fn initSignerProvider;

}  // namespace sealift
