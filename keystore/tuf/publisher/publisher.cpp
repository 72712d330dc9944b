#include "app/base/file_io.h"
#include "keystore/secrets/file_signer.h"
#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/publisher/publisher_p.h"
#include "keystore/tuf/repository_path.h"

#include <QFile>

#include <algorithm>
#include <array>

namespace sealift::tuf {

namespace {

const QString kConfigPath = QStringLiteral("repository.json");

const std::array<QString, 4>& topLevelRoles() {
  static const std::array<QString, 4> kRoles{kRoot, kTargets, kSnapshot, kTimestamp};
  return kRoles;
}

RolePolicy& policyOf(RepositoryPolicy& policy, const QString& role) {
  if (role == kRoot) {
    return policy.root;
  }
  if (role == kTargets) {
    return policy.targets;
  }
  return role == kSnapshot ? policy.snapshot : policy.timestamp;
}

}  // namespace

Publisher::Publisher(std::unique_ptr<Private> d) : d_(std::move(d)) {}
Publisher::~Publisher() = default;

Status Publisher::Private::takeLock() {
  SEALIFT_CHECK(makeFolder(folder));
  lock = std::make_unique<QLockFile>(files.absolute(QStringLiteral("lock")));
  lock->setStaleLockTime(0);  // a lock is stale when its process is gone, not when it takes long
  if (!lock->tryLock(0)) {
    return lock->error() == QLockFile::LockFailedError
               ? fail(ErrorCode::StoreBusy, QStringLiteral("Another process works on the repository %1.").arg(folder),
                      QStringLiteral("Wait until it has ended and try again."))
               : fail(ErrorCode::FileWrite, QStringLiteral("The repository %1 could not be locked.").arg(folder));
  }
  return {};
}

Status Publisher::Private::loadConfig() {
  SEALIFT_TRY(config, files.readJson(kConfigPath));
  const auto days = config.find("expiryDays");
  bool isSound = config.is_object() && days != config.end() && days->is_object();
  for (const QString& role : topLevelRoles()) {
    isSound = isSound && days->contains(role.toStdString());
  }
  if (isSound) {
    isSound = std::all_of(days->begin(), days->end(),
                          [](const Json& value) { return value.is_number_integer() && value >= 1 && value <= 36500; });
  }
  if (!isSound) {
    return fail(
        ErrorCode::TrustMalformed,
        QStringLiteral("%1 does not say after how many days each role expires.").arg(files.absolute(kConfigPath)),
        QStringLiteral("Restore the file from a backup."));
  }
  if (!config.contains("keys") || !config["keys"].is_object()) {
    config["keys"] = Json::object();
  }
  return {};
}

Status Publisher::Private::saveConfig() {
  return files.write(kConfigPath, QByteArray::fromStdString(config.dump(2)) + '\n');
}

void Publisher::Private::loadKeys() {
  keyring.loadFolder(files.absolute(QStringLiteral("keys")));
  for (const auto& [keyId, key] : config["keys"].items()) {
    if (const Json address = key.is_object() ? key.value("address", Json()) : Json(); address.is_string()) {
      keyring.addAddress(toQString(keyId), toQString(address.get_ref<const std::string&>()));
    }
  }
}

int Publisher::Private::expiryDays(const QString& role) const {
  const Json& days = config["expiryDays"];
  return days.value(role.toStdString(), days["targets"].get<int>());
}

Status Publisher::Private::init(RepositoryPolicy policy, const QMap<QString, QList<std::shared_ptr<Signer>>>& given) {
  config = {{"schema", 1}, {"expiryDays", Json::object()}, {"keys", Json::object()}};
  Json roles = Json::object();
  Json keys = Json::object();
  SEALIFT_CHECK(makeFolder(files.absolute(QStringLiteral("keys"))));
  for (const QString& role : topLevelRoles()) {
    const RolePolicy& rolePolicy = policyOf(policy, role);
    QList<std::shared_ptr<Signer>> roleSigners = given.value(role);
    const int count = std::max(rolePolicy.keys, rolePolicy.threshold);
    for (int i = 1; roleSigners.size() < count; ++i) {
      // A key may be there already when an earlier attempt was interrupted.
      const QString path = files.absolute(QStringLiteral("keys/%1-%2.pem").arg(role).arg(i));
      SEALIFT_TRY(std::shared_ptr<Signer> signer,
                  QFile::exists(path) ? FileSigner::load(path) : FileSigner::create(path, policy.keyType));
      roleSigners.append(std::move(signer));
    }
    Json keyIds = Json::array();
    for (const std::shared_ptr<Signer>& signer : roleSigners) {
      const QString keyId = keyIdOf(signer->publicKey());
      keys[keyId.toStdString()] = keyToJson(signer->publicKey());
      keyIds.push_back(keyId.toStdString());
      keyring.add(signer, {});
    }
    roles[role.toStdString()] = {{"keyids", std::move(keyIds)}, {"threshold", rolePolicy.threshold}};
    config["expiryDays"][role.toStdString()] = rolePolicy.expiryDays;
  }
  SEALIFT_CHECK(saveConfig());

  const QDateTime now = clock.nowUtc();
  Json root = freshPart(kRoot);
  root["consistent_snapshot"] = true;
  root["keys"] = std::move(keys);
  root["roles"] = std::move(roles);
  advance(root, 1, now, policy.root.expiryDays);
  SEALIFT_TRY(const RootMetadata parsedRoot, parseRoot({root, {}, {}}));
  QList<std::pair<QString, QByteArray>> writes;
  const auto add = [&](const QString& role, const Json& signedPart) -> Result<QByteArray> {
    Document document{role, signedPart};
    const QList<SigningDemand> demands{{parsedRoot.keys, parsedRoot.roles.value(role)}};
    SEALIFT_CHECK(signWithKeyring(document, keyring, demands));
    SEALIFT_CHECK(checkDemands(document, demands));
    writes.append({RepositoryFiles::metadataPath(role, role == kTimestamp ? 0 : 1), document.bytes()});
    return document.bytes();
  };
  Json targets = freshPart(kTargets);
  targets["targets"] = Json::object();
  advance(targets, 1, now, policy.targets.expiryDays);
  SEALIFT_TRY(const QByteArray targetsBytes, add(kTargets, targets));
  Json snapshot = freshPart(kSnapshot);
  snapshot["meta"] = {{"targets.json", announceFile(1, targetsBytes)}};
  advance(snapshot, 1, now, policy.snapshot.expiryDays);
  SEALIFT_TRY(const QByteArray snapshotBytes, add(kSnapshot, snapshot));
  Json timestamp = freshPart(kTimestamp);
  timestamp["meta"] = {{"snapshot.json", announceFile(1, snapshotBytes)}};
  advance(timestamp, 1, now, policy.timestamp.expiryDays);
  SEALIFT_CHECK(add(kTimestamp, timestamp));
  SEALIFT_CHECK(add(kRoot, root));  // last: from then on this is a repository
  for (const auto& [path, bytes] : writes) {
    SEALIFT_CHECK(files.write(path, bytes));
  }
  return published.load();
}

Result<std::unique_ptr<Publisher>> Publisher::init(const QString& folder, const RepositoryPolicy& policy,
                                                   const Clock& clock,
                                                   const QMap<QString, QList<std::shared_ptr<Signer>>>& signers,
                                                   const PublisherHooks& hooks) {
  auto d = std::make_unique<Private>(folder, clock, OpenOptions{nullptr, false, hooks});
  SEALIFT_CHECK(d->takeLock());
  if (d->files.exists(RepositoryFiles::metadataPath(kRoot, 1))) {
    return fail(ErrorCode::AlreadyExists, QStringLiteral("There is a repository in %1 already.").arg(folder));
  }
  SEALIFT_CHECK(d->init(policy, signers));
  return std::unique_ptr<Publisher>(new Publisher(std::move(d)));
}

Result<std::unique_ptr<Publisher>> Publisher::open(const QString& folder, const Clock& clock,
                                                   const OpenOptions& options) {
  auto d = std::make_unique<Private>(folder, clock, options);
  if (!d->files.exists(RepositoryFiles::metadataPath(kRoot, 1))) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no repository in %1.").arg(folder),
                QStringLiteral("Make one with: sealiftctl repo init"));
  }
  if (!options.readOnly) {
    SEALIFT_CHECK(d->takeLock());
  }
  SEALIFT_CHECK(d->loadConfig());
  d->loadKeys();
  SEALIFT_CHECK(d->published.load());
  SEALIFT_CHECK(d->staging.load());
  return std::unique_ptr<Publisher>(new Publisher(std::move(d)));
}

