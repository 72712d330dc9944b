#include "keystore/tuf/client/client.h"

#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/client/metadata_cache.h"
#include "keystore/tuf/client/target_download.h"
#include "keystore/tuf/client/trusted_metadata_set.h"
#include "keystore/tuf/repository_path.h"

#include <QSet>

#include <limits>

namespace sealift::tuf {

namespace {

constexpr qint64 kMostRootBytes = 512 * 1024;

enum class Source { Repository, CacheOnly };

Result<QString> fingerprintOf(const QByteArray& rootBytes) {
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(rootBytes));
  return QString::fromLatin1(sha256(envelope.signedBytes).toHex());
}

tl::unexpected<Error> missingIfNotFound(const TargetInfo& target, const Error& error) {
  if (error.code != ErrorCode::FetchNotFound) {
    return fail(error);
  }
  return failBecause(ErrorCode::TrustTargetMissing,
                     QStringLiteral("The repository does not hold \"%1\".").arg(target.path), error);
}

// Any error of the cache means: not there. What matters is verified again, and fetched where it is missing.
template <class T>
bool ignoreUnusable(const T& result) {
  return result.has_value();
}

}  // namespace

// One trusted state: what a refresh builds up and, when it succeeded, what everything is answered from.
struct TrustedState {
  TrustedMetadataSet set;
  Source source = Source::Repository;
};

struct Client::Private {
  MetadataCache cache;
  Fetcher& fetcher;
  const Clock& clock;
  ClientOptions options;
  std::optional<TrustedState> trusted;
  QString fingerprint;

  QString metadataPath(const QString& role, qint64 version) const {
    return joined(options.metadataPath, metadataFileName(role, version));
  }
  static QString joined(const QString& folder, const QString& name) {
    return folder.isEmpty() ? name : folder + QLatin1Char('/') + name;
  }
  // Versions stand in file names only with consistent snapshots (6.2).
  static qint64 versionInName(const TrustedMetadataSet& set, qint64 version) {
    return set.root().consistentSnapshot ? version : 0;
  }

  // A fetcher that ignores the limit is no excuse for taking more.
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) {
    SEALIFT_TRY(QByteArray bytes, fetcher.fetch(path, maxBytes, cancel));
    if (bytes.size() > maxBytes) {
      return fail(ErrorCode::TrustLength, QStringLiteral("%1 is longer than %2 bytes.").arg(path).arg(maxBytes));
    }
    return bytes;
  }

  Status update(Source source, Freshness freshness, const CancelToken& cancel);
  Status updateRoots(TrustedState& state, const CancelToken& cancel);
  Status updateTimestamp(TrustedState& state, const CancelToken& cancel);
  Status updateSnapshot(TrustedState& state, const CancelToken& cancel);
  Status loadTargets(TrustedState& state, const QString& role, const QString& delegator, const CancelToken& cancel);
  Result<TargetInfo> findTarget(TrustedState& state, const QString& path, int mostRoles, const CancelToken& cancel);
  Result<TrustedState*> requireTrusted();
  Result<QString> requestPathOf(const TargetInfo& target);
};

Client::Client(const QString& cacheFolder, Fetcher& fetcher, const Clock& clock, const ClientOptions& options)
    : d_(new Private{MetadataCache(cacheFolder), fetcher, clock, options, {}, {}}) {}

Client::~Client() = default;

Result<TrustSummary> Client::inspectRoot(const QByteArray& rootBytes) {
  if (rootBytes.size() > kMostRootBytes) {
    return fail(ErrorCode::TrustLength, QStringLiteral("The root file is longer than %1 bytes.").arg(kMostRootBytes));
  }
  SEALIFT_TRY(const auto set, TrustedMetadataSet::fromTrustedRoot(rootBytes, {}, Freshness::NotRequired));
  SEALIFT_TRY(const QString fingerprint, fingerprintOf(rootBytes));
  return TrustSummary{fingerprint, set.root().consistentSnapshot, set.summary()};
}

