#include "app/services/repository_desk.h"

#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "app/services/key_type_name.h"
#include "keystore/secrets/open_signer.h"
#include "keystore/tuf/metadata_signing.h"
#include "keystore/tuf/publisher/publisher.h"

#include <QFileInfo>
#include <QRegularExpression>
#include <QUuid>

#include <algorithm>

namespace sealift {
namespace {

constexpr qint64 kMostPublicKeyBytes = 64 * 1024;

// The repository, opened for one piece of work.
struct Opened {
  std::unique_ptr<PinSource> pins;
  std::unique_ptr<tuf::Publisher> publisher;
  tuf::Publisher* operator->() const { return publisher.get(); }
};

Result<Opened> openRepository(const QString& folder, const Clock& clock, const PinAccess& access,
                              bool readOnly = false) {
  Opened opened{makePinSource(access), nullptr};
  SEALIFT_TRY(opened.publisher, tuf::Publisher::open(folder, clock, {opened.pins.get(), readOnly, {}}));
  return opened;
}

// A key by its id, a file with its public part, or the address of its private part.
Result<PublicKey> findKey(tuf::Publisher& publisher, const QString& text) {
  static const QRegularExpression kKeyId(QStringLiteral("\\A[0-9a-f]{64}\\z"));
  if (kKeyId.match(text).hasMatch()) {
    return publisher.publicKey(text);
  }
  if (const auto bytes = readFile(text, kMostPublicKeyBytes); bytes && bytes->contains("BEGIN PUBLIC KEY")) {
    return PublicKey::fromPem(*bytes);
  }
  return publisher.addKeyAddress(text);
}

Result<QList<PublicKey>> findKeys(tuf::Publisher& publisher, const QStringList& texts, const QString& newName) {
  QList<PublicKey> keys;
  for (const QString& text : texts) {
    SEALIFT_TRY(const PublicKey key, findKey(publisher, text));
    keys.append(key);
  }
  if (keys.isEmpty()) {
    const QString name = QStringLiteral("%1-%2").arg(newName, QUuid::createUuid().toString(QUuid::Id128).left(8));
    SEALIFT_TRY(const QString keyId, publisher.generateKey(name, KeyType::Ed25519));
    SEALIFT_TRY(const PublicKey key, publisher.publicKey(keyId));
    keys.append(key);
  }
  return keys;
}

QString sentenceOf(const tuf::StagedChange& change) {
  switch (change.kind) {
    case tuf::StagedChange::Kind::AddTarget:
      return QStringLiteral("Publish %1.").arg(change.path);
    case tuf::StagedChange::Kind::RemoveTarget:
      return QStringLiteral("Withdraw %1.").arg(change.path);
    case tuf::StagedChange::Kind::NewRoot:
      return QStringLiteral("A new root.");
    case tuf::StagedChange::Kind::Delegations:
      return QStringLiteral("Change what %1 delegates.").arg(change.path);
    case tuf::StagedChange::Kind::Renewal:
      break;
  }
  return QStringLiteral("Sign %1 anew.").arg(change.path);
}

QJsonObject descriptionOf(const tuf::TargetInfo& target) {
  return target.custom.value(QLatin1String("sealift")).toObject();
}

// The targets of one release: its image, and whatever else lies in its folder.
bool belongsToRelease(const tuf::TargetInfo& target, const QString& model, const QString& version) {
  const QJsonObject description = descriptionOf(target);
  return target.path.startsWith(QStringLiteral("firmware/%1/%2/").arg(model, version)) ||
         (description.value(QLatin1String("kind")) == QLatin1String("firmware") &&
          description.value(QLatin1String("model")) == model && description.value(QLatin1String("version")) == version);
}

}  // namespace

Result<QString> RepositoryDesk::generateKey(const QString& name, const QString& keyType, const QString& address) {
  SEALIFT_TRY(const KeyType type, keyTypeFromName(keyType));
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  if (address.isEmpty()) {
    return repository->generateKey(name, type);
  }
  SEALIFT_TRY(const KeyAddress parsed, KeyAddress::parse(address));
  SEALIFT_CHECK(createKey(parsed, {type, 3072}, *repository.pins));
  SEALIFT_TRY(const PublicKey key, repository->addKeyAddress(address));
  return tuf::keyIdOf(key);
}

Result<QString> RepositoryDesk::addKey(const QString& role, const QString& key, const std::optional<int>& threshold) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  SEALIFT_TRY(const PublicKey found, findKey(*repository.publisher, key));
  SEALIFT_CHECK(repository->addRoleKey(role, found));
  if (threshold) {
    SEALIFT_CHECK(repository->setThreshold(role, *threshold));
  }
  return tuf::keyIdOf(found);
}

