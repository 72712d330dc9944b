// One target file as verified targets metadata describes it (TUF 1.0, 4.5).
#pragma once

#include "keystore/crypto/digest.h"

#include <QByteArray>
#include <QJsonObject>
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

}  // namespace sealift::tuf
