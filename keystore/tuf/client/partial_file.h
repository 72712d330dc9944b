// A target while it is fetched: a hidden file beside its final place, in which a later run goes on, and the name of the
// server's state of which it is a part. A kill at any moment leaves either a part that can be continued or nothing; the
// target's hashes decide in the end, so what stands in the part is never trusted.
#pragma once

#include "keystore/tuf/client/fetcher.h"
#include "keystore/tuf/client/target_verifier.h"

#include <QFile>

namespace sealift::tuf {

class PartialFile final : public FetchSink {
 public:
  // The part of what will be `filePath`. It is named by the target's hash, so that parts of different contents, and
  // targets with very long names, never meet.
  PartialFile(const QString& filePath, const TargetInfo& target);

  // Makes the folder, takes what is there already and hashes it.
  Status open(const CancelToken& cancel);
  ResumePoint resumePoint() const;
  // Whether bytes of an earlier run are among those that were taken.
  bool isContinued() const { return isContinued_; }
  bool isComplete() const { return verifier_.length() == target_.length; }

  Status begin(qint64 offset, const QByteArray& validator) override;
  Status write(QByteArrayView bytes) override;

  // Verifies all bytes, then gives the file its name: what had it before is replaced. Errors of TargetVerifier.
  Status finish();
  void discard();
  QString path() const { return part_.fileName(); }

 private:
  Status clear();
  QString validatorPath() const { return part_.fileName() + QStringLiteral("-of"); }

  TargetInfo target_;
  QString filePath_;
  QFile part_;
  TargetVerifier verifier_;
  QByteArray validator_;
  bool isContinued_ = false;
};

}  // namespace sealift::tuf
