#include "app/store/data_folder.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>

namespace sealift {
namespace {

constexpr QFileDevice::Permissions kOwnerFile = QFileDevice::ReadOwner | QFileDevice::WriteOwner;
constexpr QFileDevice::Permissions kOwnerFolder = kOwnerFile | QFileDevice::ExeOwner;
constexpr QFileDevice::Permissions kOfOthers = QFileDevice::ReadGroup | QFileDevice::WriteGroup |
                                               QFileDevice::ExeGroup | QFileDevice::ReadOther |
                                               QFileDevice::WriteOther | QFileDevice::ExeOther;
constexpr char kDamagedMark[] = ".damaged-";

Status makePrivate(const QString& path, QFileDevice::Permissions wanted) {
  if (!(QFileInfo(path).permissions() & kOfOthers)) {
    return {};
  }
  if (!QFile::setPermissions(path, wanted)) {
    return fail(ErrorCode::StoreOpen,
                QStringLiteral("%1 can be read by other users and could not be made private.").arg(path));
  }
  return {};
}

bool isSharedPlace(const QString& folder) {
  const QString real = QFileInfo(folder).canonicalFilePath();
  for (const QString& place : {QDir::homePath(), QDir::tempPath(), QDir::rootPath()}) {
    if (real == QFileInfo(place).canonicalFilePath()) {
      return true;
    }
  }
  return false;
}

}  // namespace

Status makeDataFolder(const QString& folder) {
  const QFileInfo info(folder);
  if (info.exists()) {
    if (!info.isDir()) {
      return fail(ErrorCode::StoreOpen, QStringLiteral("%1 is not a folder.").arg(folder));
    }
    if (isSharedPlace(folder)) {
      return fail(ErrorCode::StoreOpen,
                  QStringLiteral("%1 can't be the data folder: it is not Sealift's own.").arg(folder),
                  QStringLiteral("Choose a folder that holds nothing else."));
    }
    return makePrivate(folder, kOwnerFolder);
  }
  // The parents as the system makes them; the folder itself is private from its first moment.
  const QString absolute = QDir::cleanPath(info.absoluteFilePath());
  const QString parent = QFileInfo(absolute).absolutePath();
  if (!QDir().mkpath(parent) || (!QDir().mkdir(absolute, kOwnerFolder) && !QFileInfo(absolute).isDir())) {
    return fail(ErrorCode::StoreOpen, QStringLiteral("The data folder %1 could not be made.").arg(folder));
  }
  return {};
}

Status makeDatabaseFile(const QString& path) {
  QFile file(path);
  if (file.open(QIODevice::ReadWrite | QIODevice::NewOnly, kOwnerFile)) {
    return {};
  }
  if (!QFileInfo(path).isFile()) {
    return fail(ErrorCode::StoreOpen,
                QStringLiteral("The database %1 could not be made: %2.").arg(path, file.errorString()));
  }
  return makePrivate(path, kOwnerFile);
}

Result<QString> setDatabaseAside(const QString& path) {
  const QString stamp = QDateTime::currentDateTimeUtc().toString(QStringLiteral("yyyyMMddTHHmmss.zzzZ"));
  const QString aside = path + QLatin1String(kDamagedMark) + stamp;
  // The database first: while its log still stands under the old name nobody can open the one without the other.
  for (const char* suffix : {"", "-wal", "-shm"}) {
    const QString from = path + QLatin1String(suffix);
    if (QFile::exists(from) && !QFile::rename(from, aside + QLatin1String(suffix))) {
      return fail(ErrorCode::StoreFailed, QStringLiteral("The damaged %1 could not be set aside.").arg(from));
    }
  }
  return aside;
}

QString newestSetAside(const QString& path) {
  const QFileInfo info(path);
  QStringList names =
      QDir(info.absolutePath())
          .entryList({info.fileName() + QLatin1String(kDamagedMark) + QStringLiteral("*Z")}, QDir::Files, QDir::Name);
  return names.isEmpty() ? QString() : info.absolutePath() + QLatin1Char('/') + names.last();
}

}  // namespace sealift
