// Who may sign: keys, thresholds and delegations.
#include "app/base/file_io.h"
#include "keystore/secrets/file_signer.h"
#include "keystore/tuf/publisher/publisher_p.h"
#include "keystore/tuf/repository_path.h"

#include <algorithm>

namespace sealift::tuf {

namespace {

Json keyIdsOf(const QList<PublicKey>& keys) {
  Json ids = Json::array();
  for (const PublicKey& key : keys) {
    ids.push_back(keyIdOf(key).toStdString());
  }
  return ids;
}

Status checkKeysAndThreshold(const QString& role, const Json& roleObject) {
  const auto keys = static_cast<qint64>(roleObject["keyids"].size());
  const auto threshold = roleObject["threshold"].get<qint64>();
  if (threshold >= 1 && threshold <= keys) {
    return {};
  }
  return fail(ErrorCode::InvalidArgument,
              QStringLiteral("\"%1\" would need %2 signatures and have %3 keys.").arg(role).arg(threshold).arg(keys),
              QStringLiteral("Add a key first, or lower the threshold: sealiftctl repo key threshold."));
}

tl::unexpected<Error> noRole(const QString& role) {
  return fail(ErrorCode::NotFound, QStringLiteral("The repository has no role \"%1\".").arg(role),
              QStringLiteral("sealiftctl repo status lists the roles."));
}

Status checkNewRole(const QString& name, int keys, int threshold, int expiryDays) {
  // The name is part of file names and of addresses, and is read by people.
  const bool isPlain = !name.isEmpty() && name.size() <= 100 && !name.startsWith(u'.') &&
                       std::all_of(name.begin(), name.end(), [](QChar c) {
                         return c.unicode() < 0x80 && (c.isLetterOrNumber() || c == u'-' || c == u'_' || c == u'.');
                       });
  if (!isPlain || isTopLevelRole(name)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" can't be the name of a role.").arg(name),
                QStringLiteral("Use letters, digits, '-', '_' and '.'."));
  }
  if (threshold < 1 || threshold > keys) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("\"%1\" would need %2 signatures and have %3 keys.").arg(name).arg(threshold).arg(keys),
                QStringLiteral("Name as many keys as signatures are needed, or more."));
  }
  if (expiryDays < 1 || expiryDays > 36500) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A role can't expire after %1 days.").arg(expiryDays),
                QStringLiteral("Use 1 to 36500 days."));
  }
  return {};
}

bool isPattern(const QString& path) {
  return isSafeTargetPath(path) && !path.contains(u'[') && !path.contains(u'{');
}

}  // namespace

void Publisher::addSigner(std::shared_ptr<Signer> signer) {
  d_->keyring.add(std::move(signer), {});
}

Result<QString> Publisher::generateKey(const QString& name, KeyType type) {
  if (!isSafeTargetPath(name) || name.contains(QLatin1Char('/')) || name.startsWith(QLatin1Char('.'))) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" can't be the name of a key.").arg(name));
  }
  SEALIFT_CHECK(makeFolder(d_->files.absolute(QStringLiteral("keys"))));
  SEALIFT_TRY(std::shared_ptr<Signer> signer,
              FileSigner::create(d_->files.absolute(QStringLiteral("keys/%1.pem").arg(name)), type));
  const QString keyId = keyIdOf(signer->publicKey());
  d_->keyring.add(std::move(signer), name + QStringLiteral(".pem"));
  return keyId;
}

Result<PublicKey> Publisher::addKeyAddress(const QString& address) {
  SEALIFT_TRY(const std::shared_ptr<Signer> signer, d_->keyring.open(address));
  const PublicKey key = signer->publicKey();
  const QString keyId = keyIdOf(key);
  SEALIFT_TRY(const QString lasting, d_->keyring.lastingForm(address));
  d_->keyring.add(signer, lasting);
  d_->config["keys"][keyId.toStdString()] = {{"address", lasting.toStdString()},
                                             {"type", key.typeName().toStdString()}};
  SEALIFT_CHECK(d_->saveConfig());
  return key;
}

