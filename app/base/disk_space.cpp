#include "app/base/disk_space.h"

#include <QDir>
#include <QFileInfo>
#include <QStorageInfo>

#include <algorithm>

namespace sealift {
namespace {

QString megabytes(qint64 bytes) {
  return QStringLiteral("%1 MB").arg(static_cast<double>(bytes) / 1e6, 0, 'f', 1);
}

// The nearest folder above that is there.
QString existingFolder(QString folder) {
  while (!QFileInfo::exists(folder) && folder != QFileInfo(folder).path()) {
    folder = QFileInfo(folder).path();
  }
  return folder;
}

}  // namespace

Status requireRoom(const QString& folder, qint64 bytes, const QString& what) {
  const QStorageInfo disk(existingFolder(QDir(folder).absolutePath()));
  const qint64 free = disk.bytesAvailable();
  const qint64 needed = std::max<qint64>(bytes, 0) + kRoomForRecords;
  if (!disk.isValid() || free < 0 || free >= needed) {
    return {};
  }
  return fail(ErrorCode::FileWrite,
              QStringLiteral("%1 are free on the disk with %2, and %3 are needed: %4 for %5 and %6 for the records.")
                  .arg(megabytes(free), folder, megabytes(needed), megabytes(bytes), what, megabytes(kRoomForRecords)),
              QStringLiteral("Free %1 there, then try again. Nothing was begun.").arg(megabytes(needed - free)));
}

}  // namespace sealift
