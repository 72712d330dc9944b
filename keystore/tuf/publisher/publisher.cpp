#include "keystore/tuf/publisher/publisher.h"

#include "app/base/file_io.h"
#include "keystore/secrets/file_signer.h"
#include "keystore/tuf/canonical_json.h"
#include "keystore/tuf/publisher/metadata_writer.h"
#include "keystore/tuf/publisher/staging_area.h"
#include "keystore/tuf/repository_path.h"

#include <QDir>
#include <QLockFile>

#include <algorithm>
#include <array>

namespace sealift::tuf {

namespace {

const QString kConfigPath = QStringLiteral("repository.json");
constexpr const char* kSpecVersion = "1.0.31";

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

Json announce(qint64 version, const QByteArray& bytes) {
  return {{"version", version},
          {"length", static_cast<qint64>(bytes.size())},
          {"hashes", {{"sha256", sha256(bytes).toHex().toStdString()}}}};
}

}  // namespace

struct Publisher::Private {
  Private(const QString& folderPath, const Clock& theClock, const PublisherHooks& hooks)
      : folder(folderPath), files(folderPath, hooks), clock(theClock), staging(files) {}

  QString folder;
  RepositoryFiles files;
  const Clock& clock;
  StagingArea staging;
  std::unique_ptr<QLockFile> lock;
  Signers signers;
  QStringList unusableKeys;  // why key files could not be opened
  QMap<QString, int> expiryDays;
  RootMetadata root;
  Json rootJson;
  TargetsMetadata targets;
  Json targetsJson;
  Json snapshotJson;
  Json timestampJson;

  Status takeLock();
  Status loadKeys(const SecretBytes& passphrase);
  Status loadConfig();
  Status loadPublished();
  Result<Json> loadSigned(const QString& role, qint64 version) const;
  Status init(RepositoryPolicy policy, const QMap<QString, QList<std::shared_ptr<Signer>>>& given);

