// What readers of a repository find now: from the newest root and the timestamp down, whatever else a kill may have
// left in the folder. Targets roles are read when they are asked for.
#pragma once

#include "keystore/tuf/metadata.h"
#include "keystore/tuf/publisher/repository_files.h"

#include <QSet>

#include <map>

namespace sealift::tuf {

class PublishedState {
 public:
  explicit PublishedState(const RepositoryFiles& files) : files_(files) {}

  Status load();

  const RootMetadata& root() const { return root_; }
  const Json& rootPart() const { return rootPart_; }
  const Json& snapshotPart() const { return snapshotPart_; }
  const Json& timestampPart() const { return timestampPart_; }

  // "targets" and every role that is delegated to.
  bool hasRole(const QString& role) const { return delegated_.contains(role); }
  // The same and those that were given up: the snapshot names them for good (5.5.5).
  QStringList namedRoles() const { return snapshot_.files.keys(); }
  // Stays where it is until load() is called again. TrustMalformed, FileRead.
  Result<const Json*> targetsPart(const QString& role) const;

  // The whole file of any role as it is published now.
  Result<QByteArray> file(const QString& role) const;
  qint64 version(const QString& role) const;  // 0 when it never was published

 private:
  Result<Json> signedPart(const QString& role, qint64 version) const;
  Status walk(const QString& role);

  const RepositoryFiles& files_;
  RootMetadata root_;
  SnapshotMetadata snapshot_;
  QSet<QString> delegated_;
  Json rootPart_;
  Json snapshotPart_;
  Json timestampPart_;
  mutable std::map<QString, Json> targetsParts_;
};

// A member of a signed part that parsing has found sound.
qint64 versionIn(const Json& signedPart);
QDateTime expiresIn(const Json& signedPart);

}  // namespace sealift::tuf
