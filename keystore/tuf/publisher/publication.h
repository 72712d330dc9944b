// One publishing of what is staged. Everything is signed before anything is written, and written in an order in which
// every reader finds the old or the new state, whole (see publisher.h).
#pragma once

#include "keystore/tuf/publisher/metadata_writer.h"
#include "keystore/tuf/publisher/next_state.h"

#include <functional>

namespace sealift::tuf {

struct PublicationContext {
  const RepositoryFiles& files;
  const PublishedState& published;
  const StagingArea& staging;
  Keyring& keyring;
  std::function<int(const RoleNode& role)> expiryDays;  // for top-level roles, too: by a node with their name
  QDateTime now;
};

class Publication {
 public:
  struct Part {
    Document document;
    QList<SigningDemand> demands;  // the root's of now and, where that differs, of what comes; or the delegator's
    std::optional<Error> missing;  // why it can't go out yet
  };

  explicit Publication(PublicationContext context)
      : context_(std::move(context)), next_(context_.published, context_.staging) {}

  // Works out and signs what is to be written: root and targets roles that change, then, when none of them lacks
  // signatures, snapshot and timestamp, which speak of their bytes. Errors are of another kind than missing
  // signatures, which parts() tell.
  Status prepare();
  bool isComplete() const { return isComplete_; }
  const QList<Part>& parts() const { return parts_; }
  const NextState& next() const { return next_; }

  // Only when complete. On an error, and after a kill, what readers find is whole, and publishing anew completes it.
  Status write() const;

 private:
  bool hasNewRoot() const { return !context_.staging.root().is_null(); }
  QList<SigningDemand> rootDemands(const QString& role) const;
  Status addRoot();
  Status addTargetsRoles();
  Status addSnapshot();
  Status addTimestamp();
  Result<Part> makePart(const QString& role, Json signedPart, const QList<SigningDemand>& demands, int days);
  bool isHalfOver(const Json& signedPart, int days) const;

  PublicationContext context_;
  NextState next_;
  QList<Part> parts_;
  bool isComplete_ = false;
  // A role's old key is lost: readers of the old root can't be served any more, so the new root has to come before
  // the timestamp.
  bool rootFirst_ = false;
};

// {"version", "length", "hashes"} as timestamp and snapshot say it of a file (4.4).
Json announceFile(qint64 version, const QByteArray& bytes);
Json freshPart(const QString& type);
// The same for roles of all kinds: the next version, expiring `days` from now.
void advance(Json& signedPart, qint64 version, const QDateTime& now, int days);

}  // namespace sealift::tuf