Result<PublicKey> Publisher::publicKey(const QString& keyId) {
  if (const Signer* signer = d_->keyring.signer(keyId)) {
    return signer->publicKey();
  }
  SEALIFT_TRY(const NextState next, d_->nextState());
  if (const auto key = next.root().keys.constFind(keyId); key != next.root().keys.constEnd()) {
    return key->publicKey;
  }
  for (const RoleNode& node : next.roles()) {
    if (const auto key = node.keys.constFind(keyId); key != node.keys.constEnd()) {
      return key->publicKey;
    }
  }
  return fail(ErrorCode::CryptoKey, QStringLiteral("The key %1 is not at hand.").arg(keyId),
              QStringLiteral("sealiftctl repo key list tells which keys there are; repo key generate makes one."));
}

Result<QString> Publisher::Private::delegatorOf(const QString& role) const {
  SEALIFT_TRY(const NextState next, nextState());
  for (const RoleNode& node : next.roles()) {
    if (node.name == role || node.group == role) {
      return node.delegator;
    }
  }
  return noRole(role);
}

Result<Json> Publisher::Private::delegationsOf(const QString& delegator) const {
  SEALIFT_TRY(const NextState next, nextState());
  if (next.role(delegator) == nullptr) {
    return noRole(delegator);
  }
  SEALIFT_TRY(const Json* part, next.targetsPart(delegator));
  const auto delegations = part->find("delegations");
  return delegations == part->end() ? Json{{"keys", Json::object()}} : *delegations;
}

Status Publisher::Private::stageDelegations(const QString& delegator, Json delegations) {
  QList<const Json*> roles;
  if (delegations.contains("succinct_roles")) {
    roles.append(&delegations["succinct_roles"]);
  }
  if (delegations.contains("roles")) {
    for (const Json& role : delegations["roles"]) {
      roles.append(&role);
    }
  }
  if (roles.isEmpty()) {
    return staging.setDelegations(delegator, nullptr);
  }
  keepUsedKeys(delegations["keys"], roles);
  SEALIFT_CHECK(delegationsIn({{"delegations", delegations}}));
  return staging.setDelegations(delegator, delegations);
}

Status Publisher::Private::editRole(const QString& role, const RoleEdit& edit) {
  if (isTopLevelRole(role)) {
    Json next = staging.root().is_null() ? published.rootPart() : staging.root();
    Json& object = next["roles"][role.toStdString()];
    SEALIFT_CHECK(edit(next["keys"], object));
    SEALIFT_CHECK(checkKeysAndThreshold(role, object));
    QList<const Json*> roles;
    for (const Json& each : next["roles"]) {
      roles.append(&each);
    }
    keepUsedKeys(next["keys"], roles);
    SEALIFT_CHECK(parseRoot({next, {}, {}}));
    return staging.setRoot(next);
  }
  SEALIFT_TRY(const QString delegator, delegatorOf(role));
  SEALIFT_TRY(Json delegations, delegationsOf(delegator));
  Json* object = findRole(delegations, role);
  if (object == nullptr) {
    return noRole(role);
  }
  SEALIFT_CHECK(edit(delegations["keys"], *object));
  SEALIFT_CHECK(checkKeysAndThreshold(role, *object));
  return stageDelegations(delegator, std::move(delegations));
}

Status Publisher::addRoleKey(const QString& role, const PublicKey& key) {
  const std::string keyId = keyIdOf(key).toStdString();
  return d_->editRole(role, [&](Json& keys, Json& object) -> Status {
    Json& ids = object["keyids"];
    if (std::find(ids.begin(), ids.end(), Json(keyId)) != ids.end()) {
      return fail(ErrorCode::AlreadyExists, QStringLiteral("\"%1\" has the key %2 already.").arg(role, keyIdOf(key)),
                  QStringLiteral("Nothing is to be done."));
    }
    ids.push_back(keyId);
    keys[keyId] = keyToJson(key);
    return {};
  });
}

Status Publisher::removeRoleKey(const QString& role, const QString& keyId) {
  return d_->editRole(role, [&](Json&, Json& object) -> Status {
    Json& ids = object["keyids"];
    const auto at = std::find(ids.begin(), ids.end(), Json(keyId.toStdString()));
    if (at == ids.end()) {
      return fail(ErrorCode::NotFound, QStringLiteral("\"%1\" has no key %2.").arg(role, keyId),
                  QStringLiteral("sealiftctl repo key list tells which keys a role has."));
    }
    ids.erase(at);
    return {};
  });
}

