// A vendor's repository over the years: who may sign, what expires when, signing on machines without a network, and
// bundles. What goes into it is for VendorDesk. Needs no station. One thread; blocks.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/clock.h"
#include "app/base/result.h"
#include "app/services/pin_access.h"

#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace sealift {

struct RepositoryRole {
  QString role;       // hash bins are told together, under their prefix
  QString delegator;  // empty for top-level roles
  qint64 version = 0;
  QDateTime expires;  // UTC; of bins the earliest
  int expiryDays = 0;
  int threshold = 0;
  QStringList keyIds;
  QStringList paths;
  qint64 bins = 0;
  int targets = 0;
  bool isDue = false;  // it expires within the time that was asked about, or did
};

struct RepositoryKey {
  QString keyId;
  QString type;
  QStringList roles;
  QString place;  // file or address; empty when only its public part is known here
};

struct RepositoryOverview {
  QList<RepositoryRole> roles;
  QStringList staged;  // sentences
};

struct NewDelegation {
  QString role;
  QString delegator = QStringLiteral("targets");
  QString model;  // gives role and paths their defaults
  QStringList paths;
  QStringList keys;  // key ids, addresses of private keys, or files of public keys; none: one is generated
  int threshold = 1;
  int expiryDays = 180;
};

struct NewBins {
  QString delegator = QStringLiteral("targets");
  int bits = 8;
  QString prefix = QStringLiteral("bin");
  QStringList keys;
  int threshold = 1;
  int expiryDays = 180;
};

// One document of a signing request in words.
struct SigningItem {
  QString role;
  qint64 version = 0;
  qint64 versionBefore = 0;  // 0: the role is new
  QDateTime expires;
  QDateTime expiresBefore;
  QStringList changes;
  QStringList signedBy;
  QStringList stillSignable;
  int needed = 0;
  // With a key: whether that key's owner signed the version that this is compared with.
  std::optional<bool> comparedWithOwn;
};
struct SigningView {
  QString digest;  // of all that is to be signed: what is agreed to
  QList<SigningItem> items;
};

struct SignatureProgress {
  QString role;
  int have = 0;
  int needed = 0;
};

struct BundleContents {
  qint64 bytes = 0;
  int targets = 0;
};

class RepositoryDesk {
 public:
  RepositoryDesk(const QString& folder, const Clock& clock, PinAccess pins = {})
      : folder_(folder), clock_(clock), pins_(std::move(pins)) {}

  // Keys are named by a key id, the address of a private key (keystore/secrets/key_address.h) or a file that holds a
  // public key in PEM. An address is remembered for later runs.
  Result<QString> generateKey(const QString& name, const QString& keyType, const QString& address);
  Result<QString> addKey(const QString& role, const QString& key, const std::optional<int>& threshold);
  Result<QString> replaceKey(const QString& role, const QString& oldKeyId, const QString& key);
  // From one role, or from every role when `role` is empty. Gives the roles.
  Result<QStringList> revokeKey(const QString& role, const QString& keyId, const std::optional<int>& threshold);
  Status setThreshold(const QString& role, int threshold);
  Result<QList<RepositoryKey>> keys();

  Result<QString> delegate(const NewDelegation& wanted);  // the role's name
  Status spreadOverBins(const NewBins& wanted);
  Status undelegate(const QString& role);
  Status setExpiry(const QString& role, int days);
  Status renew(const QString& role);

  // `withinDays`: what is due; without it a role is due when less than a third of its time is left.
  Result<RepositoryOverview> overview(const std::optional<int>& withinDays);
  Status publish();
  Status refreshTimestamp();

  Result<SigningView> requestSignatures(const QString& outputPath);
  Result<QList<SignatureProgress>> importSignatures(const QStringList& paths);

  // Stages that a release, or one target by its path, is not offered any more. Gives the targets.
  Result<QStringList> withdraw(const QString& modelId, const QString& version);
  Result<QString> withdrawTarget(const QString& path);
  // Models' descriptions and dates are always in it; notes and images of the chosen ones: of all models when none is
  // named, of all versions when none is.
  Result<BundleContents> bundle(const QString& outputPath, const QStringList& modelIds, const QStringList& versions,
                                const CancelToken& cancel);

 private:
  QString folder_;
  const Clock& clock_;
  PinAccess pins_;
};

// What a request asks for; with a key's address, what that key may add. Needs no repository.
Result<SigningView> inspectSigningRequest(const QString& path, const QString& keyAddress, const PinAccess& access);
// Signs exactly what was inspected: ConsentPlanChanged when the request has another digest. Gives the roles signed.
Result<QStringList> signRequestFile(const QString& path, const QString& digest, const QString& keyAddress,
                                    const PinAccess& access, const QString& outputPath);

}  // namespace sealift
