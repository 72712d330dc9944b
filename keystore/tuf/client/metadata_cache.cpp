#include "keystore/tuf/client/metadata_cache.h"

#include "app/base/file_io.h"
#include "keystore/tuf/metadata.h"
#include "keystore/tuf/repository_path.h"

#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>

namespace sealift::tuf {

namespace {

// Whether this name of a role can't be a file's name beside the others everywhere: too long (common file systems take
// 255 bytes), a device of Windows ("con.json" is one), or a top-level role's but for capitals ("Root"), which many file
// systems don't tell apart.
bool needsAnotherFileName(const QString& role, const QString& fileName) {
  constexpr qsizetype kLongest = 200;
  static const QRegularExpression kDevice(QStringLiteral("\\A(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])\\z"),
                                          QRegularExpression::CaseInsensitiveOption);
  return fileName.size() > kLongest || kDevice.match(fileName.section(QLatin1Char('.'), 0, 0)).hasMatch() ||
         (isTopLevelRole(role.toLower()) && !isTopLevelRole(role));
}

}  // namespace

QString MetadataCache::pathOf(const QString& role) const {
  QString name = metadataFileName(role, 0);
  if (needsAnotherFileName(role, name)) {
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
