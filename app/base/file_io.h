// Capped reads and atomic writes of whole files.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QString>

class QFile;

namespace sealift {

// The whole file, or FileTooLarge when it is longer than `maxBytes` (checked while reading, too).
Result<QByteArray> readFile(const QString& path, qint64 maxBytes);
// Written beside, flushed to the disk, renamed over: a reader sees the old or the new file.
// `ownerOnly` makes it readable and writable by its owner alone (mode 0600 before the first byte).
Status writeFileAtomic(const QString& path, const QByteArray& bytes, bool ownerOnly = false);
// What was written to the open file survives a loss of power once this has returned.
Status syncToDisk(QFile& file);
// The file takes the name `to`, in place of what had it; at every moment a reader finds one or the other.
Status renameOver(const QString& from, const QString& to);
// Makes the folder and its parents.
Status makeFolder(const QString& path);

}  // namespace sealift
