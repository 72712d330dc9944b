#include "app/catalog/vendor_repository.h"

#include "app/base/disk_space.h"
#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "app/catalog/system_fetchers.h"
#include "keystore/tuf/client/client.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kMaxTargets = 100'000;

// For reading what is trusted already: asks nobody.
class NoFetcher final : public tuf::Fetcher {
 public:
  Result<QByteArray> fetch(const QString& path, qint64, const CancelToken&) override {
    return fail(ErrorCode::FetchFailed, QStringLiteral("%1 is not kept on this computer.").arg(path));
  }
};

QList<TrustedRole> rolesOf(const tuf::TrustSummary& summary) {
  QList<TrustedRole> roles;
  for (const tuf::RoleSummary& role : summary.roles) {
    roles << TrustedRole{role.name,     role.version,   role.expires,
                         role.signedAt, role.threshold, static_cast<int>(role.keyIds.size())};
  }
  return roles;
}

QList<ReleaseDelta> deltasTo(const Release& release, const QList<DeltaDocument>& all) {
  QList<ReleaseDelta> deltas;
  for (const DeltaDocument& document : all) {
    if (document.to == release.targetPath && document.model == release.terms.modelId &&
        document.component == release.terms.component) {
      deltas << document.delta;
    }
  }
  std::stable_sort(deltas.begin(), deltas.end(),
                   [](const ReleaseDelta& a, const ReleaseDelta& b) { return a.bytes < b.bytes; });
  return deltas;
}

}  // namespace

const ModelDescription* VendorContents::model(const QString& id) const {
  for (const ModelDescription& candidate : models) {
    if (candidate.id == id) {
      return &candidate;
    }
  }
  return nullptr;
}

const Release* VendorContents::release(const QString& targetPath, const QString& sha256) const {
  for (const Release& candidate : releases) {
    if (candidate.targetPath == targetPath && candidate.sha256 == sha256) {
      return &candidate;
    }
  }
  return nullptr;
}

bool isRepositoryAway(ErrorCode code) {
  switch (code) {
    case ErrorCode::FetchFailed:
    case ErrorCode::FetchRefused:
    case ErrorCode::FetchTls:
    case ErrorCode::Timeout:
    case ErrorCode::Offline:
    case ErrorCode::KeyAbsent:
    case ErrorCode::KeyLocked:
    case ErrorCode::KeyPin:
      return true;
    default:
      return false;
  }
}

Result<std::unique_ptr<tuf::Fetcher>> makeSystemFetcher(const QString& address) {
  return SystemFetchers(std::make_shared<NoPinSource>()).make(address, {});
}

VendorRepository::VendorRepository(const Identity& identity, const QString& folder, const Clock& clock,
                                   FetcherFactory fetchers)
    : identity_(identity),
      folder_(folder),
      clock_(clock),
      fetchers_(std::move(fetchers)),
      store_(folder + QStringLiteral("/targets")) {}

Status VendorRepository::loadTrusted() {
  const std::scoped_lock working(work_);
  SEALIFT_CHECK(makeFolder(folder_ + QStringLiteral("/metadata")));
  SEALIFT_CHECK(tuf::Client::pinRoot(folder_ + QStringLiteral("/metadata"), identity_.initialRoot));
  NoFetcher nobody;
  tuf::Client client(folder_ + QStringLiteral("/metadata"), nobody, clock_);
  if (Status loaded = client.loadCached(tuf::Freshness::NotRequired); !loaded) {
    return {};  // nothing was ever trusted but the root
  }
  return readContents(client, CancelToken());
}

Status VendorRepository::refresh(const CancelToken& cancel) {
  const std::scoped_lock working(work_);
  SEALIFT_CHECK(makeFolder(folder_ + QStringLiteral("/metadata")));
  SEALIFT_CHECK(tuf::Client::pinRoot(folder_ + QStringLiteral("/metadata"), identity_.initialRoot));
  Status last = fail(ErrorCode::FetchFailed, QStringLiteral("%1 has no address.").arg(identity_.name));
  for (const QString& address : identity_.addresses) {
    const Result<std::unique_ptr<tuf::Fetcher>> fetcher = fetchers_(address);
    if (!fetcher) {
      last = tl::unexpected<Error>(fetcher.error());
      continue;
    }
    tuf::Client client(folder_ + QStringLiteral("/metadata"), **fetcher, clock_);
    last = client.refresh(cancel);
    if (last) {
      SEALIFT_CHECK(readContents(client, cancel));
      const std::scoped_lock lock(state_);
      refreshedAt_ = clock_.nowUtc();
      return {};
    }
    // Another address may help when this one is away; when it serves what must not be trusted, that is told instead
    // of papered over.
    if (!isRepositoryAway(last.error().code)) {
      break;
    }
  }
  return last;
}