Status Client::pinRoot(const QString& cacheFolder, const QByteArray& rootBytes) {
  SEALIFT_CHECK(inspectRoot(rootBytes));
  const MetadataCache cache(cacheFolder);
  if (cache.hasInitialRoot()) {
    SEALIFT_TRY(const QByteArray pinned, cache.readInitialRoot(kMostRootBytes));
    if (pinned != rootBytes) {
      return fail(ErrorCode::AlreadyExists, QStringLiteral("Another root is trusted here already."),
                  errorCodeRemedy(ErrorCode::TrustRootChanged));
    }
    if (cache.read(kRoot, kMostRootBytes)) {
      return {};  // pinned before, perhaps rotated since
    }
  }
  SEALIFT_CHECK(cache.writeInitialRoot(rootBytes));
  return cache.write(kRoot, rootBytes);
}

Status Client::refresh(const CancelToken& cancel) {
  return d_->update(Source::Repository, Freshness::Required, cancel);
}

Status Client::loadCached(Freshness freshness) {
  return d_->update(Source::CacheOnly, freshness, {});
}

Status Client::Private::update(Source source, Freshness freshness, const CancelToken& cancel) {
  // 5.2: the root that was trusted last.
  const auto rootBytes = cache.read(kRoot, options.rootBytes);
  const auto initialRoot = cache.readInitialRoot(kMostRootBytes);
  if (!rootBytes || !initialRoot) {
    return failBecause(ErrorCode::NotFound, QStringLiteral("No root of trust is stored for this vendor."),
                       rootBytes ? initialRoot.error() : rootBytes.error());
  }
  SEALIFT_TRY(const QString pinned, fingerprintOf(*initialRoot));
  SEALIFT_TRY(auto set, TrustedMetadataSet::fromTrustedRoot(*rootBytes, clock.nowUtc(), freshness));
  TrustedState state{std::move(set), source};
  SEALIFT_CHECK(updateRoots(state, cancel));
  SEALIFT_CHECK(updateTimestamp(state, cancel));
  SEALIFT_CHECK(updateSnapshot(state, cancel));
  SEALIFT_CHECK(loadTargets(state, kTargets, kRoot, cancel));
  fingerprint = pinned;
  trusted = std::move(state);
  return {};
}

// 5.3
Status Client::Private::updateRoots(TrustedState& state, const CancelToken& cancel) {
  int rotations = 0;
  while (state.source == Source::Repository) {
    // 5.3.3: one version after the other; that there is none ends the chain, and nothing else does.
    const qint64 nextVersion = state.set.root().version + 1;
    const auto bytes = fetch(metadataPath(kRoot, nextVersion), options.rootBytes, cancel);
    if (!bytes && bytes.error().code == ErrorCode::FetchNotFound) {
      break;
    }
    if (!bytes) {
      return fail(bytes.error());
    }
    if (++rotations > options.maxRootRotations) {
      return fail(
          ErrorCode::TrustLength,
          QStringLiteral("The repository offers more than %1 new roots at once.").arg(options.maxRootRotations));
    }
    SEALIFT_TRY(const bool mustForget, state.set.updateRoot(*bytes));
    if (mustForget) {
      // 5.3.11. Before the root is stored: a kill in between only makes the next run come here again.
      SEALIFT_CHECK(cache.remove(kTimestamp));
      SEALIFT_CHECK(cache.remove(kSnapshot));
    }
    SEALIFT_CHECK(cache.write(kRoot, *bytes));  // 5.3.8
  }
  return state.set.checkRootFreshness();  // 5.3.10
}

// 5.4
Status Client::Private::updateTimestamp(TrustedState& state, const CancelToken& cancel) {
  if (const auto cached = cache.read(kTimestamp, options.timestampBytes)) {
    // The one trusted before counts against rollback even when it has expired, unless its keys were replaced.
    ignoreUnusable(state.set.updateTimestamp(*cached));
  }
  if (state.source == Source::CacheOnly) {
    return state.set.checkTimestampFreshness();
  }
  SEALIFT_TRY(const QByteArray bytes, fetch(metadataPath(kTimestamp, 0), options.timestampBytes, cancel));
  SEALIFT_TRY(const bool isNew, state.set.updateTimestamp(bytes));
  SEALIFT_CHECK(state.set.checkTimestampFreshness());        // 5.4.4
  return isNew ? cache.write(kTimestamp, bytes) : Status();  // 5.4.5
}