Status Publisher::addTarget(const QString& path, const QByteArray& bytes, const QJsonObject& custom) {
  return addTargets({{path, bytes, custom}});
}

Status Publisher::addTargets(const QList<NewTarget>& targets) {
  for (const NewTarget& target : targets) {
    if (!isSafeTargetPath(target.path)) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" can't be the path of a target.").arg(target.path),
                  QStringLiteral("Use names separated by '/', none of them empty, \".\" or \"..\"."));
    }
    SEALIFT_CHECK(fromQtJson(target.custom));
  }
  return d_->staging.addTargets(targets);
}

Status Publisher::removeTarget(const QString& path) {
  SEALIFT_TRY(const QList<TargetInfo> known, publishedTargets());
  if (std::any_of(known.begin(), known.end(), [&](const TargetInfo& target) { return target.path == path; })) {
    return d_->staging.removeTarget(path);
  }
  if (d_->staging.targets().contains(path.toStdString())) {
    return d_->staging.dropTarget(path);
  }
  return fail(ErrorCode::TrustTargetMissing, QStringLiteral("The repository has no target \"%1\".").arg(path),
              QStringLiteral("Check the path."));
}

Result<NextState> Publisher::Private::nextState() const {
  NextState next(published, staging);
  SEALIFT_CHECK(next.apply());
  return next;
}

