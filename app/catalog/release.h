// One release of one component for a model, as the vendor's signed targets metadata describes it.
#pragma once

#include "app/policy/update_policy.h"

#include <QDate>
#include <QList>
#include <QMap>
#include <QString>

namespace sealift {

struct Advisory {
  QString id;        // "CVE-2026-41207"
  QString severity;  // "critical", "high", "moderate", "low", "none"
  QString summary;
};

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
  QByteArray imageDigest;  // as devices report it once stored; empty when the vendor doesn't say

  // Stable name of exactly these bytes: a release that changes under the same version is another one.
  QString id() const { return QStringLiteral("%1/%2#%3").arg(vendorId, targetPath, sha256.left(16)); }
};

}  // namespace sealift
