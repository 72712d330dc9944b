// The trusted state in plain values, for people to look at.
#pragma once

#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>

namespace sealift::tuf {

struct RoleSummary {
  QString name;        // "root", "timestamp", "snapshot", "targets" or a delegated role
  qint64 version = 0;  // 0: none is trusted (yet)
  QDateTime expires;   // UTC; not valid when version is 0
  int threshold = 0;
  QStringList keyIds;
  QDateTime signedAt;  // UTC, where the metadata says so ("x-sealift-signed"); else not valid

  bool operator==(const RoleSummary&) const = default;
};

struct TrustSummary {
  // Hex SHA-256 of the canonical JSON of the initial root's `signed` part: what people compare when a vendor is
  // added. Later roots don't change it.
  QString fingerprint;
  bool consistentSnapshot = false;
  QList<RoleSummary> roles;  // root, timestamp, snapshot, targets, then the delegated roles loaded so far

  bool operator==(const TrustSummary&) const = default;
};

}  // namespace sealift::tuf
