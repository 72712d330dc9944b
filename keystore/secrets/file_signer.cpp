#include "keystore/secrets/file_signer.h"

#include "app/base/file_io.h"
#include "keystore/secrets/private_file.h"

#include <QFile>
#include <QFileInfo>

namespace sealift {

namespace {

constexpr qint64 kMostKeyFileBytes = 64 * 1024;

}  // namespace

Result<std::unique_ptr<FileSigner>> FileSigner::load(const QString& path, const SecretBytes& passphrase) {
  SEALIFT_TRY(QByteArray pem, readFile(path, kMostKeyFileBytes));
  SEALIFT_CHECK(requirePrivateFile(path, QStringLiteral("private key")));
  auto key = PrivateKey::fromPem(pem, passphrase);
  zeroize(pem);
  if (!key) {
    return failBecause(key.error().code, QStringLiteral("The private key %1 could not be used.").arg(path),
                       key.error());
  }
  return std::make_unique<FileSigner>(std::move(*key));
}

Result<std::unique_ptr<FileSigner>> FileSigner::create(const QString& path, KeyType type, const SecretBytes& passphrase,
                                                       int rsaBits) {
  if (QFileInfo::exists(path)) {
    return fail(ErrorCode::AlreadyExists, QStringLiteral("There is a file %1 already.").arg(path));
  }
  SEALIFT_TRY(PrivateKey key, PrivateKey::generate(type, rsaBits));
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
