#include "keystore/tuf/client/partial_file.h"

#include "app/base/file_io.h"

#include <QFileInfo>

namespace sealift::tuf {

namespace {

constexpr qint64 kPiece = 1024 * 1024;
constexpr qint64 kMostValidatorBytes = 1024;

QString partPathOf(const QString& filePath, const TargetInfo& target) {
  constexpr qsizetype kHashBytes = 16;
  const QByteArray hash = target.hashes.isEmpty() ? sha256(target.path.toUtf8()) : target.hashes.first();
  return QStringLiteral("%1/.%2.part")
      .arg(QFileInfo(filePath).path(), QString::fromLatin1(hash.left(kHashBytes).toHex()));
}

tl::unexpected<Error> notWritten(const QFile& file) {
  return fail(ErrorCode::FileWrite,
              QStringLiteral("%1 could not be written: %2.").arg(file.fileName(), file.errorString()));
}

}  // namespace

PartialFile::PartialFile(const QString& filePath, const TargetInfo& target)
    : target_(target), filePath_(filePath), part_(partPathOf(filePath, target)), verifier_(target) {}

Status PartialFile::open(const CancelToken& cancel) {
  SEALIFT_CHECK(makeFolder(QFileInfo(filePath_).path()));
  if (!part_.open(QIODevice::ReadWrite)) {
    return notWritten(part_);
  }
  if (part_.size() > target_.length) {
    return clear();
  }
  for (QByteArray piece = part_.read(kPiece); !piece.isEmpty(); piece = part_.read(kPiece)) {
    SEALIFT_CHECK(cancel.check());
    SEALIFT_CHECK(verifier_.add(piece));
  }
  if (part_.error() != QFileDevice::NoError) {
    return clear();
  }
  isContinued_ = verifier_.length() > 0;
  if (const auto validator = readFile(validatorPath(), kMostValidatorBytes)) {
    validator_ = *validator;
  }
  return {};
}

ResumePoint PartialFile::resumePoint() const {
  return {verifier_.length(), validator_};
}

Status PartialFile::clear() {
  if (!part_.resize(0) || !part_.seek(0)) {
    return notWritten(part_);
  }
  verifier_ = TargetVerifier(target_);
  isContinued_ = false;
  return {};
}

Status PartialFile::begin(qint64 offset, const QByteArray& validator) {
  if (offset == verifier_.length()) {
    // The part goes on; what it is a part of may have become known only now.
  } else if (offset == 0) {
    SEALIFT_CHECK(clear());
  } else {
    return fail(ErrorCode::Internal,
                QStringLiteral("Bytes from %1 came for a part of %2.").arg(offset).arg(verifier_.length()));
  }
  if (validator != validator_) {
    validator_ = validator.size() <= kMostValidatorBytes ? validator : QByteArray();
    // Before the first byte: a part never stands beside the name of another state for long, and then it is empty.
    return validator_.isEmpty() && !QFile::exists(validatorPath()) ? Status()
                                                                   : writeFileAtomic(validatorPath(), validator_);
  }
  return {};
}

Status PartialFile::write(QByteArrayView bytes) {
  SEALIFT_CHECK(verifier_.add(bytes));
  // Flushed at once: what was fetched outlives a kill.
  if (part_.write(bytes.data(), bytes.size()) != bytes.size() || !part_.flush()) {
    return notWritten(part_);
  }
  return {};
}

Status PartialFile::finish() {
  SEALIFT_CHECK(verifier_.finish());
  SEALIFT_CHECK(syncToDisk(part_));
  part_.close();
  SEALIFT_CHECK(renameOver(part_.fileName(), filePath_));
  QFile::remove(validatorPath());
  return {};
}

void PartialFile::discard() {
  part_.close();
  part_.remove();
  QFile::remove(validatorPath());
  verifier_ = TargetVerifier(target_);
  validator_.clear();
  isContinued_ = false;
}

}  // namespace sealift::tuf
