#include "keystore/tuf/publisher/next_state.h"

#include "keystore/tuf/publisher/delegation_edit.h"

namespace sealift::tuf {

namespace {
constexpr qsizetype kMostRoles = 100'000;
}

Status NextState::apply() {
  rootPart_ = staging_.root().is_null() ? published_.rootPart() : staging_.root();
  SEALIFT_TRY(root_, parseRoot({rootPart_, {}, {}}));
  SEALIFT_CHECK(applyDelegations());
  SEALIFT_CHECK(applyTargets());
  roles_.append({kTargets, kRoot, root_.keys, root_.roles.value(kTargets), kTargets});
  roleIndex_.insert(kTargets, 0);
  SEALIFT_CHECK(walk(kTargets));
  return findChanges();
}

Result<const Json*> NextState::targetsPart(const QString& role) const {
  const auto edited = edited_.find(role);
  if (edited != edited_.end()) {
    return &edited->second;
  }
  if (published_.hasRole(role)) {
    return published_.targetsPart(role);
  }
  static const Json kEmpty = {{"targets", Json::object()}};
  return &kEmpty;
}

Result<Json*> NextState::edit(const QString& role) {
  const auto edited = edited_.find(role);
  if (edited != edited_.end()) {
    return &edited->second;
  }
  SEALIFT_TRY(const Json* part, targetsPart(role));
  return &edited_.emplace(role, *part).first->second;
}

Result<std::optional<Delegations>> NextState::delegations(const QString& role) const {
  const auto known = delegations_.constFind(role);
  if (known != delegations_.constEnd()) {
    return *known;
  }
  SEALIFT_TRY(const Json* part, targetsPart(role));
  SEALIFT_TRY(const std::optional<Delegations> parsed, delegationsIn(*part));
  delegations_.insert(role, parsed);
  return parsed;
}

// From "targets" down to the role that holds the path.
Result<QStringList> NextState::chainFor(const QString& path) const {
  QStringList chain{kTargets};
  while (true) {
    SEALIFT_TRY(const std::optional<Delegations> delegated, delegations(chain.last()));
    const std::optional<QString> child = delegated ? childFor(*delegated, path) : std::nullopt;
    if (!child || chain.contains(*child)) {
      return chain;
    }
    chain.append(*child);
  }
}

Result<QString> NextState::roleFor(const QString& path) const {
  SEALIFT_TRY(const QStringList chain, chainFor(path));
  return chain.last();
}

Status NextState::applyDelegations() {
  for (const auto& [name, staged] : staging_.delegations().items()) {
    const QString delegator = toQString(name);
    SEALIFT_TRY(Json * part, edit(delegator));
    SEALIFT_TRY(const std::optional<Delegations> before, delegationsIn(*part));
    if (staged.is_null()) {
      part->erase("delegations");
    } else {
      (*part)["delegations"] = staged;
    }
    SEALIFT_TRY(const std::optional<Delegations> after, delegationsIn(*part));
    delegations_.insert(delegator, after);
    const QStringList formerRoles = before ? childrenOf(*before) : QStringList();
    for (const QString& role : formerRoles) {
      const RoleKeys* former = before->roleKeysOf(role);
      const RoleKeys* next = after ? after->roleKeysOf(role) : nullptr;
      if (former != nullptr && next != nullptr && *former != *next) {
        rekeyed_.insert(role);
      }
    }
    if (!routesAlike(before, after)) {
      SEALIFT_CHECK(moveTargets(delegator, formerRoles));
    }
  }
  return {};
}

// Targets follow the delegations: each goes to the role that a search now ends at.
Status NextState::moveTargets(const QString& delegator, const QStringList& formerRoles) {
  for (const QString& role : QStringList(delegator) + formerRoles) {
    SEALIFT_TRY(const Json* part, targetsPart(role));
    const Json targets = part->at("targets");  // a copy: what it comes from is changed below
    for (const auto& [path, entry] : targets.items()) {
      SEALIFT_TRY(const QString home, roleFor(toQString(path)));
      if (home != role) {
        SEALIFT_TRY(Json * from, edit(role));
        (*from)["targets"].erase(path);
        SEALIFT_TRY(Json * to, edit(home));
        (*to)["targets"][path] = entry;
      }
    }
  }
  return {};
}

Status NextState::applyTargets() {
  for (const auto& [path, entry] : staging_.targets().items()) {
    SEALIFT_TRY(const QStringList chain, chainFor(toQString(path)));
    for (const QString& role : chain) {
      // A search finds the first role of the chain that has it (5.6.7), so only the last one may.
      SEALIFT_TRY(const Json* part, targetsPart(role));
      const bool isHome = role == chain.last() && !entry.is_null();
      if (isHome) {
        SEALIFT_TRY(Json * home, edit(role));
        (*home)["targets"][path] = entry;
      } else if (part->at("targets").contains(path)) {
        SEALIFT_TRY(Json * other, edit(role));
        (*other)["targets"].erase(path);
      }
    }
  }
  return {};
}

Status NextState::walk(const QString& role) {
  SEALIFT_TRY(const std::optional<Delegations> delegated, delegations(role));
  if (!delegated) {
    return {};
  }
  const QStringList children = childrenOf(*delegated);
  if (roles_.size() + children.size() > kMostRoles) {
    return fail(ErrorCode::TrustMalformed, QStringLiteral("The repository delegates to too many roles."));
  }
  for (const QString& child : children) {
    if (roleIndex_.contains(child)) {
      return fail(ErrorCode::TrustMalformed, QStringLiteral("The role \"%1\" is delegated to twice.").arg(child));
    }
    const RoleKeys* roleKeys = delegated->roleKeysOf(child);
    roleIndex_.insert(child, roles_.size());
    roles_.append({child, role, delegated->keys, roleKeys == nullptr ? RoleKeys() : *roleKeys,
                   delegated->succinct ? delegated->succinct->namePrefix : child});
    if (!delegated->succinct) {  // bins delegate no further
      SEALIFT_CHECK(walk(child));
    }
  }
  return {};
}

Status NextState::findChanges() {
  for (const RoleNode& node : roles_) {
    bool differs = !published_.hasRole(node.name) || rekeyed_.contains(node.name);
    const auto edited = edited_.find(node.name);
    if (!differs && edited != edited_.end()) {
      SEALIFT_TRY(const Json* before, published_.targetsPart(node.name));
      differs = *before != edited->second;
    }
    if (differs) {
      changed_.insert(node.name);
    }
  }
  if (published_.root().roles.value(kTargets) != root_.roles.value(kTargets)) {
    changed_.insert(kTargets);
  }
  return {};
}

const RoleNode* NextState::role(const QString& name) const {
  const auto at = roleIndex_.constFind(name);
  return at == roleIndex_.constEnd() ? nullptr : &roles_.at(*at);
}

}  // namespace sealift::tuf