  QString expiresFor(const QString& role, const QDateTime& now) const {
    return formatExpires(now.addDays(expiryDays.value(role)));
  }
  void renew(Json& signedPart, const QString& role, const QDateTime& now) const {
    signedPart["version"] = signedPart.value("version", Json::number_integer_t{0}) + 1;
    signedPart["expires"] = expiresFor(role, now).toStdString();
  }
  Json freshMetadata(const QString& role) const {
    return {{"_type", role.toStdString()}, {"spec_version", kSpecVersion}, {"version", 0}};
  }
  bool isHalfOver(const Json& signedPart, const QString& role, const QDateTime& now) const;
  Json targetsWithChanges() const;
  Status publish(bool renewTargets);
  Error explainMissingKeys(const Error& error) const;
};

Publisher::Publisher(std::unique_ptr<Private> d) : d_(std::move(d)) {}
Publisher::~Publisher() = default;

Status Publisher::Private::takeLock() {
  SEALIFT_CHECK(makeFolder(folder));
  lock = std::make_unique<QLockFile>(files.absolute(QStringLiteral("lock")));
  lock->setStaleLockTime(0);  // a lock is stale when its process is gone, not when it takes long
  if (!lock->tryLock(0)) {
    return fail(ErrorCode::StoreBusy, QStringLiteral("Another process works on the repository %1.").arg(folder));
  }
  return {};
}

Status Publisher::Private::loadKeys(const SecretBytes& passphrase) {
  const QDir keys(files.absolute(QStringLiteral("keys")));
  const QStringList names = keys.entryList({QStringLiteral("*.pem")}, QDir::Files, QDir::Name);
  for (const QString& name : names) {
    auto signer = FileSigner::load(keys.filePath(name), passphrase);
    if (signer) {
      const QString keyId = keyIdOf((*signer)->publicKey());
      signers.insert(keyId, std::move(*signer));
    } else {
      unusableKeys.append(signer.error().message());
    }
  }
  return {};
}

Status Publisher::Private::loadConfig() {
  SEALIFT_TRY(const Json config, files.readJson(kConfigPath));
  for (const QString& role : topLevelRoles()) {
    const Json::json_pointer at("/expiryDays/" + role.toStdString());
    const auto* days = config.contains(at) ? config[at].get_ptr<const Json::number_integer_t*>() : nullptr;
    if (days == nullptr || *days < 1 || *days > 36500) {
      return fail(
          ErrorCode::TrustMalformed,
          QStringLiteral("%1 does not say after how many days \"%2\" expires.").arg(files.absolute(kConfigPath), role));
    }
    expiryDays.insert(role, static_cast<int>(*days));
  }
  return {};
}

Result<Json> Publisher::Private::loadSigned(const QString& role, qint64 version) const {
  SEALIFT_TRY(const QByteArray bytes, files.read(RepositoryFiles::metadataPath(role, version)));
  SEALIFT_TRY(const Envelope envelope, parseEnvelope(bytes));
  return envelope.signedPart;
}

// What readers see counts: from the timestamp down, whatever else a kill may have left in the folder.
Status Publisher::Private::loadPublished() {
  qint64 rootVersion = 1;
  while (files.exists(RepositoryFiles::metadataPath(kRoot, rootVersion + 1))) {
    ++rootVersion;
  }
  SEALIFT_TRY(rootJson, loadSigned(kRoot, rootVersion));
  SEALIFT_TRY(root, parseRoot({rootJson, {}, {}}));
  SEALIFT_TRY(timestampJson, loadSigned(kTimestamp, 0));
  SEALIFT_TRY(const TimestampMetadata timestamp, parseTimestamp({timestampJson, {}, {}}));
  SEALIFT_TRY(snapshotJson, loadSigned(kSnapshot, timestamp.snapshot.version));
  SEALIFT_TRY(const SnapshotMetadata snapshot, parseSnapshot({snapshotJson, {}, {}}));
  SEALIFT_TRY(targetsJson, loadSigned(kTargets, snapshot.files.value(kTargets).version));
  SEALIFT_TRY(targets, parseTargets({targetsJson, {}, {}}, kTargets));
  return {};
}

Status Publisher::Private::init(RepositoryPolicy policy, const QMap<QString, QList<std::shared_ptr<Signer>>>& given) {
  Json config = {{"schema", 1}, {"expiryDays", Json::object()}};
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
      signers.insert(keyId, signer);
    }
    roles[role.toStdString()] = {{"keyids", std::move(keyIds)}, {"threshold", rolePolicy.threshold}};
    config["expiryDays"][role.toStdString()] = rolePolicy.expiryDays;
    expiryDays.insert(role, rolePolicy.expiryDays);
  }
  SEALIFT_CHECK(files.write(kConfigPath, QByteArray::fromStdString(config.dump(2)) + '\n'));

  const QDateTime now = clock.nowUtc();
  rootJson = freshMetadata(kRoot);
  rootJson["consistent_snapshot"] = true;
  rootJson["keys"] = std::move(keys);
  rootJson["roles"] = std::move(roles);
  renew(rootJson, kRoot, now);
  SEALIFT_TRY(root, parseRoot({rootJson, {}, {}}));
  targetsJson = freshMetadata(kTargets);
  targetsJson["targets"] = Json::object();
  snapshotJson = freshMetadata(kSnapshot);
  snapshotJson["meta"] = Json::object();
  timestampJson = freshMetadata(kTimestamp);
  SEALIFT_TRY(const QByteArray rootBytes, writeMetadata(rootJson, signers, {{root, kRoot}}));
  SEALIFT_CHECK(publish(true));
  // Last: from now on this is a repository.
  SEALIFT_CHECK(files.write(RepositoryFiles::metadataPath(kRoot, 1), rootBytes));
  return loadPublished();
}

Result<std::unique_ptr<Publisher>> Publisher::init(const QString& folder, const RepositoryPolicy& policy,
                                                   const Clock& clock,
                                                   const QMap<QString, QList<std::shared_ptr<Signer>>>& signers,
                                                   const PublisherHooks& hooks) {
  auto d = std::make_unique<Private>(folder, clock, hooks);
  SEALIFT_CHECK(d->takeLock());
  if (d->files.exists(RepositoryFiles::metadataPath(kRoot, 1))) {
    return fail(ErrorCode::AlreadyExists, QStringLiteral("There is a repository in %1 already.").arg(folder));
  }
  SEALIFT_CHECK(d->init(policy, signers));
  return std::unique_ptr<Publisher>(new Publisher(std::move(d)));
}

