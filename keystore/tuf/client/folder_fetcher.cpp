#include "keystore/tuf/client/folder_fetcher.h"

#include "keystore/tuf/repository_path.h"

#include <QFile>
#include <QFileInfo>
#include <QUrl>

namespace sealift::tuf {

namespace {

constexpr qint64 kPiece = 1024 * 1024;

tl::unexpected<Error> notFound(const QString& path) {
  return fail(ErrorCode::FetchNotFound, QStringLiteral("The repository has no file %1.").arg(path));
}

}  // namespace

// The file on this computer that `path` means.
Result<QString> FolderFetcher::locate(const QString& path) const {
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
    return file.filePath();
  }
  return notFound(path);
}

Result<QByteArray> FolderFetcher::fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) {
  MemorySink sink;
  SEALIFT_CHECK(fetchTo(path, maxBytes, {}, sink, cancel));
  return sink.take();
}

Status FolderFetcher::fetchTo(const QString& path, qint64 maxBytes, const ResumePoint& from, FetchSink& sink,
                              const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  SEALIFT_TRY(const QString filePath, locate(path));
  const auto tooLong = [&] {
    return fail(
        ErrorCode::TrustLength,
        QStringLiteral("The repository's file %1 is longer than %2 bytes.").arg(path, QString::number(maxBytes)));
  };
  const auto unreadable = [&](const QFile& file) {
    return fail(ErrorCode::FetchFailed,
                QStringLiteral("The repository's file %1 could not be read: %2.").arg(path, file.errorString()));
  };
  QFile file(filePath);
  if (!file.open(QIODevice::ReadOnly)) {
    return unreadable(file);
  }
  if (file.size() > maxBytes) {
    return tooLong();
  }
  qint64 offset = from.offset <= file.size() ? from.offset : 0;
  if (!file.seek(offset)) {
    return unreadable(file);
  }
  SEALIFT_CHECK(sink.begin(offset, {}));
  // The file may grow while it is read.
  for (QByteArray piece = file.read(kPiece); !piece.isEmpty(); piece = file.read(kPiece)) {
    SEALIFT_CHECK(cancel.check());
    if (piece.size() > maxBytes - offset) {
      return tooLong();
    }
    offset += piece.size();
    SEALIFT_CHECK(sink.write(piece));
  }
  return file.error() == QFileDevice::NoError ? Status() : Status(unreadable(file));
}

}  // namespace sealift::tuf