Result<QString> Publisher::roleFor(const QString& path) const {
  SEALIFT_TRY(const NextState next, d_->nextState());
  return next.roleFor(path);
}

Status Publisher::renew(const QString& role) {
  if (role == kRoot) {
    return d_->staging.setRoot(d_->staging.root().is_null() ? d_->published.rootPart() : d_->staging.root());
  }
  if (role == kSnapshot || role == kTimestamp) {
    return {};  // every publishing makes new ones
  }
  SEALIFT_TRY(const NextState next, d_->nextState());
  const QList<RoleNode>& nodes = next.roles();
  if (std::none_of(nodes.begin(), nodes.end(),
                   [&](const RoleNode& node) { return node.name == role || node.group == role; })) {
    return fail(ErrorCode::NotFound, QStringLiteral("The repository has no role \"%1\".").arg(role),
                QStringLiteral("sealiftctl repo status lists the roles."));
  }
  return d_->staging.addRenewal(role);
}

QList<StagedChange> Publisher::stagedChanges() const {
  QList<StagedChange> changes;
  if (!d_->staging.root().is_null()) {
    changes.append({StagedChange::Kind::NewRoot, {}});
  }
  for (const auto& [delegator, delegations] : d_->staging.delegations().items()) {
    changes.append({StagedChange::Kind::Delegations, toQString(delegator)});
  }
  const QStringList renewals = d_->staging.renewals();
  for (const QString& role : renewals) {
    changes.append({StagedChange::Kind::Renewal, role});
  }
  for (const auto& [path, entry] : d_->staging.targets().items()) {
    changes.append(
        {entry.is_null() ? StagedChange::Kind::RemoveTarget : StagedChange::Kind::AddTarget, toQString(path)});
  }
  return changes;
}