Result<std::unique_ptr<Publisher>> Publisher::open(const QString& folder, const Clock& clock,
                                                   const SecretBytes& passphrase, const PublisherHooks& hooks) {
  auto d = std::make_unique<Private>(folder, clock, hooks);
  if (!d->files.exists(RepositoryFiles::metadataPath(kRoot, 1))) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no repository in %1.").arg(folder),
                QStringLiteral("Make one with: sealiftctl repo init"));
  }
  SEALIFT_CHECK(d->takeLock());
  SEALIFT_CHECK(d->loadConfig());
  SEALIFT_CHECK(d->loadKeys(passphrase));
  SEALIFT_CHECK(d->loadPublished());
  SEALIFT_CHECK(d->staging.load());
  return std::unique_ptr<Publisher>(new Publisher(std::move(d)));
}

void Publisher::addSigner(std::shared_ptr<Signer> signer) {
  const QString keyId = keyIdOf(signer->publicKey());
  d_->signers.insert(keyId, std::move(signer));
}

Result<QString> Publisher::generateKey(const QString& name, KeyType type, const SecretBytes& passphrase) {
  if (!isSafeTargetPath(name) || name.contains(QLatin1Char('/')) || name.startsWith(QLatin1Char('.'))) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" can't be the name of a key.").arg(name));
  }
  SEALIFT_CHECK(makeFolder(d_->files.absolute(QStringLiteral("keys"))));
  SEALIFT_TRY(std::shared_ptr<Signer> signer,
              FileSigner::create(d_->files.absolute(QStringLiteral("keys/%1.pem").arg(name)), type, passphrase));
  const QString keyId = keyIdOf(signer->publicKey());
  d_->signers.insert(keyId, std::move(signer));
  return keyId;
}

Status Publisher::addTarget(const QString& path, const QByteArray& bytes, const QJsonObject& custom) {
  if (!isSafeTargetPath(path)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" can't be the path of a target.").arg(path),
                QStringLiteral("Use names separated by '/', none of them empty, \".\" or \"..\"."));
  }
  SEALIFT_TRY(const Json customJson, fromQtJson(custom));
  return d_->staging.addTarget(path, bytes, customJson);
}

Status Publisher::removeTarget(const QString& path) {
  if (d_->targets.targets.contains(path)) {
    return d_->staging.removeTarget(path);
  }
  if (d_->staging.targets().contains(path.toStdString())) {
    return d_->staging.dropTarget(path);
  }
  return fail(ErrorCode::TrustTargetMissing, QStringLiteral("The repository has no target \"%1\".").arg(path),
              QStringLiteral("Check the path."));
}

Status Publisher::renewRoot() {
  return d_->staging.setRoot(d_->staging.root().is_null() ? d_->rootJson : d_->staging.root());
}

Status Publisher::rotateKey(const QString& role, const QString& oldKeyId, const QString& newKeyId) {
  const auto signer = d_->signers.constFind(newKeyId);
  if (signer == d_->signers.constEnd()) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The new key %1 is not at hand.").arg(newKeyId),
                QStringLiteral("Generate it first with: sealiftctl repo key generate"));
  }
  Json next = d_->staging.root().is_null() ? d_->rootJson : d_->staging.root();
  SEALIFT_TRY(const RootMetadata before, parseRoot({next, {}, {}}));
  const QStringList keyIds = before.roles.value(role).keyIds;
  if (!keyIds.contains(oldKeyId) || keyIds.contains(newKeyId)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("The role \"%1\" must have the old key and must not have the new one yet.").arg(role));
  }
  for (Json& keyId : next["roles"][role.toStdString()]["keyids"]) {
    if (keyId == oldKeyId.toStdString()) {
      keyId = newKeyId.toStdString();
    }
  }
  next["keys"][newKeyId.toStdString()] = keyToJson((*signer)->publicKey());
  const bool isStillUsed = std::any_of(next["roles"].begin(), next["roles"].end(), [&](const Json& roleJson) {
    const Json& ids = roleJson["keyids"];
    return std::find(ids.begin(), ids.end(), Json(oldKeyId.toStdString())) != ids.end();
  });
  if (!isStillUsed) {
    next["keys"].erase(oldKeyId.toStdString());
  }
  return d_->staging.setRoot(next);
}