Result<QString> RepositoryDesk::replaceKey(const QString& role, const QString& oldKeyId, const QString& key) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  const QStringList named = key.isEmpty() ? QStringList() : QStringList(key);
  QString old = oldKeyId;
  if (old.isEmpty()) {
    const QList<tuf::KeyState> keys = repository->keys();
    QStringList candidates;
    for (const tuf::KeyState& state : keys) {
      if (state.roles.contains(role)) {
        candidates.append(state.keyId);
      }
    }
    if (candidates.size() != 1) {
      return fail(ErrorCode::InvalidArgument,
                  QStringLiteral("The role \"%1\" has %2 keys.").arg(role).arg(candidates.size()),
                  QStringLiteral("Say which one is replaced: --old KEYID, one of %1.")
                      .arg(candidates.join(QStringLiteral(", "))));
    }
    old = candidates.first();
  }
  SEALIFT_TRY(const QList<PublicKey> found, findKeys(*repository.publisher, named, role));
  SEALIFT_CHECK(repository->replaceRoleKey(role, old, found.first()));
  return tuf::keyIdOf(found.first());
}

Result<QStringList> RepositoryDesk::revokeKey(const QString& role, const QString& keyId,
                                              const std::optional<int>& threshold) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  QStringList roles{role};
  if (role.isEmpty()) {
    roles.clear();
    const QList<tuf::KeyState> keys = repository->keys();
    for (const tuf::KeyState& key : keys) {
      if (key.keyId == keyId) {
        roles = key.roles;
      }
    }
    if (roles.isEmpty()) {
      return fail(ErrorCode::NotFound, QStringLiteral("No role trusts the key %1.").arg(keyId),
                  QStringLiteral("sealiftctl repo key list tells which keys there are."));
    }
  }
  for (const QString& each : std::as_const(roles)) {
    if (threshold) {
      SEALIFT_CHECK(repository->setThreshold(each, *threshold));
    }
    SEALIFT_CHECK(repository->removeRoleKey(each, keyId));
  }
  return roles;
}

Status RepositoryDesk::setThreshold(const QString& role, int threshold) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  return repository->setThreshold(role, threshold);
}

Result<QList<RepositoryKey>> RepositoryDesk::keys() {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_, true));
  QList<RepositoryKey> keys;
  const QList<tuf::KeyState> states = repository->keys();
  for (const tuf::KeyState& state : states) {
    keys << RepositoryKey{state.keyId, state.type, state.roles, state.place};
  }
  return keys;
}

Result<QString> RepositoryDesk::delegate(const NewDelegation& wanted) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  tuf::RoleDelegation delegation;
  delegation.name = wanted.role.isEmpty() ? wanted.model : wanted.role;
  delegation.delegator = wanted.delegator;
  delegation.paths = wanted.paths;
  if (!wanted.model.isEmpty()) {
    // Not the model's description: it says which keys sign images, so it stays with the vendor's own role.
    delegation.paths << QStringLiteral("firmware/%1/*/*").arg(wanted.model)
                     << QStringLiteral("lifecycle/%1.json").arg(wanted.model);
  }
  if (wanted.keys.size() < wanted.threshold && wanted.threshold > 1) {
    return fail(
        ErrorCode::InvalidArgument,
        QStringLiteral("%1 signatures need %1 keys, and %2 were named.").arg(wanted.threshold).arg(wanted.keys.size()),
        QStringLiteral("Name each with --key."));
  }
  delegation.threshold = wanted.threshold;
  delegation.expiryDays = wanted.expiryDays;
  SEALIFT_TRY(delegation.keys, findKeys(*repository.publisher, wanted.keys, delegation.name));
  SEALIFT_CHECK(repository->delegate(delegation));
  return delegation.name;
}

Status RepositoryDesk::spreadOverBins(const NewBins& wanted) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  tuf::BinsDelegation delegation;
  delegation.delegator = wanted.delegator;
  delegation.bitLength = wanted.bits;
  delegation.namePrefix = wanted.prefix;
  delegation.threshold = wanted.threshold;
  delegation.expiryDays = wanted.expiryDays;
  SEALIFT_TRY(delegation.keys, findKeys(*repository.publisher, wanted.keys, wanted.prefix));
  return repository->delegateToBins(delegation);
}

Status RepositoryDesk::undelegate(const QString& role) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  return repository->undelegate(role);
}