Status Publisher::replaceRoleKey(const QString& role, const QString& oldKeyId, const PublicKey& newKey) {
  const std::string newId = keyIdOf(newKey).toStdString();
  return d_->editRole(role, [&](Json& keys, Json& object) -> Status {
    Json& ids = object["keyids"];
    const auto at = std::find(ids.begin(), ids.end(), Json(oldKeyId.toStdString()));
    if (at == ids.end() || std::find(ids.begin(), ids.end(), Json(newId)) != ids.end()) {
      return fail(ErrorCode::InvalidArgument,
                  QStringLiteral("The role \"%1\" must have the old key and must not have the new one yet.").arg(role),
                  QStringLiteral("sealiftctl repo key list tells which keys a role has."));
    }
    *at = newId;
    keys[newId] = keyToJson(newKey);
    return {};
  });
}

Status Publisher::setThreshold(const QString& role, int threshold) {
  return d_->editRole(role, [&](Json&, Json& object) -> Status {
    object["threshold"] = threshold;
    return {};
  });
}

Status Publisher::setRoleKeys(const QString& role, const QList<PublicKey>& newKeys, int threshold) {
  return d_->editRole(role, [&](Json& keys, Json& object) -> Status {
    for (const PublicKey& key : newKeys) {
      keys[keyIdOf(key).toStdString()] = keyToJson(key);
    }
    object["keyids"] = keyIdsOf(newKeys);
    object["threshold"] = threshold;
    return {};
  });
}

Status Publisher::rotateKey(const QString& role, const QString& oldKeyId, const QString& newKeyId) {
  const Signer* signer = d_->keyring.signer(newKeyId);
  if (signer == nullptr) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The new key %1 is not at hand.").arg(newKeyId),
                QStringLiteral("Generate it first with: sealiftctl repo key generate"));
  }
  return replaceRoleKey(role, oldKeyId, signer->publicKey());
}

QList<KeyState> Publisher::keys() {
  QMap<QString, KeyState> all;
  const auto note = [&](const RoleKeys& roleKeys, const Keys& keys, const QString& role) {
    for (const QString& keyId : roleKeys.keyIds) {
      KeyState& state = all[keyId];
      state.keyId = keyId;
      const auto key = keys.constFind(keyId);
      state.type = key == keys.constEnd() ? QStringLiteral("unknown") : key->publicKey.typeName();
      if (!state.roles.contains(role)) {
        state.roles.append(role);
      }
    }
  };
  if (const auto next = d_->nextState()) {
    for (const QString& role : {kRoot, kTargets, kSnapshot, kTimestamp}) {
      note(next->root().roles.value(role), next->root().keys, role);
    }
    for (const RoleNode& node : next->roles()) {
      if (node.name != kTargets) {
        note(node.roleKeys, node.keys, node.group);
      }
    }
  }
  const QStringList known = d_->keyring.keyIds();
  for (const QString& keyId : known) {
    KeyState& state = all[keyId];
    state.keyId = keyId;
    state.place = d_->keyring.place(keyId);
    if (state.type.isEmpty()) {  // no role has it: what was noted when it was added, without asking for a PIN
      const Json noted = d_->config["keys"].value(keyId.toStdString(), Json::object());
      const Json type = noted.is_object() ? noted.value("type", Json()) : Json();
      const Signer* signer = type.is_string() ? nullptr : d_->keyring.signer(keyId);
      state.type = type.is_string()    ? toQString(type.get_ref<const std::string&>())
                   : signer == nullptr ? QStringLiteral("unknown")
                                       : signer->publicKey().typeName();
    }
  }
  return all.values();
}

Status Publisher::delegate(const RoleDelegation& wanted) {
  SEALIFT_CHECK(checkNewRole(wanted.name, static_cast<int>(wanted.keys.size()), wanted.threshold, wanted.expiryDays));
  if (wanted.paths.isEmpty() || !std::all_of(wanted.paths.begin(), wanted.paths.end(), isPattern)) {
    return fail(
        ErrorCode::InvalidArgument, QStringLiteral("A delegated role needs the paths that it may hold."),
        QStringLiteral("Write them as firmware/t2/*/*: '*' stands for anything but '/', '?' for one character."));
  }
  SEALIFT_TRY(const NextState next, d_->nextState());
  if (next.role(wanted.name) != nullptr) {
    return fail(ErrorCode::AlreadyExists, QStringLiteral("The repository has a role \"%1\" already.").arg(wanted.name),
                QStringLiteral("Use another name, or change its keys with: sealiftctl repo key"));
  }
  SEALIFT_TRY(Json delegations, d_->delegationsOf(wanted.delegator));
  if (delegations.contains("succinct_roles")) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("\"%1\" spreads its targets over hash bins and can't delegate to other roles.")
                    .arg(wanted.delegator),
                QStringLiteral("Give up the bins first: sealiftctl repo undelegate."));
  }
  Json paths = Json::array();
  for (const QString& path : wanted.paths) {
    paths.push_back(path.toStdString());
  }
  for (const PublicKey& key : wanted.keys) {
    delegations["keys"][keyIdOf(key).toStdString()] = keyToJson(key);
  }
  delegations["roles"].push_back({{"name", wanted.name.toStdString()},
                                  {"keyids", keyIdsOf(wanted.keys)},
                                  {"threshold", wanted.threshold},
                                  {"terminating", wanted.terminating},
                                  {"paths", std::move(paths)}});
  SEALIFT_CHECK(setExpiryDays(wanted.name, wanted.expiryDays));
  return d_->stageDelegations(wanted.delegator, std::move(delegations));
}

