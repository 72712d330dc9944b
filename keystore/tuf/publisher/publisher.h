// A vendor's repository in a folder:
//
//   repository.json            expiry in days per role
//   keys/NAME.pem              private keys in files, 0600; may be elsewhere (addSigner)
//   staging/                   changes that were not published yet; survives between runs
//   public/metadata, targets   what is served: this folder alone, it never holds a private key
//
// Readers at any moment, and whoever comes after a kill at any moment, find a consistent repository: files get
// new names (consistent snapshots), are written before what refers to them, and timestamp.json, the only file that
// is replaced, comes last. A new root comes after that, and everything it needs is by then signed with the
// old and the new keys (where the old key of a role is lost, the root comes before the timestamp instead). The output
// depends on the clock, the keys and the changes alone (ECDSA and RSA-PSS signatures excepted: they hold random bits).
// One process at a time (lock file); one thread.
#pragma once

#include "app/base/clock.h"
#include "keystore/crypto/private_key.h"
#include "keystore/secrets/signer.h"
#include "keystore/tuf/client/target_info.h"
#include "keystore/tuf/client/trust_summary.h"

#include <QJsonObject>
#include <QMap>

#include <functional>
#include <memory>

namespace sealift::tuf {

struct RolePolicy {
  int threshold = 1;
  int keys = 1;          // how many are generated; at least `threshold`
  int expiryDays = 365;  // from each signing
};

struct RepositoryPolicy {
  RolePolicy root{1, 1, 365};
  RolePolicy targets{1, 1, 180};
  RolePolicy snapshot{1, 1, 30};
  RolePolicy timestamp{1, 1, 7};
  KeyType keyType = KeyType::Ed25519;
};

struct PublisherHooks {
  // Called before each file is written or replaced, with its path relative to the repository; an error stops
  // the work right there, as a kill would. For tests.
  std::function<Status(const QString& path)> beforeWrite;
};

struct StagedChange {
  enum class Kind { AddTarget, RemoveTarget, NewRoot };
  Kind kind = Kind::AddTarget;
  QString path;  // empty for NewRoot
};

class Publisher {
 public:
  // Makes the folders, generates the keys that `signers` doesn't bring (role name → keys) and publishes version 1
  // without targets. AlreadyExists when there is a repository.
  static Result<std::unique_ptr<Publisher>> init(const QString& folder, const RepositoryPolicy& policy,
                                                 const Clock& clock,
                                                 const QMap<QString, QList<std::shared_ptr<Signer>>>& signers = {},
                                                 const PublisherHooks& hooks = {});
  // NotFound when there is no repository; StoreBusy when another process works on it.
  // Encrypted keys in keys/ are opened with `passphrase`.
  static Result<std::unique_ptr<Publisher>> open(const QString& folder, const Clock& clock,
                                                 const SecretBytes& passphrase = {}, const PublisherHooks& hooks = {});
  ~Publisher();

  // A key that lives elsewhere; used for every role that lists it.
  void addSigner(std::shared_ptr<Signer> signer);
  // A new key in keys/NAME.pem; no role uses it until rotateKey says so. Gives its TUF key id.
  Result<QString> generateKey(const QString& name, KeyType type, const SecretBytes& passphrase = {});

  // Stages a target: a path of parts separated by '/', none empty, "." or "..". Replaces one of the same path.
  Status addTarget(const QString& path, const QByteArray& bytes, const QJsonObject& custom);
  Status removeTarget(const QString& path);  // TrustTargetMissing when neither staged nor published
  // Stages a new root in which `role` (root, timestamp, snapshot, targets) trusts the key `newKeyId` (generated here
  // or added as signer) instead of `oldKeyId`. Signed by the old and the new root's keys when published.
  Status rotateKey(const QString& role, const QString& oldKeyId, const QString& newKeyId);
  // Stages a new root that says the same, to move its expiry.
  Status renewRoot();
  QList<StagedChange> stagedChanges() const;

  // Signs and writes what is staged, with a new snapshot and timestamp; also renews the top-level targets once
  // half of their time is over.
  // TrustThreshold when keys for a threshold are missing: then nothing is written.
  Status publish();
  // A new timestamp; also a new snapshot when that would expire before the timestamp does.
  Status refreshTimestamp();

  QList<TargetInfo> targets() const;               // published ones with the staged changes applied
  TrustSummary summary() const;                    // of what is published
  QByteArray rootBytes(qint64 version = 1) const;  // what vendor files carry; empty when there is no such root
  QString publicFolder() const;

 private:
  struct Private;
  explicit Publisher(std::unique_ptr<Private> d);
  std::unique_ptr<Private> d_;
};

}  // namespace sealift::tuf
