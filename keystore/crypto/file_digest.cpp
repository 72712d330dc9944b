#include "keystore/crypto/file_digest.h"

#include <QFile>

namespace sealift {

Result<QByteArray> digestFile(const QString& path, DigestAlgorithm algorithm, const CancelToken& cancel) {
  constexpr qint64 kPieceBytes = 1024 * 1024;
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly | QIODevice::Unbuffered)) {
    return fail(ErrorCode::FileRead, QStringLiteral("%1 could not be read: %2.").arg(path, file.errorString()));
  }
  Digester digester(algorithm);
  QByteArray piece(kPieceBytes, Qt::Uninitialized);
  while (true) {
    SEALIFT_CHECK(cancel.check());
    const qint64 length = file.read(piece.data(), kPieceBytes);
    if (length < 0) {
      return fail(ErrorCode::FileRead, QStringLiteral("%1 could not be read: %2.").arg(path, file.errorString()));
    }
    if (length == 0) {
      return digester.finish();
    }
    digester.add(QByteArrayView(piece.constData(), length));
  }
}

}  // namespace sealift
