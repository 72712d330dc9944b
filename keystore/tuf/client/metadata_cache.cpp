#include "keystore/tuf/client/metadata_cache.h"

#include "app/base/file_io.h"
#include "keystore/tuf/repository_path.h"

#include <QFile>
#include <QFileInfo>

namespace sealift::tuf {

QString MetadataCache::pathOf(const QString& role) const {
  constexpr qsizetype kLongestFileName = 200;  // common file systems take 255 bytes
  QString name = metadataFileName(role, 0);
  if (name.size() > kLongestFileName) {
    name = QString::fromLatin1(sha256(role.toUtf8()).toHex()) + QStringLiteral(".json");
  }
  return folder_ + QLatin1Char('/') + name;
}

Result<QByteArray> MetadataCache::read(const QString& role, qint64 maxBytes) const {
  return readFile(pathOf(role), maxBytes);
}

Status MetadataCache::write(const QString& role, const QByteArray& bytes) const {
  SEALIFT_CHECK(makeFolder(folder_));
  return writeFileAtomic(pathOf(role), bytes);
}

Status MetadataCache::remove(const QString& role) const {
  QFile file(pathOf(role));
  if (file.exists() && !file.remove()) {
    return fail(ErrorCode::FileWrite,
                QStringLiteral("%1 could not be removed: %2.").arg(file.fileName(), file.errorString()));
  }
  return {};
}

Result<QByteArray> MetadataCache::readInitialRoot(qint64 maxBytes) const {
  return readFile(initialRootPath(), maxBytes);
}

Status MetadataCache::writeInitialRoot(const QByteArray& bytes) const {
  SEALIFT_CHECK(makeFolder(QFileInfo(initialRootPath()).path()));
  return writeFileAtomic(initialRootPath(), bytes);
}

bool MetadataCache::hasInitialRoot() const {
  return QFileInfo::exists(initialRootPath());
}

}  // namespace sealift::tuf
