#include "keystore/tuf/publisher/repository_files.h"

#include "app/base/file_io.h"
#include "keystore/tuf/repository_path.h"

#include <QFile>
#include <QFileInfo>

namespace sealift::tuf {

namespace {
constexpr qint64 kMostFileBytes = qint64{1} << 30;  // target files pass through memory
}

bool RepositoryFiles::exists(const QString& path) const {
  return QFileInfo::exists(absolute(path));
}

Result<QByteArray> RepositoryFiles::read(const QString& path) const {
  return readFile(absolute(path), kMostFileBytes);
}

Result<Json> RepositoryFiles::readJson(const QString& path) const {
  SEALIFT_TRY(const QByteArray bytes, read(path));
  auto json = parseStrictJson(bytes);
  if (!json) {
    return failBecause(ErrorCode::TrustMalformed, QStringLiteral("%1 is damaged.").arg(absolute(path)), json.error());
  }
  return json;
}

Status RepositoryFiles::write(const QString& path, const QByteArray& bytes) const {
  if (hooks_.beforeWrite) {
    SEALIFT_CHECK(hooks_.beforeWrite(path));
  }
  SEALIFT_CHECK(makeFolder(QFileInfo(absolute(path)).path()));
  return writeFileAtomic(absolute(path), bytes);
}

Status RepositoryFiles::remove(const QString& path) const {
  QFile file(absolute(path));
  if (file.exists() && !file.remove()) {
    return fail(ErrorCode::FileWrite, QStringLiteral("%1 could not be removed.").arg(file.fileName()));
  }
  return {};
}

QString RepositoryFiles::metadataPath(const QString& role, qint64 version) {
  return QStringLiteral("public/metadata/") + metadataFileName(role, version);
}

QString RepositoryFiles::targetPath(const QString& path, const QByteArray& sha256) {
  return QStringLiteral("public/targets/") + hashPrefixedPath(path, sha256);
}

}  // namespace sealift::tuf
