#include "app/base/file_io.h"

#include <QDir>
#include <QFile>
#include <QSaveFile>

#include <filesystem>
#include <system_error>

#ifdef Q_OS_WIN
#include <io.h>
#else
#include <unistd.h>
#endif

namespace sealift {

Result<QByteArray> readFile(const QString& path, qint64 maxBytes) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    return fail(ErrorCode::FileRead, QStringLiteral("%1 could not be read: %2.").arg(path, file.errorString()));
  }
  // In pieces: QIODevice::read() makes room for all that it may read, and the cap may be far above the file's size.
  constexpr qint64 kPiece = 1024 * 1024;
  QByteArray bytes;
  for (QByteArray piece = file.read(kPiece); !piece.isEmpty(); piece = file.read(kPiece)) {
    if (piece.size() > maxBytes - bytes.size()) {
      return fail(ErrorCode::FileTooLarge, QStringLiteral("%1 is larger than %2 bytes.").arg(path).arg(maxBytes));
    }
    bytes += piece;
  }
  if (file.error() != QFileDevice::NoError) {
    return fail(ErrorCode::FileRead, QStringLiteral("%1 could not be read: %2.").arg(path, file.errorString()));
  }
  return bytes;
}

Status writeFileAtomic(const QString& path, const QByteArray& bytes, bool ownerOnly) {
  QSaveFile file(path);  // syncs the data to the disk before it renames
  if (!file.open(QIODevice::WriteOnly)) {
    return fail(ErrorCode::FileWrite, QStringLiteral("%1 could not be written: %2.").arg(path, file.errorString()));
  }
  if (ownerOnly && !file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner)) {
    return fail(ErrorCode::FileWrite,
                QStringLiteral("%1 could not be made private: %2.").arg(path, file.errorString()));
  }
  if (file.write(bytes) != bytes.size() || !file.commit()) {
    return fail(ErrorCode::FileWrite, QStringLiteral("%1 could not be written: %2.").arg(path, file.errorString()));
  }
  return {};
}

Status syncToDisk(QFile& file) {
#ifdef Q_OS_WIN
  const bool synced = file.flush() && _commit(file.handle()) == 0;
#else
  const bool synced = file.flush() && ::fsync(file.handle()) == 0;
#endif
  if (!synced) {
    return fail(ErrorCode::FileWrite, QStringLiteral("%1 could not be written to the disk.").arg(file.fileName()));
  }
  return {};
}

Status renameOver(const QString& from, const QString& to) {
  std::error_code problem;  // QFile::rename() does not replace a file
  std::filesystem::rename(from.toStdU16String(), to.toStdU16String(), problem);
  if (problem) {
    return fail(ErrorCode::FileWrite, QStringLiteral("%1 could not be renamed to %2: %3.")
                                          .arg(from, to, QString::fromLocal8Bit(problem.message().c_str())));
  }
  return {};
}

Status makeFolder(const QString& path) {
  if (!QDir().mkpath(path)) {
    return fail(ErrorCode::FileWrite, QStringLiteral("The folder %1 could not be made.").arg(path));
  }
  return {};
}

}  // namespace sealift
