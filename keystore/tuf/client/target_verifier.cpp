#include "keystore/tuf/client/target_verifier.h"

#include <QFile>

namespace sealift::tuf {

TargetVerifier::TargetVerifier(const TargetInfo& target) : target_(target) {
  restart();
}

void TargetVerifier::restart() {
  length_ = 0;
  digesters_.clear();
  for (auto hash = target_.hashes.keyBegin(); hash != target_.hashes.keyEnd(); ++hash) {
    digesters_.emplace(*hash, Digester(*hash));
  }
}

Status TargetVerifier::add(QByteArrayView bytes) {
  if (bytes.size() > target_.length - length_) {
    return fail(
        ErrorCode::TrustLength,
        QStringLiteral("\"%1\" is longer than its %2 bytes.").arg(target_.path, QString::number(target_.length)));
  }
  length_ += bytes.size();
  for (auto& [algorithm, digester] : digesters_) {
    digester.add(bytes);
  }
  return {};
}

Status TargetVerifier::finish() {
  Status result;
  if (length_ != target_.length) {
    result =
        fail(ErrorCode::TrustLength, QStringLiteral("\"%1\" has %2 bytes instead of %3.")
                                         .arg(target_.path, QString::number(length_), QString::number(target_.length)));
  } else if (target_.hashes.isEmpty()) {
    result = fail(ErrorCode::TrustHashMismatch,
                  QStringLiteral("\"%1\" is described by hashes of unknown kinds only.").arg(target_.path));
  }
  for (auto& [algorithm, digester] : digesters_) {
    if (digester.finish() != target_.hashes.value(algorithm) && result) {
      result = fail(ErrorCode::TrustHashMismatch,
                    QStringLiteral("\"%1\" does not have the announced %2.").arg(target_.path, digestName(algorithm)));
    }
  }
  restart();
  return result;
}

Status verifyTargetFile(const QString& path, const TargetInfo& target, const CancelToken& cancel) {
  constexpr qint64 kPiece = 1024 * 1024;
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    return fail(ErrorCode::FileRead, QStringLiteral("%1 could not be read: %2.").arg(path, file.errorString()));
  }
  TargetVerifier verifier(target);
  for (QByteArray piece = file.read(kPiece); !piece.isEmpty(); piece = file.read(kPiece)) {
    SEALIFT_CHECK(cancel.check());
    SEALIFT_CHECK(verifier.add(piece));
  }
  if (file.error() != QFileDevice::NoError) {
    return fail(ErrorCode::FileRead, QStringLiteral("%1 could not be read: %2.").arg(path, file.errorString()));
  }
  return verifier.finish();
}

}  // namespace sealift::tuf