QList<StagedChange> Publisher::stagedChanges() const {
  QList<StagedChange> changes;
  if (!d_->staging.root().is_null()) {
    changes.append({StagedChange::Kind::NewRoot, {}});
  }
  for (const auto& [path, entry] : d_->staging.targets().items()) {
    changes.append(
        {entry.is_null() ? StagedChange::Kind::RemoveTarget : StagedChange::Kind::AddTarget, toQString(path)});
  }
  return changes;
}

bool Publisher::Private::isHalfOver(const Json& signedPart, const QString& role, const QDateTime& now) const {
  const QDateTime expires = parseExpires(toQString(signedPart.value("expires", std::string())));
  const qint64 secondsLeft = now.secsTo(expires);
  return secondsLeft * 2 < qint64{expiryDays.value(role)} * 86400;
}

Json Publisher::Private::targetsWithChanges() const {
  Json next = targetsJson;
  for (const auto& [path, entry] : staging.targets().items()) {
    if (entry.is_null()) {
      next["targets"].erase(path);
    } else {
      next["targets"][path] = entry;
    }
  }
  return next;
}

Error Publisher::Private::explainMissingKeys(const Error& error) const {
  if (error.code != ErrorCode::TrustThreshold) {
    return error;
  }
  const QString unusable =
      unusableKeys.isEmpty() ? QString() : QStringLiteral(" Not usable: %1").arg(unusableKeys.join(QLatin1Char(' ')));
  return makeError(
      ErrorCode::TrustThreshold, error.what + unusable,
      QStringLiteral("Bring the missing keys, or their passphrase, and publish again. Nothing was changed."));
}

// Everything is signed before anything is written.
Status Publisher::Private::publish(bool renewTargets) {
  const QDateTime now = clock.nowUtc();
  // With a new root, files are signed for both: readers have the one or the other.
  Json nextRootJson = staging.root().is_null() ? rootJson : staging.root();
  const bool hasNewRoot = !staging.root().is_null();
  if (hasNewRoot) {
    nextRootJson["version"] = root.version;
    renew(nextRootJson, kRoot, now);
  }
  SEALIFT_TRY(const RootMetadata nextRoot, parseRoot({nextRootJson, {}, {}}));
  bool rootFirst = false;
  const auto sign = [&](const Json& signedPart, const QString& role) -> Result<QByteArray> {
    auto bytes = writeMetadata(signedPart, signers, {{root, role}, {nextRoot, role}});
    if (!bytes && hasNewRoot && role != kRoot) {
      // The old key is lost. Readers of the old root can't be served any more, so the new root has to come first.
      bytes = writeMetadata(signedPart, signers, {{nextRoot, role}});
      rootFirst = rootFirst || bytes.has_value();
    }
    if (!bytes) {
      return fail(explainMissingKeys(bytes.error()));
    }
    return bytes;
  };
  const auto rotates = [&](const QString& role) { return root.roles.value(role) != nextRoot.roles.value(role); };

  QList<std::pair<QString, QByteArray>> writes;
  for (const auto& [path, entry] : staging.targets().items()) {
    if (!entry.is_null()) {
      SEALIFT_TRY(const QByteArray bytes, staging.targetBytes(path));
      writes.append({RepositoryFiles::targetPath(toQString(path), sha256(bytes)), bytes});
    }
  }
  Json nextTargets = targetsWithChanges();
  Json nextSnapshot = snapshotJson;
  if (renewTargets || !staging.targets().empty() || rotates(kTargets)) {
    renew(nextTargets, kTargets, now);
    SEALIFT_TRY(const QByteArray bytes, sign(nextTargets, kTargets));
    const qint64 version = nextTargets["version"].get<qint64>();
    nextSnapshot["meta"]["targets.json"] = announce(version, bytes);
    writes.append({RepositoryFiles::metadataPath(kTargets, version), bytes});
  }
  renew(nextSnapshot, kSnapshot, now);
  SEALIFT_TRY(const QByteArray snapshotBytes, sign(nextSnapshot, kSnapshot));
  const qint64 snapshotVersion = nextSnapshot["version"].get<qint64>();
  writes.append({RepositoryFiles::metadataPath(kSnapshot, snapshotVersion), snapshotBytes});
  Json nextTimestamp = timestampJson;
  nextTimestamp["meta"] = {{"snapshot.json", announce(snapshotVersion, snapshotBytes)}};
  renew(nextTimestamp, kTimestamp, now);
  SEALIFT_TRY(const QByteArray timestampBytes, sign(nextTimestamp, kTimestamp));
  writes.append({RepositoryFiles::metadataPath(kTimestamp, 0), timestampBytes});
  if (hasNewRoot) {
    SEALIFT_TRY(const QByteArray bytes, sign(nextRootJson, kRoot));
    writes.insert(rootFirst ? writes.size() - 1 : writes.size(),
                  {RepositoryFiles::metadataPath(kRoot, nextRoot.version), bytes});
  }

  for (const auto& [path, bytes] : writes) {
    SEALIFT_CHECK(files.write(path, bytes));
  }
  SEALIFT_CHECK(staging.clear());
  return {};
}

