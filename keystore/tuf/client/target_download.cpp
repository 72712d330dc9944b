#include "keystore/tuf/client/target_download.h"

#include "app/base/file_io.h"
#include "keystore/tuf/client/partial_file.h"
#include "keystore/tuf/client/target_verifier.h"

#include <QFileInfo>
#include <QLockFile>

namespace sealift::tuf {

namespace {

// What ended early is continued another time; what is another file is not.
bool isAnotherFile(const Error& error) {
  return error.code == ErrorCode::TrustHashMismatch || error.code == ErrorCode::TrustLength;
}

Status fetchPart(Fetcher& fetcher, const QString& requestPath, const TargetInfo& target, PartialFile& part,
                 const CancelToken& cancel) {
  SEALIFT_CHECK(part.open(cancel));
  if (!part.isContinued() || !part.isComplete()) {
    SEALIFT_CHECK(fetcher.fetchTo(requestPath, target.length, part.resumePoint(), part, cancel));
  }
  return part.finish();
}

}  // namespace

Status downloadTarget(Fetcher& fetcher, const QString& requestPath, const TargetInfo& target, const QString& filePath,
                      const CancelToken& cancel) {
  const Status there = verifyTargetFile(filePath, target, cancel);
  SEALIFT_CHECK(cancel.check());
  if (there) {
    return {};
  }
  SEALIFT_CHECK(makeFolder(QFileInfo(filePath).path()));
  // Two that write the same part would each hash what the other overwrites. A killed program's lock is void.
  QLockFile lock(PartialFile(filePath, target).path() + QStringLiteral(".lock"));
  lock.setStaleLockTime(0);
  if (!lock.tryLock()) {
    return fail(ErrorCode::AlreadyExists, QStringLiteral("Another program fetches \"%1\" just now.").arg(target.path),
                QStringLiteral("Wait until it has ended."));
  }
  constexpr int kAttempts = 2;
  Status fetched;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    PartialFile part(filePath, target);
    fetched = fetchPart(fetcher, requestPath, target, part, cancel);
    if (fetched) {
      return {};
    }
    const bool isPoisoned = isAnotherFile(fetched.error());
    const bool hasOldBytes = part.isContinued();
    if (isPoisoned || part.resumePoint().offset == 0) {
      part.discard();
    }
    if (isPoisoned && hasOldBytes) {
      continue;  // it may be the bytes of an earlier run that were the wrong ones
    }
    break;
  }
  return fetched;
}

}  // namespace sealift::tuf
