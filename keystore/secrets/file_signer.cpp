#include "keystore/secrets/file_signer.h"

#include "app/base/file_io.h"

#include <QFile>
#include <QFileInfo>

namespace sealift {

namespace {

constexpr qint64 kMostKeyFileBytes = 64 * 1024;

// Where the file system keeps no owners (FAT, Windows' own rights) Qt reports what the owner may do for everybody
// or nobody; only Unix permissions say something here.
Status requirePrivate(const QString& path) {
#ifdef Q_OS_UNIX
  constexpr QFileDevice::Permissions kOthers =
      QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ReadOther | QFileDevice::WriteOther;
  if ((QFileInfo(path).permissions() & kOthers) != 0) {
    return fail(
        ErrorCode::CryptoKey, QStringLiteral("The private key %1 can be read or changed by others.").arg(path),
        QStringLiteral("Replace the key if others may have seen it; otherwise run: chmod 600 \"%1\"").arg(path));
  }
#else
  Q_UNUSED(path);
#endif
  return {};
}

}  // namespace

Result<std::unique_ptr<FileSigner>> FileSigner::load(const QString& path, const SecretBytes& passphrase) {
  SEALIFT_TRY(QByteArray pem, readFile(path, kMostKeyFileBytes));
  auto key = PrivateKey::fromPem(pem, passphrase);
  zeroize(pem);
  if (!key) {
    return failBecause(ErrorCode::CryptoKey, QStringLiteral("The private key %1 could not be used.").arg(path),
                       key.error());
  }
  SEALIFT_CHECK(requirePrivate(path));
  return std::make_unique<FileSigner>(std::move(*key));
}

Result<std::unique_ptr<FileSigner>> FileSigner::create(const QString& path, KeyType type,
                                                       const SecretBytes& passphrase) {
  if (QFileInfo::exists(path)) {
    return fail(ErrorCode::AlreadyExists, QStringLiteral("There is a file %1 already.").arg(path));
  }
  SEALIFT_TRY(PrivateKey key, PrivateKey::generate(type));
  SEALIFT_TRY(const SecretBytes pem, key.toPem(passphrase));
  // fromRawData: no copy of the key that nobody zeroes.
  SEALIFT_CHECK(writeFileAtomic(path, QByteArray::fromRawData(pem.view().data(), pem.view().size()), true));
  return std::make_unique<FileSigner>(std::move(key));
}

Result<std::unique_ptr<Signer>> loadOrCreateStationKey(const QString& path) {
  if (!QFileInfo::exists(path)) {
    SEALIFT_CHECK(makeFolder(QFileInfo(path).absolutePath()));
    SEALIFT_TRY(std::unique_ptr<Signer> created, FileSigner::create(path, KeyType::Ed25519));
    return created;
  }
  SEALIFT_TRY(std::unique_ptr<Signer> loaded, FileSigner::load(path));
  if (loaded->publicKey().type() != KeyType::Ed25519) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The station's key %1 is of type %2 instead of Ed25519.")
                                          .arg(path, loaded->publicKey().typeName()));
  }
  return loaded;
}

}  // namespace sealift
