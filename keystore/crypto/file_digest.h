// The digest of a file of any size, read piece by piece. With PublicKey::verifyDigest() its signature is verified in
// the same single pass over the file.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/result.h"
#include "keystore/crypto/digest.h"

namespace sealift {

// Raw digest. Needs a megabyte of memory, whatever the file's size. FileRead; Cancelled between two pieces.
Result<QByteArray> digestFile(const QString& path, DigestAlgorithm algorithm, const CancelToken& cancel);

}  // namespace sealift
