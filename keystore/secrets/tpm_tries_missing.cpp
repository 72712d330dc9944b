// In place of tpm_tries.cpp where tss2-tctildr was missing at build time: the TPM isn't asked.
#include "keystore/secrets/tpm_tries.h"

namespace sealift {

std::optional<TpmTries> readTpmTries(const QString& /*tcti*/) {
  return std::nullopt;
}

}  // namespace sealift
