// What a vendor prepared and did not publish yet: staging/changes.json and staging/targets/HASH. Each change is on
// the disk when its function returns.
#pragma once

#include "keystore/tuf/publisher/repository_files.h"

#include <QStringList>

namespace sealift::tuf {

class StagingArea {
 public:
  explicit StagingArea(const RepositoryFiles& files) : files_(files) {}

  Status load();  // TrustMalformed when changes.json is damaged
  Status addTargets(const QList<NewTarget>& targets);
  Status removeTarget(const QString& path);
  Status dropTarget(const QString& path);  // forgets the staged change of that path
  Status setRoot(const Json& root);
  // The next "delegations" of a targets role; null: it delegates no more.
  Status setDelegations(const QString& delegator, const Json& delegations);
  Status addRenewal(const QString& role);
  // A signed part that waits for signatures made elsewhere, with those that it has: {"signed": …, "signatures": […]}.
  Status setPrepared(const QString& role, const Json& document);
  Status clear();

  // Path → the target's entry as it will stand in targets metadata, or null for one to remove.
  const Json& targets() const { return changes_["targets"]; }
  const Json& root() const { return changes_["root"]; }                // null when no new root is staged
  const Json& delegations() const { return changes_["delegations"]; }  // delegator → its delegations, or null
  bool isRenewed(const QString& role) const;
  QStringList renewals() const;
  const Json* prepared(const QString& role) const;  // null when nothing waits
  bool isEmpty() const;                             // nothing to publish
  // The bytes of a staged target, checked against its entry.
  Result<QByteArray> targetBytes(const std::string& path) const;

 private:
  Status save();
  static Json empty();

  const RepositoryFiles& files_;
  Json changes_ = empty();
};

}  // namespace sealift::tuf
