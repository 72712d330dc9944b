#include "keystore/crypto/certificate_request.h"

#include "keystore/crypto/x509_p.h"

#include <openssl/err.h>

namespace sealift {

namespace {

constexpr long kVersion1 = 0;  // RFC 2986, 4.1: the only one

Result<PublicKey> keyOf(X509_REQ* request) {
  unsigned char* encoded = nullptr;
  EVP_PKEY* key = X509_REQ_get0_pubkey(request);
  const int length = key != nullptr ? i2d_PUBKEY(key, &encoded) : 0;
  if (length <= 0) {
    return openssl::failure(ErrorCode::CryptoKey, QStringLiteral("The request's key can't be read."));
  }
  const QByteArray der(reinterpret_cast<const char*>(encoded), length);
  OPENSSL_free(encoded);
  return PublicKey::fromDer(der);
}

}  // namespace

Result<CertificateRequest> CertificateRequest::parse(QByteArrayView der) {
  SEALIFT_TRY(const openssl::Request request, openssl::readRequest(der));
  if (X509_REQ_get_version(request.get()) != kVersion1) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The certificate request is of an unknown version."));
  }
  SEALIFT_TRY(PublicKey key, keyOf(request.get()));
  if (!openssl::isStrongSignature(X509_REQ_get_signature_nid(request.get()))) {
    return fail(ErrorCode::IdentityRequest,
                QStringLiteral("The request is signed with an algorithm that proves nothing any more."));
  }
  if (X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::IdentityRequest,
                QStringLiteral("The request does not prove that its sender has the private key."));
  }
  const X509_NAME* subject = X509_REQ_get_subject_name(request.get());
  SEALIFT_TRY(QString serialNumber, openssl::serialNumberOf(subject));
  return CertificateRequest{.der = der.toByteArray(),
                            .key = std::move(key),
                            .subject = openssl::oneLine(subject),
                            .serialNumber = std::move(serialNumber)};
}

Result<QByteArray> makeCertificateRequest(const PrivateKey& key, const DeviceName& name) {
  const openssl::Request request(X509_REQ_new());
  const SignatureScheme scheme = usualSchemeOf(key.publicKey().type());
  const bool isEmpty = name == DeviceName{};
  SEALIFT_TRY(const openssl::Name subject,
              isEmpty ? Result<openssl::Name>(openssl::Name(X509_NAME_new())) : openssl::makeName(name));
  if (!request || !subject || X509_REQ_set_version(request.get(), kVersion1) != 1 ||
      X509_REQ_set_subject_name(request.get(), subject.get()) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.openSslKey()) != 1 ||
      X509_REQ_sign(request.get(), key.openSslKey(), openssl::evpDigestOf(scheme)) <= 0) {
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("The certificate request could not be made."));
  }
  return openssl::derOf(request.get());
}

}  // namespace sealift
