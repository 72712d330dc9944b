// Looking for targets in the roles that are delegated to (TUF 1.0, 5.6.7). One thread at a time.
#pragma once

#include "keystore/tuf/client/trusted_metadata_set.h"

#include <functional>

namespace sealift::tuf {

// Brings a role's metadata into the set, verified against this delegator. Its errors end the search (5.6.7: "if any
// metadata … cannot be downloaded nor validated, end the search").
using LoadRole = std::function<Status(const QString& role, const QString& delegator)>;

// The first role in pre-order that has the target. TrustTargetMissing when none does among the first `mostRoles`
// visited; otherwise what `loadRole` says.
Result<TargetInfo> findTarget(const TrustedMetadataSet& set, const QString& path, int mostRoles,
                              const LoadRole& loadRole);

// Every target that findTarget() would find, by path. Loads every role, each way once; one that fails hides what
// findTarget() would not find for it, and nothing else. TrustLength when there are more than `mostRoles`.
Result<TargetListing> listTargets(const TrustedMetadataSet& set, int mostRoles, int mostRolesPerTarget,
                                  const LoadRole& loadRole);

}  // namespace sealift::tuf
