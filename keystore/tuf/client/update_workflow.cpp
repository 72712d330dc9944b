#include "keystore/tuf/client/update_workflow.h"

#include "keystore/tuf/repository_path.h"

#include <algorithm>

namespace sealift::tuf {

namespace {

// Versions stand in file names only with consistent snapshots (6.2).
qint64 versionInName(const TrustedMetadataSet& set, qint64 version) {
  return set.root().consistentSnapshot ? version : 0;
}

// "Up to either the number of bytes specified …, or some Y number of bytes" (5.5.1, 5.6.1). Who has the online keys may
// specify anything, so there is an end to that, too.
qint64 limitFor(const MetaFile& announced, qint64 limitWithoutLength, qint64 most) {
  return announced.length ? std::min(*announced.length, most) : limitWithoutLength;
}

}  // namespace

Result<TrustedMetadataSet> UpdateWorkflow::run(Source source, const QByteArray& rootBytes, const QDateTime& updateStart,
                                               Freshness freshness, const CancelToken& cancel) {
  // 5.2: its expiry does not matter yet.
  SEALIFT_TRY(TrustedMetadataSet set, TrustedMetadataSet::fromTrustedRoot(rootBytes, updateStart, freshness));
  // What the root that is being left says is trusted counts against rollback under the next one, too, until its keys
  // are replaced (5.3.11). What can't be used any more is not there.
  if (const auto timestamp = cache_.read(kTimestamp, options_.timestampBytes)) {
    (void)set.setPreviousTimestamp(*timestamp);
  }
  const auto snapshot = cache_.read(kSnapshot, options_.mostAnnouncedBytes);
  if (snapshot) {
    (void)set.setPreviousSnapshot(*snapshot);
  }
  if (source == Source::Repository) {
    SEALIFT_CHECK(updateRoots(set, cancel));
  }
  SEALIFT_CHECK(set.checkRootFreshness());  // 5.3.10
  SEALIFT_CHECK(updateTimestamp(set, source, cancel));
  SEALIFT_CHECK(updateSnapshot(set, source, cancel));
  SEALIFT_CHECK(loadTargets(set, source, kTargets, kRoot, cancel));
  return set;
}

// A fetcher that ignores the limit is no excuse for taking more.
Result<QByteArray> UpdateWorkflow::fetch(const QString& role, qint64 version, qint64 maxBytes,
                                         const CancelToken& cancel) {
  const QString name = metadataFileName(role, version);
  const QString path = options_.metadataPath.isEmpty() ? name : options_.metadataPath + QLatin1Char('/') + name;
  SEALIFT_TRY(QByteArray bytes, fetcher_.fetch(path, maxBytes, cancel));
  if (bytes.size() > maxBytes) {
    return fail(ErrorCode::TrustLength,
                QStringLiteral("%1 is longer than %2 bytes.").arg(path, QString::number(maxBytes)));
  }
  return bytes;
}

// 5.3
Status UpdateWorkflow::updateRoots(TrustedMetadataSet& set, const CancelToken& cancel) {
  // 5.3.3: one version after the other. That there is none ends the chain, or that Y were taken: the next update goes
  // on from there. Nothing else does.
  for (int taken = 0; taken < options_.maxRootRotations; ++taken) {
    const auto bytes = fetch(kRoot, set.root().version + 1, options_.rootBytes, cancel);
    if (!bytes && bytes.error().code == ErrorCode::FetchNotFound) {
      break;
    }
    if (!bytes) {
      return fail(bytes.error());
    }
    SEALIFT_TRY(const bool mustForget, set.updateRoot(*bytes));
    if (mustForget) {
      // 5.3.11. Before the root is stored: a kill in between only makes the next run come here again.
      SEALIFT_CHECK(cache_.remove(kTimestamp));
      SEALIFT_CHECK(cache_.remove(kSnapshot));
    }
    SEALIFT_CHECK(cache_.write(kRoot, *bytes));  // 5.3.8
  }
  return {};
}

// 5.4
Status UpdateWorkflow::updateTimestamp(TrustedMetadataSet& set, Source source, const CancelToken& cancel) {
  if (source == Source::CacheOnly) {
    SEALIFT_TRY(const QByteArray cached, cache_.read(kTimestamp, options_.timestampBytes));
    SEALIFT_CHECK(set.updateTimestamp(cached));
    return {};
  }
  // 5.4.1: its name never holds a version.
  SEALIFT_TRY(const QByteArray bytes, fetch(kTimestamp, 0, options_.timestampBytes, cancel));
  SEALIFT_TRY(const bool isNew, set.updateTimestamp(bytes));
  return isNew ? cache_.write(kTimestamp, bytes) : Status();  // 5.4.5
}

// 5.5
Status UpdateWorkflow::updateSnapshot(TrustedMetadataSet& set, Source source, const CancelToken& cancel) {
  const MetaFile& announced = set.timestamp()->snapshot;
  const qint64 maxBytes = limitFor(announced, options_.snapshotBytes, options_.mostAnnouncedBytes);
  const auto cached = cache_.read(kSnapshot, maxBytes);
  if (cached) {
    const Status unchanged = set.updateSnapshot(*cached);
    if (unchanged || source == Source::CacheOnly) {
      return unchanged;
    }
  } else if (source == Source::CacheOnly) {
    return fail(cached.error());
  }
  SEALIFT_TRY(const QByteArray bytes,
              fetch(kSnapshot, versionInName(set, announced.version), maxBytes, cancel));  // 5.5.1
  SEALIFT_CHECK(set.updateSnapshot(bytes));
  return cache_.write(kSnapshot, bytes);  // 5.5.7
}

// 5.6.1 to 5.6.6
Status UpdateWorkflow::loadTargets(TrustedMetadataSet& set, Source source, const QString& role,
                                   const QString& delegator, const CancelToken& cancel) {
  if (set.targets(role) != nullptr) {
    return set.checkDelegation(role, delegator);
  }
  const auto announced = set.snapshot()->files.constFind(role);
  if (announced == set.snapshot()->files.constEnd()) {
    return fail(ErrorCode::TrustMalformed, QStringLiteral("The snapshot does not name \"%1\".").arg(role.left(200)));
  }
  const qint64 maxBytes = limitFor(*announced, options_.targetsBytes, options_.mostAnnouncedBytes);
  const auto cached = cache_.read(role, maxBytes);
  if (cached) {
    const Status unchanged = set.updateTargets(*cached, role, delegator);
    if (unchanged || source == Source::CacheOnly) {
      return unchanged;
    }
  } else if (source == Source::CacheOnly) {
    return failBecause(ErrorCode::NotFound,
                       QStringLiteral("The metadata of \"%1\" was not fetched yet.").arg(role.left(200)),
                       cached.error());
  }
  SEALIFT_TRY(const QByteArray bytes, fetch(role, versionInName(set, announced->version), maxBytes, cancel));  // 5.6.1
  SEALIFT_CHECK(set.updateTargets(bytes, role, delegator));
  return cache_.write(role, bytes);  // 5.6.6
}

}  // namespace sealift::tuf
