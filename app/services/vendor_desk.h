// A vendor's own work: publishing models, releases and dates in a repository folder. Needs no station.
// One thread; blocks.
#pragma once

#include "app/base/clock.h"
#include "app/base/result.h"
#include "app/catalog/release.h"

#include <QDate>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

#include <optional>

namespace sealift {

struct NewRepository {
  QString vendorId;
  QString vendorName;
  QStringList addresses;                        // where it will be served: https:, http: or file:
  QString keyType = QStringLiteral("ed25519");  // "ed25519", "ecdsa-p256", "rsa-3072"
  QMap<QString, int> thresholds;                // role → how many signatures; 1 where it isn't named
  QMap<QString, int> keys;                      // role → how many keys; the threshold where it isn't named
  QMap<QString, int> expiryDays;                // role → days
};

struct NewRelease {
  QString imagePath;
  QString modelId;
  std::optional<Version> version;          // what the image says unless given
  std::optional<quint32> securityVersion;  // the same
  QStringList hardwareRevisions;
  QString component = QStringLiteral("application");
  QString severity = QStringLiteral("none");
  QDate released;
  QMap<QString, QString> notes;  // language → path of a Markdown file
  QList<Advisory> advisories;
  bool restart = true;
  int offlineSeconds = 0;
  std::optional<Version> minimumVersion;
  QStringList deltaFrom;            // versions, published or staged, from whose images differences are offered; "all"
  std::optional<int> deferralDays;  // after `released`: how long it may be put off; none: for ever
  // Publishes an image although it does not verify under the model's keys; version must be given then.
  // For exercising clients: they refuse it.
  bool skipImageCheck = false;
};

// What became of a difference to an earlier release's image.
struct AddedDelta {
  QString fromVersion;
  QString kind;  // "suffix", "zstd-patch"
  QString path;  // of its target; empty: it would not pay off, and was left out
  qint64 bytes = 0;
};

struct AddedRelease {
  QString path;  // of its target
  qint64 bytes = 0;
  QList<AddedDelta> deltas;
};

class VendorDesk {
 public:
  VendorDesk(const QString& folder, const Clock& clock) : folder_(folder), clock_(clock) {}

  // Makes the repository with its keys and vendorFile(). Gives the fingerprint.
  Result<QString> init(const NewRepository& wanted);
  Result<QString> addModel(const QString& path);  // the target's path
  Result<AddedRelease> addRelease(const NewRelease& wanted, const CancelToken& cancel = {});
  Result<QString> addLifecycle(const QString& modelId, const std::optional<QDate>& released,
                               const std::optional<QDate>& fullSupportEnds,
                               const std::optional<QDate>& securitySupportEnds);
  Status publish();
  // A new key in place of `oldKeyId`, which may be empty where the role has only one. Gives the new key's id.
  Result<QString> rotateKey(const QString& role, const QString& oldKeyId, const QString& keyType);
  Status refreshTimestamp();
  Result<QString> publicFolder();
  // What customers add. Named so that a double click opens it in Sealift.
  static QString vendorFile(const QString& folder, const QString& vendorId) {
    return QStringLiteral("%1/%2.sealift-vendor").arg(folder, vendorId);
  }
  // The fingerprint as it is read out on the telephone: words of the PGP word list.
  static QStringList fingerprintWords(const QString& fingerprint);

 private:
  QString folder_;
  const Clock& clock_;
};

}  // namespace sealift