Status Publisher::delegateToBins(const BinsDelegation& wanted) {
  SEALIFT_CHECK(
      checkNewRole(wanted.namePrefix, static_cast<int>(wanted.keys.size()), wanted.threshold, wanted.expiryDays));
  constexpr int kMostBits = 14;  // clients list at most 20000 roles
  if (wanted.bitLength < 1 || wanted.bitLength > kMostBits) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("Hash bins can't have %1 bits.").arg(wanted.bitLength),
                QStringLiteral("Use 1 to %1 bits: n bits make 2^n bins.").arg(kMostBits));
  }
  SEALIFT_TRY(Json delegations, d_->delegationsOf(wanted.delegator));
  if (delegations.contains("roles")) {
    return fail(
        ErrorCode::InvalidArgument,
        QStringLiteral("\"%1\" delegates to other roles and can't spread its targets over hash bins.")
            .arg(wanted.delegator),
        QStringLiteral("Spread one of those roles with --role, or take them back: sealiftctl repo undelegate."));
  }
  SEALIFT_TRY(const NextState next, d_->nextState());
  for (const RoleNode& node : next.roles()) {
    if ((node.group == wanted.namePrefix || node.name.startsWith(wanted.namePrefix + u'-')) &&
        node.delegator != wanted.delegator) {
      return fail(ErrorCode::AlreadyExists, QStringLiteral("The repository has a role \"%1\" already.").arg(node.name),
                  QStringLiteral("Use another prefix."));
    }
  }
  for (const PublicKey& key : wanted.keys) {
    delegations["keys"][keyIdOf(key).toStdString()] = keyToJson(key);
  }
  delegations["succinct_roles"] = {{"keyids", keyIdsOf(wanted.keys)},
                                   {"threshold", wanted.threshold},
                                   {"bit_length", wanted.bitLength},
                                   {"name_prefix", wanted.namePrefix.toStdString()}};
  SEALIFT_CHECK(setExpiryDays(wanted.namePrefix, wanted.expiryDays));
  return d_->stageDelegations(wanted.delegator, std::move(delegations));
}

Status Publisher::undelegate(const QString& role) {
  SEALIFT_TRY(const NextState next, d_->nextState());
  for (const RoleNode& node : next.roles()) {
    if (node.delegator == role) {
      return fail(ErrorCode::InvalidArgument,
                  QStringLiteral("\"%1\" itself delegates to \"%2\".").arg(role, node.group),
                  QStringLiteral("Take that one back first, and publish."));
    }
  }
  SEALIFT_TRY(const QString delegator, d_->delegatorOf(role));
  if (delegator == kRoot) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is not delegated.").arg(role));
  }
  SEALIFT_TRY(Json delegations, d_->delegationsOf(delegator));
  if (delegations.contains("succinct_roles")) {
    delegations.erase("succinct_roles");
  } else {
    Json& roles = delegations["roles"];
    const auto at = std::find_if(roles.begin(), roles.end(), [&](const Json& each) {
      return each.value("name", std::string()) == role.toStdString();
    });
    if (at == roles.end()) {
      return noRole(role);
    }
    roles.erase(at);
  }
  return d_->stageDelegations(delegator, std::move(delegations));
}

Status Publisher::setExpiryDays(const QString& role, int days) {
  if (days < 1 || days > 36500) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A role can't expire after %1 days.").arg(days),
                QStringLiteral("Use 1 to 36500 days."));
  }
  d_->config["expiryDays"][role.toStdString()] = days;
  return d_->saveConfig();
}

}  // namespace sealift::tuf
