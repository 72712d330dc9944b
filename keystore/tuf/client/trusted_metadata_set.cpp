#include "keystore/tuf/client/trusted_metadata_set.h"

#include "keystore/tuf/metadata_signing.h"

#include <algorithm>

namespace sealift::tuf {

namespace {

tl::unexpected<Error> olderThanTrusted(const QString& what, qint64 offered, qint64 trusted) {
  return fail(ErrorCode::TrustRollback,
              QStringLiteral("%1 has version %2, but version %3 was seen before.").arg(what).arg(offered).arg(trusted));
}

// A version that differs from what the file above says: lower is a rollback, higher a mix of two states.
Status requireVersion(const QString& roleName, qint64 offered, qint64 expected) {
  if (offered == expected) {
    return {};
  }
  return fail(
      offered < expected ? ErrorCode::TrustRollback : ErrorCode::TrustHashMismatch,
      QStringLiteral("\"%1\" has version %2, but version %3 was announced.").arg(roleName).arg(offered).arg(expected));
}

// Whether a key that could sign for the role in `before` can't in `after`.
bool losesKey(const RootMetadata& before, const RootMetadata& after, const QString& roleName) {
  const QStringList ids = before.roles.value(roleName).keyIds;
  const QStringList idsAfter = after.roles.value(roleName).keyIds;
  return std::any_of(ids.begin(), ids.end(), [&](const QString& id) {
    const auto key = before.keys.constFind(id);
    if (key == before.keys.constEnd()) {
      return false;
    }
    return std::none_of(idsAfter.begin(), idsAfter.end(), [&](const QString& other) {
      const auto keyAfter = after.keys.constFind(other);
      return keyAfter != after.keys.constEnd() && keyAfter->publicKey == key->publicKey;
    });
  });
}

RoleSummary summarise(const QString& name, const Metadata* metadata, const RoleKeys& keys) {
  return {name,
          metadata == nullptr ? 0 : metadata->version,
          metadata == nullptr ? QDateTime() : metadata->expires,
          keys.threshold,
          keys.keyIds,
          metadata == nullptr ? QDateTime() : metadata->signedAt};
}

}  // namespace

Status checkLengthAndHashes(const QString& name, const QByteArray& bytes, std::optional<qint64> length, bool hasHashes,
                            const QMap<DigestAlgorithm, QByteArray>& hashes) {
  if (length && bytes.size() != *length) {
    return fail(ErrorCode::TrustLength,
                QStringLiteral("\"%1\" has %2 bytes instead of %3.").arg(name).arg(bytes.size()).arg(*length));
  }
  if (hasHashes && hashes.isEmpty()) {
    return fail(ErrorCode::TrustHashMismatch,
                QStringLiteral("\"%1\" is described by hashes of unknown kinds only.").arg(name));
  }
  for (auto hash = hashes.begin(); hash != hashes.end(); ++hash) {
    if (computeDigest(hash.key(), bytes) != hash.value()) {
      return fail(ErrorCode::TrustHashMismatch,
                  QStringLiteral("\"%1\" does not have the announced %2.").arg(name, digestName(hash.key())));
    }
  }
  return {};
}

Result<TrustedMetadataSet> TrustedMetadataSet::fromTrustedRoot(const QByteArray& bytes, const QDateTime& updateStart,
                                                               Freshness freshness) {
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(bytes));
  SEALIFT_TRY(RootMetadata root, parseRoot(envelope));
  SEALIFT_CHECK(verifyThreshold(envelope, kRoot, root.keys, root.roles.value(kRoot)));
  return TrustedMetadataSet(std::move(root), updateStart, freshness);
}

Status TrustedMetadataSet::checkFreshness(const QString& roleName, const Metadata& metadata) const {
  if (freshness_ == Freshness::Required && metadata.expires <= updateStart_) {
    return fail(ErrorCode::TrustExpired,
                QStringLiteral("\"%1\" expired at %2.").arg(roleName, formatExpires(metadata.expires)));
  }
  return {};
}

Status TrustedMetadataSet::verifyByRoot(const Envelope& envelope, const QString& roleName) const {
  return verifyThreshold(envelope, roleName, root_.keys, root_.roles.value(roleName));
}

