#include "app/services/vendor_service.h"

#include "app/base/file_io.h"
#include "app/catalog/vendor_file.h"
#include "app/services/refusal.h"
#include "app/store/vendor_table.h"
#include "keystore/crypto/digest.h"
#include "keystore/tuf/client/client.h"
#include "keystore/tuf/fingerprint_words.h"

#include <QDir>

#include <algorithm>

namespace sealift {
namespace {

QString refreshedKey(const QString& id) {
  return QStringLiteral("vendor.%1.refreshed").arg(id);
}

AuditOutcome outcomeOfProblem(ErrorCode code) {
  return isRefusal(code) || code == ErrorCode::FetchTls ? AuditOutcome::Refused : AuditOutcome::Failed;
}

// A part of the offer is left out, the rest stands.
std::optional<Error> problemOfRoles(const VendorRepository& repository) {
  const QList<tuf::RoleProblem> problems = repository.contents().roleProblems;
  if (problems.isEmpty()) {
    return std::nullopt;
  }
  QStringList roles;
  for (const tuf::RoleProblem& problem : problems) {
    roles << problem.role;
  }
  constexpr qsizetype kNamed = 5;
  const QString named =
      roles.mid(0, kNamed).join(QStringLiteral(", ")) + (roles.size() > kNamed ? QStringLiteral(" …") : QString());
  const Error& first = problems.first().error;
  return Error{.code = first.code,
               .what = QStringLiteral("What the vendor publishes under %1 is left out. %2").arg(named, first.what),
               .remedy = first.remedy,
               .cause = first.cause};
}

}  // namespace

qint64 VendorService::rootVersionOf(const VendorRepository& repository) {
  for (const TrustedRole& role : repository.roles()) {
    if (role.role == QLatin1String("root")) {
      return role.version;
    }
  }
  return 0;
}

QString VendorService::folderOf(const QString& id) const {
  return core_.dataFolder + QStringLiteral("/vendors/") + id;
}

std::shared_ptr<VendorRepository> VendorService::open(const VendorRepository::Identity& identity) const {
  return std::make_shared<VendorRepository>(
      identity, folderOf(identity.id), *core_.clock,
      [this, id = identity.id](const QString& address) { return core_.network->makeFetcher(address, accessOf(id)); });
}

Status VendorService::load() {
  SEALIFT_TRY(const QList<VendorRow> rows, VendorTable(*core_.database).list());
  QList<Known> loaded;
  for (const VendorRow& row : rows) {
    SEALIFT_TRY(const std::optional<QString> access, SettingTable(*core_.database).find(accessKey(row.id)));
    if (access) {
      SEALIFT_TRY(const VendorAccess parsed, VendorAccess::parse(access->toUtf8()));
      setAccess(row.id, parsed);
    }
    Known known{.repository = open({row.id, row.name, row.addresses, row.initialRoot}),
                .fingerprint = row.fingerprint,
                .addedMs = row.addedMs,
                .refreshedMs = 0,
                .problem = std::nullopt};
    if (Status trusted = known.repository->loadTrusted(); !trusted) {
      known.problem = trusted.error();
    }
    SEALIFT_TRY(const std::optional<QString> refreshed, SettingTable(*core_.database).find(refreshedKey(row.id)));
    known.refreshedMs = refreshed ? refreshed->toLongLong() : 0;
    loaded << known;
  }
  const std::scoped_lock lock(mutex_);
  known_ = loaded;
  return {};
}

Result<VendorCandidate> VendorService::readFile(const QString& path) {
  SEALIFT_TRY(const QByteArray bytes, sealift::readFile(path, kVendorFileMaxBytes));
  SEALIFT_TRY(const VendorFile file, VendorFile::parse(bytes));
  SEALIFT_TRY(const tuf::TrustSummary root, tuf::Client::inspectRoot(file.root));
  VendorCandidate candidate;
  candidate.name = file.name;
  candidate.addresses = file.addresses;
  candidate.fingerprint = root.fingerprint;
  candidate.words = tuf::fingerprintWords(root.fingerprint);
  for (const tuf::RoleSummary& role : root.roles) {
    if (role.name == QLatin1String("root")) {
      candidate.rootThreshold = role.threshold;
      candidate.rootKeys = static_cast<int>(role.keyIds.size());
    }
  }
  if (!file.authorities.isEmpty()) {
    SEALIFT_TRY(candidate.authorities, inspectAuthorities(file.authorities));
  }
  candidate.file = bytes;
  return candidate;
}

Result<VendorView> VendorService::add(const VendorCandidate& candidate, const QString& confirmedFingerprint,
                                      const CancelToken& cancel) {
  SEALIFT_TRY(const VendorFile file, VendorFile::parse(candidate.file));
  SEALIFT_TRY(const tuf::TrustSummary root, tuf::Client::inspectRoot(file.root));
  if (confirmedFingerprint.compare(root.fingerprint, Qt::CaseInsensitive) != 0) {
    return fail(ErrorCode::TrustFingerprint,
                QStringLiteral("The confirmed fingerprint is not that of %1's root.").arg(file.name));
  }
  const QString folder = folderOf(file.id);
  {
    const std::scoped_lock lock(mutex_);
    for (const Known& known : known_) {
      if (known.repository->identity().id == file.id) {
        return known.fingerprint == root.fingerprint
                   ? fail(ErrorCode::AlreadyExists, QStringLiteral("%1 was added before.").arg(file.name))
                   : fail(ErrorCode::TrustRootChanged,
                          QStringLiteral("%1 was added before with another root of trust.").arg(file.name));
      }
    }
  }
  // What an earlier life of this vendor left behind must not speak for the new root.
  QDir(folder).removeRecursively();
  const qint64 now = core_.nowMs();
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(VendorTable(*core_.database)
                    .insert({.id = file.id,
                             .name = file.name,
                             .addresses = file.addresses,
                             .initialRoot = file.root,
                             .fingerprint = root.fingerprint,
                             .metadataFolder = folder,
                             .addedMs = now}));
  SEALIFT_CHECK(core_.record(
      transaction, {.event = AuditEvent::VendorAdded,
                    .actor = {},
                    .subject = {QStringLiteral("vendor"), file.id, file.name},
                    .outcome = AuditOutcome::Ok,
                    .code = {},
                    .message = QStringLiteral("The root of %1 was compared and is trusted now.").arg(file.name),
                    .details = {{QStringLiteral("fingerprint"), root.fingerprint}}}));
  if (!file.authorities.isEmpty()) {
    SEALIFT_CHECK(SettingTable(*core_.database)
                      .set(accessKey(file.id), QString::fromUtf8(VendorAccess{file.authorities, {}, {}}.toBytes())));
  }
  SEALIFT_CHECK(transaction.commit());
  setAccess(file.id, {file.authorities, {}, {}});
  Known known{.repository = open({file.id, file.name, file.addresses, file.root}),
              .fingerprint = root.fingerprint,
              .addedMs = now,
              .refreshedMs = 0,
              .problem = std::nullopt};
  SEALIFT_CHECK(known.repository->loadTrusted());
  {
    const std::scoped_lock lock(mutex_);
    known_ << known;
  }
  changed_();
  // The vendor is trusted now, whether or not its repository can be read: what stands against that is in the view.
  if (Result<VendorView> refreshed = refresh(file.id, cancel)) {
    return refreshed;
  }
  const std::scoped_lock lock(mutex_);
  const auto it =
      std::find_if(known_.begin(), known_.end(), [&](const Known& k) { return k.repository == known.repository; });
  return view(it != known_.end() ? *it : known);
}

Result<VendorView> VendorService::refresh(const QString& id, const CancelToken& cancel) {
  const std::shared_ptr<VendorRepository> repository = this->repository(id);
  if (!repository) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no vendor \"%1\".").arg(id));
  }
  const qint64 oldRoot = rootVersionOf(*repository);
  const Status refreshed = repository->refresh(cancel);
  SEALIFT_CHECK(noteRefreshed(repository, refreshed, oldRoot, {}));
  const std::scoped_lock lock(mutex_);
  for (const Known& known : known_) {
    if (known.repository == repository) {
      return view(known);
    }
  }
  return fail(ErrorCode::NotFound, QStringLiteral("The vendor was removed meanwhile."));
}

