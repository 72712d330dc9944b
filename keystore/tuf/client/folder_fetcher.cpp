#include "keystore/tuf/client/folder_fetcher.h"

#include "app/base/file_io.h"
#include "keystore/tuf/repository_path.h"

#include <QDir>
#include <QFileInfo>
#include <QUrl>

namespace sealift::tuf {

namespace {

tl::unexpected<Error> notFound(const QString& path) {
  return fail(ErrorCode::FetchNotFound, QStringLiteral("The repository has no file %1.").arg(path));
}

}  // namespace

Result<QByteArray> FolderFetcher::fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  const QString root = QFileInfo(folder_).canonicalFilePath();
  if (root.isEmpty()) {
    return fail(ErrorCode::FetchFailed, QStringLiteral("The repository's folder %1 does not exist.").arg(folder_),
                QStringLiteral("Connect the drive that holds it, or correct the vendor's address."));
  }
  if (!isSafeTargetPath(path)) {
    return notFound(path);
  }
  // A file is stored under its own name; roles whose names need encoding are stored encoded, because a '/' in a
  // role's name is no folder.
  for (const QString& name : {path, QUrl::fromPercentEncoding(path.toUtf8())}) {
    const QFileInfo file(root + QLatin1Char('/') + name);
    if (!isSafeTargetPath(name) || !file.isFile()) {
      continue;
    }
    // A link in the folder may lead anywhere on this computer.
    if (!file.canonicalFilePath().startsWith(root + QLatin1Char('/'))) {
      return notFound(path);
    }
    const auto bytes = readFile(file.filePath(), maxBytes);
    if (bytes) {
      return *bytes;
    }
    const ErrorCode code =
        bytes.error().code == ErrorCode::FileTooLarge ? ErrorCode::TrustLength : ErrorCode::FetchFailed;
    return failBecause(code, QStringLiteral("The repository's file %1 could not be taken.").arg(path), bytes.error());
  }
  return notFound(path);
}

}  // namespace sealift::tuf
