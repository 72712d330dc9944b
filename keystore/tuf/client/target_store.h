// Verified target files on this computer, so that nothing is fetched twice. A file is named by the hash of its content
// alone: whatever a target's path holds (folders, capitals, very long names) means nothing to the file system, and two
// targets with one content share a file. What lies here is verified again whenever it is read.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/result.h"
#include "keystore/tuf/client/target_info.h"

#include <QList>
#include <QString>

namespace sealift::tuf {

class Client;

class TargetStore {
 public:
  explicit TargetStore(const QString& folder) : folder_(folder) {}

  // Where the target lies, or would lie.
  QString pathOf(const TargetInfo& target) const;
  // Bytes that are still to be fetched of it: less what an earlier run has begun.
  qint64 missingBytes(const TargetInfo& target) const;
  // Fetches what is missing of it. Errors of Client::downloadTo().
  Status obtain(Client& client, const TargetInfo& target, const CancelToken& cancel) const;
  // Its bytes: read once, and hashed as they were read. What is handed on is what was verified, whatever happens to
  // the file meanwhile. FileRead when it is not there, FileTooLarge, TrustLength, TrustHashMismatch.
  Result<QByteArray> read(const TargetInfo& target, qint64 maxBytes) const;
  // Keeps bytes that came by another way, verified before anything is written. Errors as of read(), and the file's.
  Status keep(const TargetInfo& target, const QByteArray& bytes) const;
  // Removes what was begun of targets that are not published any more.
  void forgetParts(const QList<TargetInfo>& published) const;

 private:
  QString folder_;
};

}  // namespace sealift::tuf