Result<QStringList> VendorRepository::importBundle(tuf::Fetcher& bundle, const CancelToken& cancel) {
  const std::scoped_lock working(work_);
  SEALIFT_CHECK(makeFolder(folder_ + QStringLiteral("/metadata")));
  SEALIFT_CHECK(tuf::Client::pinRoot(folder_ + QStringLiteral("/metadata"), identity_.initialRoot));
  tuf::Client client(folder_ + QStringLiteral("/metadata"), bundle, clock_);
  SEALIFT_CHECK(client.refresh(cancel));
  SEALIFT_CHECK(readContents(client, cancel));
  SEALIFT_TRY(const tuf::TargetListing offered, client.targets(cancel));
  QStringList taken;
  for (const tuf::TargetInfo& info : offered.targets) {
    const Status obtained = store_.obtain(client, info, cancel);
    if (!obtained && obtained.error().code == ErrorCode::TrustTargetMissing) {
      continue;  // published, but not in this bundle
    }
    SEALIFT_CHECK(obtained);
    taken << info.path;
  }
  const std::scoped_lock lock(state_);
  refreshedAt_ = clock_.nowUtc();
  return taken;
}

// The documents that the interface needs at once: models and lifecycles. Images and notes come with a plan.
Status VendorRepository::readContents(tuf::Client& client, const CancelToken& cancel) {
  SEALIFT_TRY(const tuf::TargetListing offered, client.targets(cancel));
  const QList<tuf::TargetInfo>& targets = offered.targets;
  VendorContents contents;
  contents.roleProblems = offered.problems;
  QMap<QString, Lifecycle> lifecycles;
  QList<DeltaDocument> deltas;
  if (targets.size() > kMaxTargets) {
    return fail(ErrorCode::CatalogMalformed,
                QStringLiteral("%1 publishes more than %2 files.").arg(identity_.name).arg(kMaxTargets));
  }
  for (const tuf::TargetInfo& info : targets) {
    const auto note = [&](const Error& error) {
      contents.problems << QStringLiteral("%1: %2").arg(info.path, error.message());
    };
    const Result<TargetKind> kind = parseTargetKind(info.custom);
    if (!kind) {
      note(kind.error());
      continue;
    }
    if (kind->kind == QLatin1String("firmware")) {
      Result<Release> release =
          parseRelease(identity_.id, info.path, info.length, info.hashes.value(DigestAlgorithm::Sha256), info.custom);
      if (release && release->sha256.isEmpty()) {
        note(makeError(ErrorCode::CatalogMalformed, QStringLiteral("The release has no SHA-256.")));
      } else if (release) {
        contents.releases << *release;
      } else {
        note(release.error());
      }
      continue;
    }
    if (kind->kind == QLatin1String("delta")) {
      if (Result<DeltaDocument> delta = parseDelta(info.path, info.length, info.custom)) {
        deltas << *delta;
      } else {
        note(delta.error());
      }
      continue;
    }
    const bool isModel = kind->kind == QLatin1String("model");
    if (!isModel && kind->kind != QLatin1String("lifecycle")) {
      continue;
    }
    const Result<QByteArray> bytes = document(client, info, cancel);
    SEALIFT_CHECK(cancel.check());
    if (!bytes) {
      note(bytes.error());
      continue;
    }
    if (isModel) {
      if (Result<ModelDescription> model = parseModel(identity_.id, *bytes)) {
        contents.models << *model;
      } else {
        note(model.error());
      }
    } else if (Result<LifecycleDocument> document = parseLifecycle(*bytes)) {
      lifecycles[document->model] = document->lifecycle;
    } else {
      note(document.error());
    }
  }
  for (ModelDescription& model : contents.models) {
    model.lifecycle = lifecycles.value(model.id);
  }
  for (Release& release : contents.releases) {
    release.deltas = deltasTo(release, deltas);
  }
  store_.forgetParts(targets);
  const std::scoped_lock lock(state_);
  contents_ = contents;
  roles_ = rolesOf(client.summary());
  return {};
}

