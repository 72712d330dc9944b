// What a repository will say once the staged changes are published: which role holds which target, who may sign what.
// Versions and expiry stay as they are; Publication sets them. Reads only; one thread.
#pragma once

#include "keystore/tuf/publisher/published_state.h"
#include "keystore/tuf/publisher/staging_area.h"

namespace sealift::tuf {

// "targets" and every role that is delegated to, in pre-order.
struct RoleNode {
  QString name;
  QString delegator;  // "root" for "targets"
  Keys keys;
  RoleKeys roleKeys;
  QString group;  // the common name of hash bins; otherwise the role's own
};

class NextState {
 public:
  NextState(const PublishedState& published, const StagingArea& staging) : published_(published), staging_(staging) {}

  // To be called first. TrustMalformed for staged or published delegations that make no sense.
  Status apply();

  const Json& rootPart() const { return rootPart_; }
  const RootMetadata& root() const { return root_; }
  const QList<RoleNode>& roles() const { return roles_; }
  const RoleNode* role(const QString& name) const;  // null when there is none
  // The signed part of a targets role; {} with "targets" alone for one that is new.
  Result<const Json*> targetsPart(const QString& role) const;
  Result<std::optional<Delegations>> delegations(const QString& role) const;
  Result<QString> roleFor(const QString& path) const;  // into which a target of this path goes
  // Targets roles that say something else than is published, are new, or whose keys change.
  bool isChanged(const QString& role) const { return changed_.contains(role); }

 private:
  Result<Json*> edit(const QString& role);
  Status applyDelegations();
  Status moveTargets(const QString& delegator, const QStringList& formerRoles);
  Status applyTargets();
  Status walk(const QString& role);
  Status findChanges();
  Result<QStringList> chainFor(const QString& path) const;

  const PublishedState& published_;
  const StagingArea& staging_;
  Json rootPart_;
  RootMetadata root_;
  std::map<QString, Json> edited_;
  mutable QMap<QString, std::optional<Delegations>> delegations_;
  QList<RoleNode> roles_;
  QMap<QString, qsizetype> roleIndex_;
  QSet<QString> rekeyed_;
  QSet<QString> changed_;
};

}  // namespace sealift::tuf
