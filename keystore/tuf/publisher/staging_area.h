// What a vendor prepared and did not publish yet: staging/changes.json and staging/targets/HASH. Each change is on
// the disk when its function returns.
#pragma once

#include "keystore/tuf/publisher/repository_files.h"

namespace sealift::tuf {

class StagingArea {
 public:
  explicit StagingArea(const RepositoryFiles& files) : files_(files) {}

  Status load();  // TrustMalformed when changes.json is damaged
  Status addTarget(const QString& path, const QByteArray& bytes, const Json& custom);
  Status removeTarget(const QString& path);
  Status dropTarget(const QString& path);  // forgets the staged change of that path
  Status setRoot(const Json& root);
  Status clear();

  // Path → the target's entry as it will stand in targets metadata, or null for one to remove.
  const Json& targets() const { return changes_["targets"]; }
  const Json& root() const { return changes_["root"]; }  // null when no new root is staged
  // The bytes of a staged target, checked against its entry.
  Result<QByteArray> targetBytes(const std::string& path) const;

 private:
  Status save();
  static Json empty() { return {{"schema", 1}, {"targets", Json::object()}, {"root", nullptr}}; }

  const RepositoryFiles& files_;
  Json changes_ = empty();
};

}  // namespace sealift::tuf
