// Names inside a repository, made safe for files and addresses.
#pragma once

#include "keystore/crypto/digest.h"

#include <QByteArray>
#include <QString>

namespace sealift::tuf {

// Whether a target may have this path: parts separated by '/', none of them empty, "." or "..", no backslash
// and no control characters. It stays below whatever folder it is put into.
bool isSafeTargetPath(const QString& path);

// `name` percent-encoded (RFC 3986, 2.1), so that it is one part of an address and one file name.
QString encodePart(const QString& name);
// Each part of `path` encoded, '/' kept.
QString encodePath(const QString& path);

// "7.targets.json"; without version where there is none (0): "timestamp.json".
QString metadataFileName(const QString& role, qint64 version);
// "folder/HASH.name" for consistent snapshots (TUF 1.0, 6.2.1); `sha` raw.
QString hashPrefixedPath(const QString& targetPath, const QByteArray& hash);

}  // namespace sealift::tuf
