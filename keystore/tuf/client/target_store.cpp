#include "keystore/tuf/client/target_store.h"

#include "app/base/file_io.h"
#include "keystore/tuf/client/client.h"
#include "keystore/tuf/client/partial_file.h"
#include "keystore/tuf/client/target_verifier.h"

#include <QDir>
#include <QFileInfo>
#include <QSet>

#include <algorithm>

namespace sealift::tuf {

QString TargetStore::pathOf(const TargetInfo& target) const {
  const QByteArray sha256Hash = target.hashes.value(DigestAlgorithm::Sha256);
  QString name = QString::fromLatin1(sha256Hash.toHex());
  if (sha256Hash.isEmpty() && !target.hashes.isEmpty()) {
    name = digestName(target.hashes.firstKey()) + QLatin1Char('-') + QString::fromLatin1(target.hashes.first().toHex());
  }
  return folder_ + QLatin1Char('/') + name;
}

qint64 TargetStore::missingBytes(const TargetInfo& target) const {
  return target.length - QFileInfo(PartialFile(pathOf(target), target).path()).size();
}

Status TargetStore::obtain(Client& client, const TargetInfo& target, const CancelToken& cancel) const {
  return client.downloadTo(pathOf(target), target, cancel);
}

Result<QByteArray> TargetStore::read(const TargetInfo& target, qint64 maxBytes) const {
  constexpr qint64 kPiece = 1024 * 1024;
  if (target.length > maxBytes) {
    return fail(ErrorCode::FileTooLarge,
                QStringLiteral("\"%1\" has %2 bytes; at most %3 are read.")
                    .arg(target.path, QString::number(target.length), QString::number(maxBytes)));
  }
  QFile file(pathOf(target));
  if (target.hashes.isEmpty() || !file.open(QIODevice::ReadOnly)) {
    return fail(ErrorCode::FileRead, QStringLiteral("\"%1\" is not kept on this computer.").arg(target.path));
  }
  TargetVerifier verifier(target);
  QByteArray bytes;
  bytes.reserve(std::min(file.size(), target.length));
  for (QByteArray piece = file.read(kPiece); !piece.isEmpty(); piece = file.read(kPiece)) {
    SEALIFT_CHECK(verifier.add(piece));
    bytes += piece;
  }
  SEALIFT_CHECK(verifier.finish());
  return bytes;
}

Status TargetStore::keep(const TargetInfo& target, const QByteArray& bytes) const {
  TargetVerifier verifier(target);
  SEALIFT_CHECK(verifier.add(bytes));
  SEALIFT_CHECK(verifier.finish());
  SEALIFT_CHECK(makeFolder(folder_));
  return writeFileAtomic(pathOf(target), bytes);
}

void TargetStore::forgetParts(const QList<TargetInfo>& published) const {
  QSet<QString> wanted;
  for (const TargetInfo& target : published) {
    wanted.insert(QFileInfo(PartialFile(pathOf(target), target).path()).fileName());
  }
  QDir folder(folder_);
  const QStringList parts =
      folder.entryList({QStringLiteral(".*.part"), QStringLiteral(".*.part-of")}, QDir::Files | QDir::Hidden);
  for (const QString& name : parts) {
    if (!wanted.contains(name.endsWith(QLatin1String("-of")) ? name.chopped(3) : name)) {
      folder.remove(name);
    }
  }
}

}  // namespace sealift::tuf