// 5.5
Status Client::Private::updateSnapshot(TrustedState& state, const CancelToken& cancel) {
  const MetaFile& announced = state.set.timestamp()->snapshot;
  const qint64 maxBytes = announced.length.value_or(options.snapshotBytes);
  const auto cached = cache.read(kSnapshot, std::max(maxBytes, options.snapshotBytes));
  if (cached) {
    ignoreUnusable(state.set.setPreviousSnapshot(*cached));
    const Status unchanged = state.set.updateSnapshot(*cached);
    if (unchanged || state.source == Source::CacheOnly) {
      return unchanged;
    }
  } else if (state.source == Source::CacheOnly) {
    return fail(cached.error());
  }
  const qint64 version = versionInName(state.set, announced.version);
  SEALIFT_TRY(const QByteArray bytes, fetch(metadataPath(kSnapshot, version), maxBytes, cancel));  // 5.5.1
  SEALIFT_CHECK(state.set.updateSnapshot(bytes));
  return cache.write(kSnapshot, bytes);  // 5.5.7
}

// 5.6.1 to 5.6.6
Status Client::Private::loadTargets(TrustedState& state, const QString& role, const QString& delegator,
                                    const CancelToken& cancel) {
  if (state.set.targets(role) != nullptr) {
    return state.set.checkDelegation(role, delegator);
  }
  const auto announced = state.set.snapshot()->files.constFind(role);
  if (announced == state.set.snapshot()->files.constEnd()) {
    return fail(ErrorCode::TrustMalformed, QStringLiteral("The snapshot does not name \"%1\".").arg(role.left(200)));
  }
  const qint64 maxBytes = announced->length.value_or(options.targetsBytes);
  const auto cached = cache.read(role, maxBytes);
  if (cached) {
    const Status unchanged = state.set.updateTargets(*cached, role, delegator);
    if (unchanged || state.source == Source::CacheOnly) {
      return unchanged;
    }
  } else if (state.source == Source::CacheOnly) {
    return failBecause(ErrorCode::NotFound,
                       QStringLiteral("The metadata of \"%1\" was not fetched yet.").arg(role.left(200)),
                       cached.error());
  }
  const qint64 version = versionInName(state.set, announced->version);
  SEALIFT_TRY(const QByteArray bytes, fetch(metadataPath(role, version), maxBytes, cancel));
  SEALIFT_CHECK(state.set.updateTargets(bytes, role, delegator));
  return cache.write(role, bytes);
}

// 5.6.7: pre-order depth-first search.
Result<TargetInfo> Client::Private::findTarget(TrustedState& state, const QString& path, int mostRoles,
                                               const CancelToken& cancel) {
  struct Visit {
    QString role;
    QString delegator;
  };
  QList<Visit> toVisit{{kTargets, kRoot}};
  QSet<QString> visited;
  while (!toVisit.isEmpty()) {
    const Visit visit = toVisit.takeLast();
    if (visited.contains(visit.role)) {
      continue;
    }
    // 5.6.7.1: a limit on the roles visited.
    if (visited.size() >= mostRoles) {
      return fail(ErrorCode::TrustTargetMissing,
                  QStringLiteral("\"%1\" was not found in the first %2 roles.").arg(path).arg(mostRoles));
    }
    visited.insert(visit.role);
    SEALIFT_CHECK(cancel.check());
    SEALIFT_CHECK(loadTargets(state, visit.role, visit.delegator, cancel));
    const TargetsMetadata* metadata = state.set.targets(visit.role);
    const auto found = metadata->targets.constFind(path);
    if (found != metadata->targets.constEnd()) {
      return *found;
    }
    if (!metadata->delegations) {
      continue;
    }
    if (metadata->delegations->succinct) {
      toVisit.append({metadata->delegations->succinct->roleFor(path), visit.role});
      continue;
    }
    // 5.6.7.2: in the order of the delegations; a terminating one that matches ends the search after itself.
    QList<Visit> children;
    for (const DelegatedRole& role : metadata->delegations->roles) {
      if (!role.delegates(path)) {
        continue;
      }
      children.prepend({role.name, visit.role});
      if (role.terminating) {
        toVisit.clear();
        break;
      }
    }
    toVisit.append(children);
  }
  return fail(ErrorCode::TrustTargetMissing, QStringLiteral("The vendor does not publish \"%1\".").arg(path));
}

Result<TrustedState*> Client::Private::requireTrusted() {
  if (!trusted) {
    return fail(ErrorCode::NotFound, QStringLiteral("The vendor's metadata was not loaded yet."),
                QStringLiteral("Refresh the vendor first."));
  }
  return &*trusted;
}

