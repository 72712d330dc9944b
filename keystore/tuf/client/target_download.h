// Brings one target file to its place: fetched beside, hashed while it arrives, renamed when every hash holds.
#pragma once

#include "keystore/tuf/client/fetcher.h"
#include "keystore/tuf/client/target_info.h"

namespace sealift::tuf {

// Afterwards `filePath` is this target. A file that is this target already is left as it is, without any request; what
// an earlier call fetched in part is not fetched again, unless it turns out to be something else: then it is thrown
// away and everything is fetched once more. `requestPath` is what the fetcher is asked for. At no time is more than a
// piece of the file in memory.
// Errors: those of the fetcher, TrustLength, TrustHashMismatch, FileWrite; AlreadyExists while another program fetches
// the same file to the same folder.
Status downloadTarget(Fetcher& fetcher, const QString& requestPath, const TargetInfo& target, const QString& filePath,
                      const CancelToken& cancel);

}  // namespace sealift::tuf
