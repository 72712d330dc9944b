#include "keystore/tuf/publisher/delegation_edit.h"

#include <algorithm>

namespace sealift::tuf {

Result<std::optional<Delegations>> delegationsIn(const Json& targetsPart) {
  const auto delegations = targetsPart.find("delegations");
  if (delegations == targetsPart.end()) {
    return std::optional<Delegations>();
  }
  // Read by the parser that clients use, without the targets, which may be many.
  const Json bare = {
      {"_type", "targets"},        {"spec_version", "1.0.31"},   {"version", 1}, {"expires", "2030-01-01T00:00:00Z"},
      {"targets", Json::object()}, {"delegations", *delegations}};
  SEALIFT_TRY(const TargetsMetadata metadata, parseTargets({bare, {}, {}}, kTargets));
  return metadata.delegations;
}

std::optional<QString> childFor(const Delegations& delegations, const QString& path) {
  if (delegations.succinct) {
    return delegations.succinct->roleFor(path);
  }
  const auto at = std::find_if(delegations.roles.begin(), delegations.roles.end(),
                               [&](const DelegatedRole& role) { return role.delegates(path); });
  return at == delegations.roles.end() ? std::nullopt : std::optional(at->name);
}

QStringList childrenOf(const Delegations& delegations) {
  QStringList names;
  if (delegations.succinct) {
    for (quint64 bin = 0; bin < (1ULL << delegations.succinct->bitLength); ++bin) {
      names.append(delegations.succinct->roleName(bin));
    }
  }
  for (const DelegatedRole& role : delegations.roles) {
    names.append(role.name);
  }
  return names;
}

bool routesAlike(const std::optional<Delegations>& left, const std::optional<Delegations>& right) {
  if (!left || !right) {
    return !left && !right;
  }
  if (left->succinct || right->succinct) {
    return left->succinct && right->succinct && left->succinct->bitLength == right->succinct->bitLength &&
           left->succinct->namePrefix == right->succinct->namePrefix;
  }
  return std::equal(left->roles.begin(), left->roles.end(), right->roles.begin(), right->roles.end(),
                    [](const DelegatedRole& a, const DelegatedRole& b) {
                      return a.name == b.name && a.paths == b.paths && a.hashPrefixes == b.hashPrefixes;
                    });
}

Json* findRole(Json& delegations, const QString& role) {
  const std::string name = role.toStdString();
  if (delegations.contains("succinct_roles")) {
    Json& succinct = delegations["succinct_roles"];
    const std::string prefix = succinct.value("name_prefix", std::string());
    return name == prefix || name.rfind(prefix + "-", 0) == 0 ? &succinct : nullptr;
  }
  if (delegations.contains("roles")) {
    for (Json& candidate : delegations["roles"]) {
      if (candidate.value("name", std::string()) == name) {
        return &candidate;
      }
    }
  }
  return nullptr;
}

void keepUsedKeys(Json& keys, const QList<const Json*>& roles) {
  for (auto key = keys.begin(); key != keys.end();) {
    const bool isUsed = std::any_of(roles.begin(), roles.end(), [&](const Json* role) {
      const Json& ids = role->at("keyids");
      return std::find(ids.begin(), ids.end(), Json(key.key())) != ids.end();
    });
    key = isUsed ? std::next(key) : keys.erase(key);
  }
}

}  // namespace sealift::tuf