Result<bool> TrustedMetadataSet::updateRoot(const QByteArray& bytes) {
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(bytes));
  SEALIFT_TRY(RootMetadata next, parseRoot(envelope));
  // 5.3.4: signed by a threshold of the keys of the trusted root and of the new root.
  SEALIFT_CHECK(verifyByRoot(envelope, kRoot));
  SEALIFT_CHECK(verifyThreshold(envelope, kRoot, next.keys, next.roles.value(kRoot)));
  // 5.3.5: exactly the next version.
  SEALIFT_CHECK(requireVersion(kRoot, next.version, root_.version + 1));
  // 5.3.6: its expiry does not matter yet.
  // 5.3.11: after a rotation what the old timestamp and snapshot keys signed is forgotten, so that versions which a
  // thief of those keys made up don't stand in the way. What is kept in files the caller drops.
  const bool mustForget = losesKey(root_, next, kTimestamp) || losesKey(root_, next, kSnapshot);
  if (mustForget) {
    previousTimestamp_.reset();
    previousSnapshot_.reset();
  }
  root_ = std::move(next);  // 5.3.7
  return mustForget;
}

Status TrustedMetadataSet::checkRootFreshness() const {
  return checkFreshness(kRoot, root_);
}

// It reached the threshold of the root under which it was trusted. A later root may ask for more signatures; as long as
// it takes no key away (5.3.11), one of them still shows that this is no damaged file.
Status TrustedMetadataSet::verifyAsPrevious(const Envelope& envelope, const QString& roleName) const {
  return verifyThreshold(envelope, roleName, root_.keys, {root_.roles.value(roleName).keyIds, 1});
}

Status TrustedMetadataSet::setPreviousTimestamp(const QByteArray& bytes) {
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(bytes));
  SEALIFT_CHECK(verifyAsPrevious(envelope, kTimestamp));
  SEALIFT_TRY(previousTimestamp_, parseTimestamp(envelope));
  return {};
}

Status TrustedMetadataSet::setPreviousSnapshot(const QByteArray& bytes) {
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(bytes));
  SEALIFT_CHECK(verifyAsPrevious(envelope, kSnapshot));
  SEALIFT_TRY(previousSnapshot_, parseSnapshot(envelope));
  return {};
}

Result<bool> TrustedMetadataSet::updateTimestamp(const QByteArray& bytes) {
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(bytes));
  // 5.4.2: signed by a threshold of the root's timestamp keys.
  SEALIFT_CHECK(verifyByRoot(envelope, kTimestamp));
  SEALIFT_TRY(TimestampMetadata next, parseTimestamp(envelope));
  bool isNew = true;
  if (previousTimestamp_) {
    // 5.4.3.1: its version must be higher than the trusted one's. The same one is discarded, and no error.
    if (next.version < previousTimestamp_->version) {
      return olderThanTrusted(QStringLiteral("The timestamp"), next.version, previousTimestamp_->version);
    }
    if (next.version == previousTimestamp_->version) {
      next = *previousTimestamp_;
      isNew = false;
    }
    // 5.4.3.2: nor may the snapshot that it names be older.
    if (next.snapshot.version < previousTimestamp_->snapshot.version) {
      return olderThanTrusted(QStringLiteral("The snapshot that the timestamp names"), next.snapshot.version,
                              previousTimestamp_->snapshot.version);
    }
  }
  // 5.4.4: not expired. Only now it is trusted.
  SEALIFT_CHECK(checkFreshness(kTimestamp, next));
  timestamp_ = std::move(next);
  return isNew;
}

Status TrustedMetadataSet::updateSnapshot(const QByteArray& bytes) {
  if (!timestamp_) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no trusted timestamp."));
  }
  const MetaFile& announced = timestamp_->snapshot;
  // 5.5.2: length and hashes as the timestamp says, of the bytes as received.
  SEALIFT_CHECK(checkLengthAndHashes(kSnapshot, bytes, announced.length, announced.hasHashes, announced.hashes));
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(bytes));
  // 5.5.3: signed by a threshold of the root's snapshot keys.
  SEALIFT_CHECK(verifyByRoot(envelope, kSnapshot));
  SEALIFT_TRY(const SnapshotMetadata next, parseSnapshot(envelope));
  // 5.5.4: the version as the timestamp says.
  SEALIFT_CHECK(requireVersion(kSnapshot, next.version, announced.version));
  // 5.5.5: no role that was named before is missing or older now.
  if (previousSnapshot_) {
    for (auto file = previousSnapshot_->files.begin(); file != previousSnapshot_->files.end(); ++file) {
      const auto now = next.files.constFind(file.key());
      if (now == next.files.constEnd()) {
        return fail(ErrorCode::TrustRollback,
                    QStringLiteral("The snapshot does not name \"%1\" any more.").arg(file.key().left(200)));
      }
      if (now->version < file->version) {
        return olderThanTrusted(QStringLiteral("In the snapshot \"%1\"").arg(file.key().left(200)), now->version,
                                file->version);
      }
    }
  }
  // 5.5.6: not expired.
  SEALIFT_CHECK(checkFreshness(kSnapshot, next));
  snapshot_ = next;
  return {};
}

