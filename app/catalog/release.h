// One release of one component for a model, as the vendor's signed targets metadata describes it.
#pragma once

#include "app/policy/update_policy.h"

#include <QDate>
#include <QList>
#include <QMap>
#include <QString>

#include <optional>

namespace sealift {

// Longer ones are neither published nor fetched.
inline constexpr qint64 kMaxImageBytes = 1024LL * 1024 * 1024;

struct Advisory {
  QString id;        // "CVE-2026-41207"
  QString severity;  // "critical", "high", "moderate", "low", "none"
  QString summary;
};

// From another release's image to this one's. Anybody may have made it: what it makes is held to the release's hash.
struct ReleaseDelta {
  QString targetPath;  // in the repository
  qint64 bytes = 0;
  QString kind;           // as Capabilities::deltaKinds has it: "suffix", "zstd-patch"
  QByteArray fromSha256;  // raw, of the image file that it starts from
  qint64 fromBytes = 0;   // of that file
  QByteArray fromDigest;  // as devices that run it report it; empty when the vendor doesn't say
  QString fromVersion;    // for people
};

// It has to save a quarter of the bytes: below that the whole image is the simpler way.
inline bool deltaPaysOff(qint64 deltaBytes, qint64 imageBytes) {
  return deltaBytes <= imageBytes / 4 * 3;
}

struct Release {
  QString vendorId;
  QString targetPath;  // in the repository
  QString sha256;      // lower-case hex, of the image file
  ReleaseTerms terms;
  QString severity;
  QDate released;
  QMap<QString, QString> notes;  // language tag → target path
  QList<Advisory> advisories;
  bool restart = true;
  int offlineSeconds = 0;
  QByteArray imageDigest;                // as devices report it once stored; empty when the vendor doesn't say
  QList<ReleaseDelta> deltas;            // smallest first
  std::optional<QDate> deferrableUntil;  // the last day (UTC) to which its vendor lets it be put off

  // Stable name of exactly these bytes: a release that changes under the same version is another one.
  QString id() const { return QStringLiteral("%1/%2#%3").arg(vendorId, targetPath, sha256.left(16)); }
};

}  // namespace sealift
