#include "keystore/secrets/keychain_signer.h"

#include "keystore/secrets/file_signer.h"

#include <QEventLoop>
#include <QTimer>
#include <qt6keychain/keychain.h>

#include <chrono>

namespace sealift {

namespace {

const QString kService = QStringLiteral("Sealift");
// The person may have to unlock the keychain first.
constexpr std::chrono::seconds kDeadline{120};

QString nameOf(const KeychainKeyAddress& address) {
  return QStringLiteral("The keychain's key \"%1\"").arg(address.name);
}

Error errorOf(const QKeychain::Job& job, const KeychainKeyAddress& address) {
  switch (job.error()) {
    case QKeychain::EntryNotFound:
      return makeError(ErrorCode::NotFound, nameOf(address) + QStringLiteral(" does not exist."));
    case QKeychain::AccessDenied:
    case QKeychain::AccessDeniedByUser:
      return makeError(ErrorCode::KeyAbsent, nameOf(address) + QStringLiteral(" was not given: access was denied."),
                       QStringLiteral("Unlock the keychain and allow Sealift to use it."));
    case QKeychain::NoBackendAvailable:
    case QKeychain::NotImplemented:
      return makeError(ErrorCode::KeyAbsent, QStringLiteral("There is no keychain in this session."),
                       QStringLiteral("Log in to a desktop with a keychain (Secret Service or KWallet), or keep the "
                                      "key in an encrypted file, a token or a TPM."));
    default:
      break;
  }
  return makeError(ErrorCode::KeyAbsent,
                   nameOf(address) + QStringLiteral(" could not be reached: %1.").arg(job.errorString()),
                   QStringLiteral("Check that the keychain runs and is unlocked."));
}

Status runJob(QKeychain::Job& job, const KeychainKeyAddress& address) {
  QEventLoop loop;
  bool finished = false;
  job.setAutoDelete(false);
  job.setKey(address.name);
  job.setInsecureFallback(false);  // never into a plain settings file
  QObject::connect(&job, &QKeychain::Job::finished, &loop, [&] {
    finished = true;
    loop.quit();
  });
  QTimer::singleShot(kDeadline, &loop, &QEventLoop::quit);
  job.start();
  if (!finished) {
    loop.exec();
  }
  if (!finished) {
    return fail(ErrorCode::Timeout,
                QStringLiteral("The keychain did not answer within %1 seconds.").arg(kDeadline.count()),
                QStringLiteral("Unlock it and try again."));
  }
  return job.error() == QKeychain::NoError ? Status() : Status(fail(errorOf(job, address)));
}

}  // namespace

Result<std::unique_ptr<Signer>> openKeychainKey(const KeychainKeyAddress& address) {
  QKeychain::ReadPasswordJob job(kService);
  SEALIFT_CHECK(runJob(job, address));
  QByteArray pem = job.binaryData();
  if (pem.isEmpty()) {
    return fail(ErrorCode::NotFound, nameOf(address) + QStringLiteral(" does not exist."));
  }
  auto key = PrivateKey::fromPem(pem);
  zeroize(pem);
  if (!key) {
    return failBecause(ErrorCode::CryptoKey, nameOf(address) + QStringLiteral(" could not be used."), key.error());
  }
  return std::make_unique<FileSigner>(std::move(*key));
}

Result<std::unique_ptr<Signer>> createKeychainKey(const KeychainKeyAddress& address, const KeyWanted& wanted) {
  if (const auto present = openKeychainKey(address); present || present.error().code == ErrorCode::CryptoKey) {
    return fail(ErrorCode::AlreadyExists, nameOf(address) + QStringLiteral(" exists already."));
  } else if (present.error().code != ErrorCode::NotFound) {
    return fail(present.error());
  }
  SEALIFT_TRY(PrivateKey key, PrivateKey::generate(wanted.type, wanted.rsaBits));
  SEALIFT_TRY(const SecretBytes pem, key.toPem());
  QKeychain::WritePasswordJob job(kService);
  // fromRawData: no copy of ours that nobody zeroes.
  job.setBinaryData(QByteArray::fromRawData(pem.view().data(), pem.view().size()));
  SEALIFT_CHECK(runJob(job, address));
  return std::make_unique<FileSigner>(std::move(key));
}

}  // namespace sealift
