#include "keystore/secrets/tls_identity.h"

#include "app/base/file_io.h"
#include "keystore/crypto/openssl_p.h"
#include "keystore/secrets/open_signer.h"
#include "keystore/secrets/signer_key.h"

#include <QSslCertificate>
#include <QSslKey>

namespace sealift {

namespace {

constexpr qint64 kMostChainBytes = 256 * 1024;
constexpr qsizetype kMostCertificates = 10;

// A Signer makes with a curve only the hash that belongs to it (RFC 8446, 4.2.3). TLS 1.2 would also choose others.
const char* signatureAlgorithmsOf(KeyType type) {
  switch (type) {
    case KeyType::Ed25519:
      return "ed25519";
    case KeyType::EcP256:
      return "ECDSA+SHA256";
    case KeyType::EcP384:
      return "ECDSA+SHA384";
    case KeyType::Rsa:
      break;
  }
  return "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512";
}

}  // namespace

TlsIdentity::TlsIdentity(QByteArray chainPem, std::shared_ptr<SharedSigner> signer, std::shared_ptr<evp_pkey_st> key)
    : chainPem_(std::move(chainPem)), signer_(std::move(signer)), key_(std::move(key)) {}

Result<TlsIdentity> TlsIdentity::make(const QByteArray& chainPem, std::shared_ptr<Signer> signer) {
  const QList<QSslCertificate> chain = QSslCertificate::fromData(chainPem, QSsl::Pem);
  if (chain.isEmpty() || chain.size() > kMostCertificates || chain.first().isNull()) {
    return fail(ErrorCode::CryptoKey,
                QStringLiteral("The client certificate is no PEM with 1 to %1 certificates.").arg(kMostCertificates));
  }
  SEALIFT_TRY(const PublicKey certified, PublicKey::fromCertificate(chain.first().toDer()));
  if (!(certified == signer->publicKey())) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The client certificate is not for this key."),
                QStringLiteral("Put the certificate that was issued for the key first in its file."));
  }
  auto shared = std::make_shared<SharedSigner>(std::move(signer));
  SEALIFT_TRY(std::shared_ptr<evp_pkey_st> key, makeSignerKey(shared));
  return TlsIdentity(chainPem, std::move(shared), std::move(key));
}

Result<TlsIdentity> TlsIdentity::load(const QString& certificateFile, const KeyAddress& key, PinSource& pins) {
  SEALIFT_TRY(const QByteArray chain, readFile(certificateFile, kMostChainBytes));
  SEALIFT_TRY(std::unique_ptr<Signer> signer, openSigner(key, pins));
  return make(chain, std::move(signer));
}

Status TlsIdentity::applyTo(QSslConfiguration& configuration) const {
  // QSslKey takes only handles whose type it does not know as opaque; of RSA and EC it wants to copy the private
  // half (TlsKeyOpenSSL::fromHandle in Qt 6.4). So it gets an empty key, which is filled after it was taken.
  EVP_PKEY* handle = EVP_PKEY_new();
  if (handle == nullptr) {
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("OpenSSL gave no key."));
  }
  const QSslKey key(reinterpret_cast<Qt::HANDLE>(handle), QSsl::PrivateKey);  // owns the handle from here on
  if (key.isNull() || key.algorithm() != QSsl::Opaque || key.handle() != reinterpret_cast<Qt::HANDLE>(handle)) {
    return fail(ErrorCode::NotSupported, QStringLiteral("Qt's TLS here is not OpenSSL's, so it can't use this key."));
  }
  SEALIFT_CHECK(fillSignerKey(handle, signer_));
  configuration.setLocalCertificateChain(QSslCertificate::fromData(chainPem_, QSsl::Pem));
  configuration.setPrivateKey(key);
  configuration.setBackendConfigurationOption(QByteArrayLiteral("ClientSignatureAlgorithms"),
                                              QByteArray(clientSignatureAlgorithms()));
  return {};
}

const PublicKey& TlsIdentity::publicKey() const {
  return signer_->publicKey();
}

const char* TlsIdentity::clientSignatureAlgorithms() const {
  return signatureAlgorithmsOf(publicKey().type());
}

std::optional<Error> TlsIdentity::lastSigningError() const {
  return signer_->lastError();
}

}  // namespace sealift
