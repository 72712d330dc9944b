// The only place that decides whether metadata is trusted, and it holds nothing else. Files go in as the bytes that
// were received; they become part of the set after every check of the TUF specification 1.0.x, section 5, or not at
// all. Files have to come in the order root … timestamp, snapshot, targets, delegated roles.
#pragma once

#include "keystore/tuf/client/client.h"
#include "keystore/tuf/metadata.h"

#include <QDateTime>

#include <optional>

namespace sealift::tuf {

class TrustedMetadataSet {
 public:
  // 5.1: the time is read once and stays the same for one update. The trusted root verifies against itself.
  static Result<TrustedMetadataSet> fromTrustedRoot(const QByteArray& bytes, const QDateTime& updateStart,
                                                    Freshness freshness);

  // 5.3.4 to 5.3.7, 5.3.11. Gives whether timestamp or snapshot keys were taken away, so that what they signed
  // must be forgotten.
  Result<bool> updateRoot(const QByteArray& bytes);
  Status checkRootFreshness() const;  // 5.3.10

  // What was trusted before and does not have to be fresh any more: its versions count against rollback (5.4.3, 5.5.5),
  // until updateRoot() sees its keys replaced. To be set before updateRoot().
  Status setPreviousTimestamp(const QByteArray& bytes);
  Status setPreviousSnapshot(const QByteArray& bytes);

  // 5.4.2 to 5.4.4. Gives whether it is newer than the one trusted before; of two with the same version that one stays.
  Result<bool> updateTimestamp(const QByteArray& bytes);
  Status updateSnapshot(const QByteArray& bytes);  // 5.5.2 to 5.5.6

  // 5.6.2 to 5.6.5 for the role "targets" (delegator: "root") and for delegated roles, whose delegator must be in
  // the set.
  Status updateTargets(const QByteArray& bytes, const QString& roleName, const QString& delegator);
  // A role that is in the set was reached through another delegator: its signatures must satisfy that one, too.
  Status checkDelegation(const QString& roleName, const QString& delegator);

  const RootMetadata& root() const { return root_; }
  const std::optional<TimestampMetadata>& timestamp() const { return timestamp_; }
  const std::optional<SnapshotMetadata>& snapshot() const { return snapshot_; }
  const TargetsMetadata* targets(const QString& roleName) const;  // null when not in the set
  QList<RoleSummary> summary() const;

 private:
  TrustedMetadataSet(RootMetadata root, const QDateTime& updateStart, Freshness freshness)
      : root_(std::move(root)), updateStart_(updateStart), freshness_(freshness) {}
  Status checkFreshness(const QString& roleName, const Metadata& metadata) const;
  Status verifyByRoot(const Envelope& envelope, const QString& roleName) const;
  Status verifyAsPrevious(const Envelope& envelope, const QString& roleName) const;
  Status verifyByDelegator(const Envelope& envelope, const QString& roleName, const QString& delegator) const;

  struct LoadedTargets {
    TargetsMetadata metadata;
    Envelope envelope;
    RoleKeys roleKeys;         // of the first delegator
    QSet<QString> delegators;  // against which it was verified
  };

  RootMetadata root_;
  std::optional<TimestampMetadata> previousTimestamp_;
  std::optional<SnapshotMetadata> previousSnapshot_;
  std::optional<TimestampMetadata> timestamp_;
  std::optional<SnapshotMetadata> snapshot_;
  QMap<QString, LoadedTargets> targets_;
  QStringList targetsOrder_;  // in which they were loaded
  QDateTime updateStart_;
  Freshness freshness_;
};

// Length and hashes of received bytes against what signed metadata says. TrustLength, TrustHashMismatch.
Status checkLengthAndHashes(const QString& name, const QByteArray& bytes, std::optional<qint64> length, bool hasHashes,
                            const QMap<DigestAlgorithm, QByteArray>& hashes);

}  // namespace sealift::tuf