Status TrustedMetadataSet::verifyByDelegator(const Envelope& envelope, const QString& roleName,
                                             const QString& delegator) const {
  if (delegator == kRoot) {
    return verifyByRoot(envelope, roleName);
  }
  const TargetsMetadata* parent = targets(delegator);
  const RoleKeys* roleKeys =
      parent != nullptr && parent->delegations ? parent->delegations->roleKeysOf(roleName) : nullptr;
  if (roleKeys == nullptr) {
    return fail(ErrorCode::TrustThreshold,
                QStringLiteral("\"%1\" does not delegate to \"%2\".").arg(delegator, roleName.left(200)));
  }
  return verifyThreshold(envelope, roleName, parent->delegations->keys, *roleKeys);
}

Status TrustedMetadataSet::updateTargets(const QByteArray& bytes, const QString& roleName, const QString& delegator) {
  if (!snapshot_) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no trusted snapshot."));
  }
  const auto announced = snapshot_->files.constFind(roleName);
  if (announced == snapshot_->files.constEnd()) {
    return fail(ErrorCode::TrustMalformed,
                QStringLiteral("The snapshot does not name \"%1\".").arg(roleName.left(200)));
  }
  // 5.6.2: length and hashes as the snapshot says, of the bytes as received.
  SEALIFT_CHECK(checkLengthAndHashes(roleName, bytes, announced->length, announced->hasHashes, announced->hashes));
  SEALIFT_TRY(Envelope envelope, parseEnvelope(bytes));
  // 5.6.3: signed by a threshold of the keys that its delegator names.
  SEALIFT_CHECK(verifyByDelegator(envelope, roleName, delegator));
  SEALIFT_TRY(TargetsMetadata next, parseTargets(envelope, roleName));
  // 5.6.4: the version as the snapshot says.
  SEALIFT_CHECK(requireVersion(roleName, next.version, announced->version));
  // 5.6.5: not expired.
  SEALIFT_CHECK(checkFreshness(roleName, next));
  const RoleKeys roleKeys =
      delegator == kRoot ? root_.roles.value(roleName) : *targets(delegator)->delegations->roleKeysOf(roleName);
  targets_.insert(roleName, {std::move(next), std::move(envelope), roleKeys, {delegator}});
  targetsOrder_.append(roleName);
  return {};
}

Status TrustedMetadataSet::checkDelegation(const QString& roleName, const QString& delegator) {
  const auto loaded = targets_.find(roleName);
  if (loaded == targets_.end()) {
    return fail(ErrorCode::NotFound, QStringLiteral("\"%1\" is not loaded.").arg(roleName.left(200)));
  }
  if (!loaded->delegators.contains(delegator)) {
    SEALIFT_CHECK(verifyByDelegator(loaded->envelope, roleName, delegator));
    loaded->delegators.insert(delegator);
  }
  return {};
}

const TargetsMetadata* TrustedMetadataSet::targets(const QString& roleName) const {
  const auto loaded = targets_.constFind(roleName);
  return loaded == targets_.constEnd() ? nullptr : &loaded->metadata;
}

QList<RoleSummary> TrustedMetadataSet::summary() const {
  QList<RoleSummary> roles{
      summarise(kRoot, &root_, root_.roles.value(kRoot)),
      summarise(kTimestamp, timestamp_ ? &*timestamp_ : nullptr, root_.roles.value(kTimestamp)),
      summarise(kSnapshot, snapshot_ ? &*snapshot_ : nullptr, root_.roles.value(kSnapshot)),
  };
  if (targets(kTargets) == nullptr) {
    roles.append(summarise(kTargets, nullptr, root_.roles.value(kTargets)));
  }
  for (const QString& name : targetsOrder_) {
    const auto loaded = targets_.constFind(name);
    roles.append(summarise(name, &loaded->metadata, loaded->roleKeys));
  }
  return roles;
}

}  // namespace sealift::tuf