Status Publisher::publish() {
  const bool renewTargets = d_->isHalfOver(d_->targetsJson, kTargets, d_->clock.nowUtc());
  const Status published = d_->publish(renewTargets);
  // After an error, too: what is on the disk counts.
  SEALIFT_CHECK(d_->loadPublished());
  return published;
}

Status Publisher::refreshTimestamp() {
  const QDateTime now = d_->clock.nowUtc();
  const QDateTime expires = parseExpires(d_->expiresFor(kTimestamp, now));
  const SigningDemand timestampDemand{d_->root, kTimestamp};
  Json nextTimestamp = d_->timestampJson;
  QList<std::pair<QString, QByteArray>> writes;
  if (parseExpires(toQString(d_->snapshotJson.value("expires", std::string()))) < expires) {
    Json nextSnapshot = d_->snapshotJson;
    d_->renew(nextSnapshot, kSnapshot, now);
    SEALIFT_TRY(const QByteArray bytes, writeMetadata(nextSnapshot, d_->signers, {{d_->root, kSnapshot}}));
    const qint64 version = nextSnapshot["version"].get<qint64>();
    nextTimestamp["meta"] = {{"snapshot.json", announce(version, bytes)}};
    writes.append({RepositoryFiles::metadataPath(kSnapshot, version), bytes});
  }
  d_->renew(nextTimestamp, kTimestamp, now);
  SEALIFT_TRY(const QByteArray bytes, writeMetadata(nextTimestamp, d_->signers, {timestampDemand}));
  writes.append({RepositoryFiles::metadataPath(kTimestamp, 0), bytes});
  for (const auto& [path, content] : writes) {
    SEALIFT_CHECK(d_->files.write(path, content));
  }
  return d_->loadPublished();
}

QList<TargetInfo> Publisher::targets() const {
  const auto parsed = parseTargets({d_->targetsWithChanges(), {}, {}}, kTargets);
  return parsed ? parsed->targets.values() : d_->targets.targets.values();
}

TrustSummary Publisher::summary() const {
  const auto inspect = [&](const QString& role, const Json& signedPart) {
    const RoleKeys keys = d_->root.roles.value(role);
    return RoleSummary{role, signedPart.value("version", Json::number_integer_t{0}),
                       parseExpires(toQString(signedPart.value("expires", std::string()))), keys.threshold,
                       keys.keyIds};
  };
  TrustSummary summary;
  if (const auto initial = d_->loadSigned(kRoot, 1)) {
    summary.fingerprint = QString::fromLatin1(sha256(canonicalJson(*initial)).toHex());
  }
  summary.consistentSnapshot = d_->root.consistentSnapshot;
  summary.roles = {inspect(kRoot, d_->rootJson), inspect(kTimestamp, d_->timestampJson),
                   inspect(kSnapshot, d_->snapshotJson), inspect(kTargets, d_->targetsJson)};
  return summary;
}

QByteArray Publisher::rootBytes(qint64 version) const {
  return d_->files.read(RepositoryFiles::metadataPath(kRoot, version)).value_or(QByteArray());
}

QString Publisher::publicFolder() const {
  return d_->files.absolute(QStringLiteral("public"));
}

}  // namespace sealift::tuf
