// One target file as verified targets metadata describes it (TUF 1.0, 4.5).
#pragma once

#include "app/base/result.h"
#include "keystore/crypto/digest.h"

#include <QByteArray>
#include <QJsonObject>
#include <QList>
#include <QMap>
#include <QString>

namespace sealift::tuf {

struct TargetInfo {
  QString path;                              // as published, '/' between its parts, not encoded
  qint64 length = 0;                         // bytes
  QMap<DigestAlgorithm, QByteArray> hashes;  // raw; at least one; algorithms that are unknown here are left out
  QJsonObject custom;                        // empty when there is none
  QString role;                              // the role whose metadata says so: "targets" or a delegated role

  bool operator==(const TargetInfo&) const = default;
};

// A delegated role that could not be brought or was not to be trusted.
struct RoleProblem {
  QString role;
  Error error;
};

// What a repository offers. What stands behind a role with a problem is left out.
struct TargetListing {
  QList<TargetInfo> targets;  // by path
  QList<RoleProblem> problems;
};

}  // namespace sealift::tuf
