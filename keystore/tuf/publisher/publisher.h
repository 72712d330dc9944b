// A vendor's repository in a folder:
//
//   repository.json            expiry in days per role, addresses of keys that live elsewhere
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

#include "app/base/cancel_token.h"
#include "app/base/clock.h"
#include "keystore/crypto/private_key.h"
#include "keystore/secrets/pin_source.h"
#include "keystore/secrets/signer.h"
#include "keystore/tuf/client/target_info.h"
#include "keystore/tuf/client/trust_summary.h"
#include "keystore/tuf/publisher/signing_request.h"

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

struct OpenOptions {
  PinSource* pins = nullptr;  // asked when a key needs a PIN or passphrase; must outlive the publisher
  bool readOnly = false;      // takes no lock: for looking, while somebody else publishes, too
  PublisherHooks hooks;
};

struct NewTarget {
  QString path;  // parts separated by '/', none empty, "." or ".."
  QByteArray bytes;
  QJsonObject custom;
};

struct StagedChange {
  enum class Kind { AddTarget, RemoveTarget, NewRoot, Delegations, Renewal };
  Kind kind = Kind::AddTarget;
  QString path;  // of a target; the role that delegates or is renewed; empty for NewRoot
};

// A role as it is published, with what is staged for it aside.
struct RoleState {
  QString name;       // hash bins are told together, under their prefix
  QString delegator;  // empty for top-level roles
  qint64 version = 0;
  QDateTime expires;  // UTC; of bins the earliest; not valid while it was never published
  int expiryDays = 0;
  int threshold = 0;
  QStringList keyIds;
  QStringList paths;  // what it may hold, for a delegated role
  qint64 bins = 0;    // how many bins this row stands for; 0 for a plain role
  int targets = 0;    // that it holds
};

struct KeyState {
  QString keyId;
  QString type;       // "Ed25519", …
  QStringList roles;  // that trust it once the staged changes are published
  QString place;      // file or address; empty when only its public part is known here
};

struct RoleDelegation {
  QString name;
  QString delegator = QStringLiteral("targets");
  QStringList paths;  // patterns (4.5.1); '*' and '?' don't match '/'
  QList<PublicKey> keys;
  int threshold = 1;
  bool terminating = true;  // nobody else is asked about these paths
  int expiryDays = 180;
};

struct BinsDelegation {
  QString delegator = QStringLiteral("targets");
  int bitLength = 8;  // 2^bitLength bins; 1 … 14
  QString namePrefix = QStringLiteral("bin");
  QList<PublicKey> keys;
  int threshold = 1;
  int expiryDays = 180;
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
  static Result<std::unique_ptr<Publisher>> open(const QString& folder, const Clock& clock,
                                                 const OpenOptions& options = {});
  ~Publisher();

  // --- Keys. Changes of who is trusted are staged; publish makes them so.

  // A key that lives elsewhere; used for every role that lists it.
  void addSigner(std::shared_ptr<Signer> signer);
  // A new key in keys/NAME.pem; no role uses it until a role is given it. Gives its TUF key id.
  Result<QString> generateKey(const QString& name, KeyType type);
  // Remembers where a key lives (keystore/secrets/key_address.h), for this and later runs; opens it to learn its id.
  Result<PublicKey> addKeyAddress(const QString& address);
  // A key by its id: one at hand, or one that a role lists.
  Result<PublicKey> publicKey(const QString& keyId);
  // `role`: root, timestamp, snapshot, targets, a delegated role, or the prefix of bins.
  Status addRoleKey(const QString& role, const PublicKey& key);
  // InvalidArgument when fewer keys than the threshold would be left.
  Status removeRoleKey(const QString& role, const QString& keyId);
  Status replaceRoleKey(const QString& role, const QString& oldKeyId, const PublicKey& newKey);
  Status setThreshold(const QString& role, int threshold);
  // The last word on keys and threshold of a role at once, where the steps in between would not be valid.
  Status setRoleKeys(const QString& role, const QList<PublicKey>& keys, int threshold);
  Status rotateKey(const QString& role, const QString& oldKeyId, const QString& newKeyId);  // to one at hand
  QList<KeyState> keys();

  // --- Delegations, staged. Targets that are published already move to the role that they then belong to.

  Status delegate(const RoleDelegation& wanted);
  Status delegateToBins(const BinsDelegation& wanted);
  // The role's targets go back to its delegator. `role` may be the prefix of bins.
  Status undelegate(const QString& role);
  Status setExpiryDays(const QString& role, int days);  // from its next signing on; not staged

  // --- Targets, staged.

  // Replaces one of the same path.
  Status addTarget(const QString& path, const QByteArray& bytes, const QJsonObject& custom);
  Status addTargets(const QList<NewTarget>& targets);  // the same for many at once
  Status removeTarget(const QString& path);            // TrustTargetMissing when neither staged nor published
  // A role is signed anew although it says the same, to move its expiry.
  Status renew(const QString& role);
  Status renewRoot() { return renew(QStringLiteral("root")); }
  QList<StagedChange> stagedChanges() const;
  Result<QString> roleFor(const QString& path) const;  // into which a target of this path goes

  // --- Publishing.

  // Signs and writes what is staged, with a new snapshot and timestamp; also renews targets roles once half of their
  // time is over, where the keys for it are at hand.
  // TrustThreshold when keys for a threshold are missing: then nothing is written. See requestSignatures().
  Status publish();
  // A new timestamp; also a new snapshot when that would expire before the timestamp does. Needs no other keys.
  Status refreshTimestamp();

  // What publish() lacks signatures for, to be signed elsewhere, with those that could be made here. From then on
  // exactly this is what will be published, unless the staged changes change. NotFound when nothing is missing.
  Result<SigningRequest> requestSignatures();
  // Takes up what was signed elsewhere. Gives for each role of the file how many signatures it has now, and needs.
  struct Progress {
    QString role;
    int have = 0;
    int needed = 0;
  };
  Result<QList<Progress>> importSignatures(const SignatureFile& signatures);

  // --- Looking.

  QList<TargetInfo> targets() const;  // published ones with the staged changes applied
  Result<QList<TargetInfo>> publishedTargets() const;
  // The bytes of one of targets(), checked against its hash.
  Result<QByteArray> targetBytes(const TargetInfo& target) const;
  TrustSummary summary() const;                    // of the top-level roles that are published
  Result<QList<RoleState>> roles() const;          // of all that are published
  QByteArray rootBytes(qint64 version = 1) const;  // what vendor files carry; empty when there is no such root
  QString publicFolder() const;
  // Writes a bundle (keystore/tuf/bundle.h) of all metadata that is published and of these targets.
  Status writeBundle(const QString& path, const QList<TargetInfo>& targets, const CancelToken& cancel) const;

 private:
  struct Private;
  explicit Publisher(std::unique_ptr<Private> d);
  std::unique_ptr<Private> d_;
};

}  // namespace sealift::tuf