Result<TargetInfo> Client::target(const QString& path, const CancelToken& cancel) {
  SEALIFT_TRY(TrustedState * state, d_->requireTrusted());
  return d_->findTarget(*state, path, d_->options.maxDelegations, cancel);
}

Result<QList<TargetInfo>> Client::targets(const CancelToken& cancel) {
  SEALIFT_TRY(TrustedState * state, d_->requireTrusted());
  // Every role that is delegated to, each loaded once for each delegator.
  QStringList toExpand{kTargets};
  QSet<QString> known{kTargets};
  QSet<QString> paths;
  for (qsizetype i = 0; i < toExpand.size(); ++i) {
    const QString delegator = toExpand.at(i);
    const TargetsMetadata* metadata = state->set.targets(delegator);
    for (auto target = metadata->targets.begin(); target != metadata->targets.end(); ++target) {
      paths.insert(target.key());
    }
    if (!metadata->delegations) {
      continue;
    }
    QStringList children;
    if (const auto& succinct = metadata->delegations->succinct) {
      const quint64 bins = 1ULL << succinct->bitLength;
      for (quint64 bin = 0; bin < bins && children.size() <= d_->options.maxListedRoles; ++bin) {
        children.append(succinct->roleName(bin));
      }
    }
    for (const DelegatedRole& role : metadata->delegations->roles) {
      children.append(role.name);
    }
    if (known.size() + children.size() > d_->options.maxListedRoles) {
      return fail(
          ErrorCode::TrustLength,
          QStringLiteral("The repository has more than %1 roles; it can't be listed.").arg(d_->options.maxListedRoles));
    }
    for (const QString& child : children) {
      SEALIFT_CHECK(cancel.check());
      SEALIFT_CHECK(d_->loadTargets(*state, child, delegator, cancel));
      if (!known.contains(child)) {
        known.insert(child);
        toExpand.append(child);
      }
    }
  }
  // A role may list what it was not delegated: only what a search finds counts.
  QMap<QString, TargetInfo> found;
  for (const QString& path : paths) {
    const auto target = d_->findTarget(*state, path, d_->options.maxDelegations, cancel);
    if (target) {
      found.insert(path, *target);
    } else if (target.error().code != ErrorCode::TrustTargetMissing) {
      return fail(target.error());
    }
  }
  return found.values();
}

// 5.7.1 and 5.7.3: what a target is asked for by.
Result<QString> Client::Private::requestPathOf(const TargetInfo& target) {
  SEALIFT_TRY(const TrustedState* state, requireTrusted());
  if (!isSafeTargetPath(target.path)) {
    return fail(ErrorCode::TrustMalformed,
                QStringLiteral("The target path \"%1\" is not safe to use.").arg(target.path.left(200)));
  }
  if (target.hashes.isEmpty()) {
    return fail(ErrorCode::TrustHashMismatch,
                QStringLiteral("\"%1\" is described by hashes of unknown kinds only.").arg(target.path));
  }
  // 5.7.3: with consistent snapshots the name begins with one of the hashes.
  const QString name =
      state->set.root().consistentSnapshot ? hashPrefixedPath(target.path, target.hashes.first()) : target.path;
  return joined(options.targetsPath, encodePath(name));
}

// 5.7.2: its length and all of its hashes.
Result<QByteArray> Client::download(const TargetInfo& target, const CancelToken& cancel) {
  SEALIFT_TRY(const QString requestPath, d_->requestPathOf(target));
  const auto bytes = d_->fetch(requestPath, target.length, cancel);
  if (!bytes) {
    return missingIfNotFound(target, bytes.error());
  }
  SEALIFT_CHECK(checkLengthAndHashes(target.path, *bytes, target.length, true, target.hashes));
  return *bytes;
}

Status Client::downloadTo(const QString& filePath, const TargetInfo& target, const CancelToken& cancel) {
  SEALIFT_TRY(const QString requestPath, d_->requestPathOf(target));
  const Status fetched = downloadTarget(d_->fetcher, requestPath, target, filePath, cancel);
  return fetched ? fetched : missingIfNotFound(target, fetched.error());
}

TrustSummary Client::summary() const {
  if (!d_->trusted) {
    return {};
  }
  const TrustedMetadataSet& set = d_->trusted->set;
  return {d_->fingerprint, set.root().consistentSnapshot, set.summary()};
}

}  // namespace sealift::tuf
