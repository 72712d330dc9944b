// What the publisher's .cpp files share.
#pragma once

#include "keystore/tuf/publisher/delegation_edit.h"
#include "keystore/tuf/publisher/publication.h"
#include "keystore/tuf/publisher/publisher.h"

#include <QLockFile>

#include <functional>

namespace sealift::tuf {

struct Publisher::Private {
  Private(const QString& folderPath, const Clock& theClock, const OpenOptions& options)
      : folder(folderPath),
        files(folderPath, options.hooks),
        clock(theClock),
        keyring(options.pins),
        staging(files),
        published(files) {}

  QString folder;
  RepositoryFiles files;
  const Clock& clock;
  Keyring keyring;
  StagingArea staging;
  PublishedState published;
  std::unique_ptr<QLockFile> lock;
  Json config;

  Status takeLock();
  Status loadConfig();
  Status saveConfig();
  void loadKeys();
  Status init(RepositoryPolicy policy, const QMap<QString, QList<std::shared_ptr<Signer>>>& given);

  int expiryDays(const QString& role) const;  // as targets where nothing is said of the role
  int expiryDays(const RoleNode& node) const { return expiryDays(node.group); }
  PublicationContext context();
  Error explainMissing(const Publication& publication) const;
  Result<NextState> nextState() const;

  // Whoever says which keys a role has: the root, or the delegations of its delegator. `edit` gets that object's
  // "keys" and the role's own object with "keyids" and "threshold"; the result is staged when it makes sense.
  using RoleEdit = std::function<Status(Json& keys, Json& role)>;
  Status editRole(const QString& role, const RoleEdit& edit);
  Result<QString> delegatorOf(const QString& role) const;
  // The "delegations" of a role as they will be; empty ones where there are none.
  Result<Json> delegationsOf(const QString& delegator) const;
  Status stageDelegations(const QString& delegator, Json delegations);
};

}  // namespace sealift::tuf