Result<QByteArray> VendorRepository::document(tuf::Client& client, const tuf::TargetInfo& info,
                                              const CancelToken& cancel) const {
  if (info.length > kModelMaxBytes) {
    return fail(ErrorCode::FileTooLarge,
                QStringLiteral("%1 has %2 bytes.").arg(info.path, QString::number(info.length)));
  }
  SEALIFT_CHECK(store_.obtain(client, info, cancel));
  return store_.read(info, kModelMaxBytes);
}

Result<QByteArray> VendorRepository::target(const QString& path, qint64 maxBytes, const CancelToken& cancel) {
  SEALIFT_TRY(Obtained obtained, obtain(path, maxBytes, cancel));
  return std::move(obtained.bytes);
}

Result<VendorRepository::Obtained> VendorRepository::obtain(const QString& path, qint64 maxBytes,
                                                            const CancelToken& cancel) {
  const std::scoped_lock working(work_);
  Status last = fail(ErrorCode::FetchFailed, QStringLiteral("%1 has no address.").arg(identity_.name));
  NoFetcher nobody;
  {
    // What is kept is not asked for, and needs no address that answers.
    tuf::Client client(folder_ + QStringLiteral("/metadata"), nobody, clock_);
    SEALIFT_CHECK(client.loadCached(tuf::Freshness::NotRequired));  // checkFresh() is a check of its own
    SEALIFT_TRY(const tuf::TargetInfo info, client.target(path, cancel));
    Result<QByteArray> kept = store_.read(info, maxBytes);
    // A full disk is found before anything is fetched, and before a device is touched whose record could not be kept.
    SEALIFT_CHECK(requireRoom(folder_, kept ? 0 : store_.missingBytes(info), QStringLiteral("the image")));
    if (kept) {
      return Obtained{std::move(*kept), 0};
    }
    if (kept.error().code == ErrorCode::FileTooLarge) {
      return fail(kept.error());
    }
  }
  for (const QString& address : identity_.addresses) {
    const Result<std::unique_ptr<tuf::Fetcher>> fetcher = fetchers_(address);
    if (!fetcher) {
      last = tl::unexpected<Error>(fetcher.error());
      continue;
    }
    tuf::Client client(folder_ + QStringLiteral("/metadata"), **fetcher, clock_);
    SEALIFT_CHECK(client.loadCached(tuf::Freshness::NotRequired));
    SEALIFT_TRY(const tuf::TargetInfo info, client.target(path, cancel));
    last = store_.obtain(client, info, cancel);  // what one address began another one ends
    SEALIFT_CHECK(cancel.check());
    if (last) {
      SEALIFT_TRY(QByteArray bytes, store_.read(info, maxBytes));
      return Obtained{std::move(bytes), info.length};
    }
  }
  return tl::unexpected<Error>(last.error());
}

VendorContents VendorRepository::contents() const {
  const std::scoped_lock lock(state_);
  return contents_;
}

QList<TrustedRole> VendorRepository::roles() const {
  const std::scoped_lock lock(state_);
  return roles_;
}

Status VendorRepository::checkFresh() const {
  const std::scoped_lock lock(state_);
  const QDateTime now = clock_.nowUtc();
  if (roles_.isEmpty()) {
    return fail(ErrorCode::NotFound, QStringLiteral("Nothing was fetched from %1 yet.").arg(identity_.name));
  }
  for (const TrustedRole& role : roles_) {
    const bool carriesAll = role.role == QLatin1String("root") || role.role == QLatin1String("timestamp") ||
                            role.role == QLatin1String("snapshot") || role.role == QLatin1String("targets");
    if (carriesAll && role.version > 0 && role.expires <= now) {
      return fail(
          ErrorCode::TrustExpired,
          QStringLiteral("The vendor's %1 metadata expired on %2.").arg(role.role, role.expires.toString(Qt::ISODate)));
    }
  }
  return {};
}

Status VendorRepository::checkFresh(const QString& targetPath) const {
  SEALIFT_CHECK(checkFresh());
  const std::scoped_lock working(work_);
  NoFetcher nobody;
  tuf::Client client(folder_ + QStringLiteral("/metadata"), nobody, clock_);
  SEALIFT_CHECK(client.loadCached());
  return client.target(targetPath, CancelToken()).map([](const tuf::TargetInfo&) {});
}

QDateTime VendorRepository::refreshedAt() const {
  const std::scoped_lock lock(state_);
  return refreshedAt_;
}

}  // namespace sealift
