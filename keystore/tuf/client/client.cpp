#include "keystore/tuf/client/client.h"

#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/client/metadata_cache.h"
#include "keystore/tuf/client/target_download.h"
#include "keystore/tuf/client/target_search.h"
#include "keystore/tuf/client/trusted_metadata_set.h"
#include "keystore/tuf/client/update_workflow.h"
#include "keystore/tuf/repository_path.h"

namespace sealift::tuf {

namespace {

constexpr qint64 kMostRootBytes = 512 * 1024;

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

  // A fetcher that ignores the limit is no excuse for taking more.
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) {
    SEALIFT_TRY(QByteArray bytes, fetcher.fetch(path, maxBytes, cancel));
    if (bytes.size() > maxBytes) {
      return fail(ErrorCode::TrustLength,
                  QStringLiteral("%1 is longer than %2 bytes.").arg(path, QString::number(maxBytes)));
    }
    return bytes;
  }

  Status update(Source source, Freshness freshness, const CancelToken& cancel);
  LoadRole roleLoader(TrustedState& state, const CancelToken& cancel);
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
  // 5.1: the time is read once and stays the same for all of the update.
  UpdateWorkflow workflow(cache, fetcher, options);
  SEALIFT_TRY(auto set, workflow.run(source, *rootBytes, clock.nowUtc(), freshness, cancel));
  fingerprint = pinned;
  trusted = TrustedState{std::move(set), source};
  return {};
}

LoadRole Client::Private::roleLoader(TrustedState& state, const CancelToken& cancel) {
  return [this, &state, cancel](const QString& role, const QString& delegator) -> Status {
    SEALIFT_CHECK(cancel.check());
    return UpdateWorkflow(cache, fetcher, options).loadTargets(state.set, state.source, role, delegator, cancel);
  };
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
  return findTarget(state->set, path, d_->options.maxDelegations, d_->roleLoader(*state, cancel));
}

Result<TargetListing> Client::targets(const CancelToken& cancel) {
  SEALIFT_TRY(TrustedState * state, d_->requireTrusted());
  return listTargets(state->set, d_->options.maxListedRoles, d_->options.maxDelegations,
                     d_->roleLoader(*state, cancel));
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
  const QString path = encodePath(name);
  return options.targetsPath.isEmpty() ? path : options.targetsPath + QLatin1Char('/') + path;
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