// Remembers and records how it went; gives the error of `refreshed` back.
Status VendorService::noteRefreshed(const std::shared_ptr<VendorRepository>& repository, const Status& refreshed,
                                    qint64 oldRoot, const QJsonObject& details) {
  const QString id = repository->identity().id;
  const AuditSubject subject{QStringLiteral("vendor"), id, repository->identity().name};
  {
    const std::scoped_lock lock(mutex_);
    for (Known& known : known_) {
      if (known.repository == repository) {
        known.problem = refreshed ? problemOfRoles(*repository) : std::optional<Error>(refreshed.error());
        known.refreshedMs = refreshed ? core_.nowMs() : known.refreshedMs;
      }
    }
  }
  changed_();
  if (!refreshed) {
    const ErrorCode code = refreshed.error().code;
    SEALIFT_CHECK(core_.record({.event = AuditEvent::VendorRefreshFailed,
                                .actor = {},
                                .subject = subject,
                                .outcome = outcomeOfProblem(code),
                                .code = errorCodeName(code),
                                .message = refreshed.error().message(),
                                .details = details}));
    return refreshed;
  }
  SEALIFT_CHECK(SettingTable(*core_.database).set(refreshedKey(id), QString::number(core_.nowMs())));
  const qint64 newRoot = rootVersionOf(*repository);
  if (oldRoot != 0 && newRoot != oldRoot) {
    SEALIFT_CHECK(core_.record({.event = AuditEvent::VendorRootRotated,
                                .actor = {},
                                .subject = subject,
                                .outcome = AuditOutcome::Recorded,
                                .code = {},
                                .message = QStringLiteral("The vendor's root changed, signed by the old root's keys."),
                                .details = {{QStringLiteral("from"), oldRoot}, {QStringLiteral("to"), newRoot}}}));
  }
  QJsonObject versions = details;
  for (const TrustedRole& role : repository->roles()) {
    versions[role.role] = role.version;
  }
  for (const tuf::RoleProblem& problem : repository->contents().roleProblems) {
    SEALIFT_CHECK(core_.record({.event = AuditEvent::VendorRefreshFailed,
                                .actor = {},
                                .subject = subject,
                                .outcome = outcomeOfProblem(problem.error.code),
                                .code = errorCodeName(problem.error.code),
                                .message = QStringLiteral("%1: %2").arg(problem.role, problem.error.message()),
                                .details = {{QStringLiteral("role"), problem.role}}}));
  }
  return core_.record({.event = AuditEvent::VendorRefreshed,
                       .actor = {},
                       .subject = subject,
                       .outcome = AuditOutcome::Ok,
                       .code = {},
                       .message = QStringLiteral("timestamp %1").arg(versions[QStringLiteral("timestamp")].toInteger()),
                       .details = versions});
}

