// Delegations of targets metadata (TUF 1.0, 4.5, DELEGATIONS; succinct roles: TAP 15).
#pragma once

#include "keystore/tuf/metadata.h"

namespace sealift::tuf {

// The value of the member "delegations". TrustMalformed.
Result<Delegations> parseDelegations(const Json& value);

}  // namespace sealift::tuf