PublicationContext Publisher::Private::context() {
  return {files,         published, staging, keyring, [this](const RoleNode& node) { return expiryDays(node); },
          clock.nowUtc()};
}

Error Publisher::Private::explainMissing(const Publication& publication) const {
  QStringList reasons;
  for (const Publication::Part& part : publication.parts()) {
    if (part.missing) {
      reasons.append(part.missing->what);
    }
  }
  constexpr qsizetype kMostReasons = 5;
  if (reasons.size() > kMostReasons) {
    reasons = reasons.mid(0, kMostReasons) + QStringList(QStringLiteral("And so on."));
  }
  if (!keyring.problems().isEmpty()) {
    reasons.append(QStringLiteral("Keys that could not be used: %1").arg(keyring.problems().join(QLatin1Char(' '))));
  }
  return makeError(ErrorCode::TrustThreshold,
                   QStringLiteral("Nothing was published: signatures are missing. %1").arg(reasons.join(u' ')),
                   QStringLiteral("Bring the missing keys and publish again, or have it signed where they are: "
                                  "sealiftctl repo request-signatures."));
}

Status Publisher::publish() {
  Publication publication(d_->context());
  SEALIFT_CHECK(publication.prepare());
  if (!publication.isComplete()) {
    return fail(d_->explainMissing(publication));
  }
  Status done = publication.write();
  if (done) {
    done = d_->staging.clear();
  }
  // After an error, too: what is on the disk counts.
  SEALIFT_CHECK(d_->published.load());
  return done;
}

Status Publisher::refreshTimestamp() {
  const QDateTime now = d_->clock.nowUtc();
  const RootMetadata& root = d_->published.root();
  QList<std::pair<QString, QByteArray>> writes;
  const auto add = [&](const QString& role, const Json& signedPart) -> Result<QByteArray> {
    Document document{role, signedPart};
    const QList<SigningDemand> demands{{root.keys, root.roles.value(role)}};
    SEALIFT_CHECK(signWithKeyring(document, d_->keyring, demands));
    if (const Status checked = checkDemands(document, demands); !checked) {
      const QStringList& problems = d_->keyring.problems();
      return fail(
          checked.error().code,
          checked.error().what +
              (problems.isEmpty() ? QString() : QStringLiteral(" Keys that could not be used: ") + problems.join(u' ')),
          QStringLiteral("The key of \"%1\" is needed here; nothing was changed.").arg(role));
    }
    writes.append(
        {RepositoryFiles::metadataPath(role, role == kTimestamp ? 0 : versionIn(signedPart)), document.bytes()});
    return document.bytes();
  };
  Json timestamp = d_->published.timestampPart();
  advance(timestamp, versionIn(timestamp) + 1, now, d_->expiryDays(kTimestamp));
  if (expiresIn(d_->published.snapshotPart()) < expiresIn(timestamp)) {
    Json snapshot = d_->published.snapshotPart();
    advance(snapshot, versionIn(snapshot) + 1, now, d_->expiryDays(kSnapshot));
    SEALIFT_TRY(const QByteArray bytes, add(kSnapshot, snapshot));
    timestamp["meta"] = {{"snapshot.json", announceFile(versionIn(snapshot), bytes)}};
  }
  SEALIFT_CHECK(add(kTimestamp, timestamp));
  for (const auto& [path, bytes] : writes) {
    SEALIFT_CHECK(d_->files.write(path, bytes));
  }
  return d_->published.load();
}

QByteArray Publisher::rootBytes(qint64 version) const {
  return d_->files.read(RepositoryFiles::metadataPath(kRoot, version)).value_or(QByteArray());
}

QString Publisher::publicFolder() const {
  return d_->files.absolute(QStringLiteral("public"));
}

}  // namespace sealift::tuf