Status RepositoryDesk::setExpiry(const QString& role, int days) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  SEALIFT_TRY(const QList<tuf::RoleState> roles, repository->roles());
  if (std::none_of(roles.begin(), roles.end(), [&](const tuf::RoleState& state) { return state.name == role; })) {
    return fail(ErrorCode::NotFound, QStringLiteral("The repository has no role \"%1\".").arg(role),
                QStringLiteral("sealiftctl repo status lists the roles."));
  }
  return repository->setExpiryDays(role, days);
}

Status RepositoryDesk::renew(const QString& role) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  return repository->renew(role);
}

Result<RepositoryOverview> RepositoryDesk::overview(const std::optional<int>& withinDays) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_, true));
  SEALIFT_TRY(const QList<tuf::RoleState> roles, repository->roles());
  const QDateTime now = clock_.nowUtc();
  RepositoryOverview overview;
  for (const tuf::RoleState& state : roles) {
    constexpr qint64 kSecondsPerDay = 86400;
    const qint64 margin = withinDays ? *withinDays * kSecondsPerDay : state.expiryDays * kSecondsPerDay / 3;
    overview.roles << RepositoryRole{state.name,
                                     state.delegator,
                                     state.version,
                                     state.expires,
                                     state.expiryDays,
                                     state.threshold,
                                     state.keyIds,
                                     state.paths,
                                     state.bins,
                                     state.targets,
                                     state.expires <= now.addSecs(margin)};
  }
  const QList<tuf::StagedChange> changes = repository->stagedChanges();
  for (const tuf::StagedChange& change : changes) {
    overview.staged << sentenceOf(change);
  }
  return overview;
}

Status RepositoryDesk::publish() {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  return repository->publish();
}

Status RepositoryDesk::refreshTimestamp() {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  return repository->refreshTimestamp();
}

Result<QStringList> RepositoryDesk::withdraw(const QString& modelId, const QString& version) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  QStringList withdrawn;
  const QList<tuf::TargetInfo> targets = repository->targets();
  for (const tuf::TargetInfo& target : targets) {
    if (belongsToRelease(target, modelId, version)) {
      SEALIFT_CHECK(repository->removeTarget(target.path));
      withdrawn.append(target.path);
    }
  }
  if (withdrawn.isEmpty()) {
    return fail(ErrorCode::TrustTargetMissing,
                QStringLiteral("The repository has no release %1 of \"%2\".").arg(version, modelId),
                QStringLiteral("Check the model's id and the version."));
  }
  return withdrawn;
}

Result<QString> RepositoryDesk::withdrawTarget(const QString& path) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  SEALIFT_CHECK(repository->removeTarget(path));
  return path;
}

Result<BundleContents> RepositoryDesk::bundle(const QString& outputPath, const QStringList& modelIds,
                                              const QStringList& versions, const CancelToken& cancel) {
  SEALIFT_TRY(const Opened repository, openRepository(folder_, clock_, pins_));
  SEALIFT_TRY(const QList<tuf::TargetInfo> all, repository->publishedTargets());
  QList<tuf::TargetInfo> chosen;
  QStringList unmatchedModels = modelIds;
  QStringList unmatchedVersions = versions;
  for (const tuf::TargetInfo& target : all) {
    const QJsonObject description = descriptionOf(target);
    const QString kind = description.value(QLatin1String("kind")).toString();
    const QString model = description.value(QLatin1String("model")).toString();
    bool isWanted = true;
    if (kind != QLatin1String("model") && kind != QLatin1String("lifecycle")) {
      isWanted = modelIds.isEmpty() || modelIds.contains(model);
      if (isWanted && !versions.isEmpty()) {
        isWanted = false;
        for (const QString& version : versions) {
          if (belongsToRelease(target, model, version)) {
            isWanted = true;
            unmatchedVersions.removeAll(version);
          }
        }
      }
    }
    if (kind == QLatin1String("model") || isWanted) {
      unmatchedModels.removeAll(model);
    }
    if (isWanted) {
      chosen.append(target);
    }
  }
  if (!unmatchedModels.isEmpty() || !unmatchedVersions.isEmpty()) {
    return fail(ErrorCode::NotFound,
                QStringLiteral("Nothing that is published matches %1.")
                    .arg((unmatchedModels + unmatchedVersions).join(QStringLiteral(", "))),
                QStringLiteral("Check the names, and publish first what is staged."));
  }
  SEALIFT_CHECK(repository->writeBundle(outputPath, chosen, cancel));
  return BundleContents{QFileInfo(outputPath).size(), static_cast<int>(chosen.size())};
}

}  // namespace sealift
