// Signs metadata with the keys that are at hand.
#pragma once

#include "keystore/secrets/signer.h"
#include "keystore/tuf/metadata_signing.h"

#include <memory>

namespace sealift::tuf {

using Signers = QMap<QString, std::shared_ptr<Signer>>;  // by TUF key id, so in a fixed order

// Whose keys must have signed before the file may go out.
struct SigningDemand {
  const RootMetadata& root;
  QString role;
};

// The file's bytes: `signedPart` with a signature of every key at hand that one of the demands lists.
// TrustThreshold unless the result satisfies each demand.
Result<QByteArray> writeMetadata(const Json& signedPart, const Signers& signers, const QList<SigningDemand>& demands);

}  // namespace sealift::tuf