Status VendorService::remove(const QString& id) {
  SEALIFT_TRY(const std::optional<VendorRow> row, VendorTable(*core_.database).find(id));
  if (!row) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no vendor \"%1\".").arg(id));
  }
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(VendorTable(*core_.database).remove(id));
  SEALIFT_CHECK(SettingTable(*core_.database).remove(accessKey(id)));
  SEALIFT_CHECK(core_.record(transaction, {.event = AuditEvent::VendorRemoved,
                                           .actor = {},
                                           .subject = {QStringLiteral("vendor"), id, row->name},
                                           .outcome = AuditOutcome::Ok,
                                           .code = {},
                                           .message = QStringLiteral("%1 is no longer trusted.").arg(row->name),
                                           .details = {{QStringLiteral("fingerprint"), row->fingerprint}}}));
  SEALIFT_CHECK(transaction.commit());
  {
    const std::scoped_lock lock(mutex_);
    known_.removeIf([&](const Known& known) { return known.repository->identity().id == id; });
    access_.remove(id);
  }
  QDir(folderOf(id)).removeRecursively();
  changed_();
  return {};
}

VendorView VendorService::view(const Known& known) const {
  VendorView view;
  view.id = known.repository->identity().id;
  view.name = known.repository->identity().name;
  view.addresses = known.repository->identity().addresses;
  view.fingerprint = known.fingerprint;
  view.added = QDateTime::fromMSecsSinceEpoch(known.addedMs, Qt::UTC);
  if (known.refreshedMs > 0) {
    view.refreshed = QDateTime::fromMSecsSinceEpoch(known.refreshedMs, Qt::UTC);
  }
  const Status fresh = known.repository->checkFresh();
  view.fresh = fresh && !known.problem;
  view.problem = known.problem;
  if (!view.problem && !fresh) {
    view.problem = fresh.error();
  }
  const VendorAccess access = access_.value(view.id);  // the caller holds the lock
  view.authorities = inspectAuthorities(access.authorities).value_or(QStringList());
  view.clientCertificate = access.clientCertificate;
  view.clientKey = access.clientKey;
  for (const TrustedRole& role : known.repository->roles()) {
    view.roles << VendorRoleView{role.role, role.version, role.expires, role.threshold, role.keys};
  }
  const VendorContents contents = known.repository->contents();
  for (const ModelDescription& model : contents.models) {
    view.models << model.name;
  }
  return view;
}

QList<VendorView> VendorService::views() const {
  const std::scoped_lock lock(mutex_);
  QList<VendorView> views;
  for (const Known& known : known_) {
    views << view(known);
  }
  return views;
}

QList<std::shared_ptr<VendorRepository>> VendorService::repositories() const {
  const std::scoped_lock lock(mutex_);
  QList<std::shared_ptr<VendorRepository>> repositories;
  for (const Known& known : known_) {
    repositories << known.repository;
  }
  return repositories;
}

QString VendorService::nameAmongStations(const QString& deviceId) const {
  const std::shared_ptr<VendorRepository> vendor = repository(deviceId.section(u'/', 0, 0));
  return vendor && deviceId.contains(u'/')
             ? QString::fromLatin1(sha256(vendor->identity().initialRoot).toHex()) + u'/' + deviceId
             : QString();
}

std::shared_ptr<VendorRepository> VendorService::repository(const QString& id) const {
  const std::scoped_lock lock(mutex_);
  for (const Known& known : known_) {
    if (known.repository->identity().id == id) {
      return known.repository;
    }
  }
  return nullptr;
}

std::optional<Error> VendorService::problem(const QString& id) const {
  const std::scoped_lock lock(mutex_);
  for (const Known& known : known_) {
    if (known.repository->identity().id == id) {
      return known.problem;
    }
  }
  return std::nullopt;
}

}  // namespace sealift
