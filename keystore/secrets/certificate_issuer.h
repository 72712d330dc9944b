// A device CA: issues device certificates (IDevID, IEEE 802.1AR-2018, clause 8; RFC 5280) and lists of revoked ones.
// Its key is a Signer's, so it may live in a file, a PKCS#11 token or a TPM. One thread at a time.
#pragma once

#include "keystore/crypto/certificate_request.h"
#include "keystore/crypto/revocation_list.h"
#include "keystore/secrets/signer.h"

#include <QDateTime>

#include <memory>
#include <optional>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace sealift {

class SharedSigner;

// How long a certificate is valid, and for whom it is.
struct DeviceCertificateOrder {
  DeviceName name;
  QDateTime notBefore;
  std::optional<QDateTime> notAfter;  // nothing: 99991231235959Z, as 802.1AR has it for a device's whole life
};

struct IssuerOrder {
  QString commonName;  // both as DeviceName has them; the common name must not be empty
  QString organization;
  QDateTime notBefore;
  std::optional<QDateTime> notAfter;
};

class CertificateIssuer {
 public:
  // `der` is the CA's own certificate: for this key, with cA, keyCertSign and a subjectKeyIdentifier (RFC
  // 5280, 4.2.1). CryptoKey, IdentityMalformed, IdentityUsage.
  static Result<CertificateIssuer> make(QByteArrayView der, std::shared_ptr<Signer> signer);
  // A new CA that vouches for itself: may issue devices' certificates (pathLenConstraint 0) and lists. Gives its
  // certificate, DER. InvalidArgument; what the key's keeper reports.
  static Result<QByteArray> makeCertificate(const IssuerOrder& order, std::shared_ptr<Signer> signer);

  const QByteArray& certificate() const { return certificate_; }

  // A certificate (DER) for the key of the request, with a random number of 20 bytes. Of the request nothing but the
  // key gets into it; a serial number that its subject names must be the ordered one (IdentityMismatch).
  // IdentityExpired: the CA is not valid when the certificate begins. InvalidArgument; what the key's keeper reports.
  Result<QByteArray> issue(const CertificateRequest& request, const DeviceCertificateOrder& order);
  // The list, signed (DER). The caller keeps numbers rising. InvalidArgument; what the key's keeper reports.
  Result<QByteArray> issueList(const RevocationList& content);

 private:
  CertificateIssuer(QByteArray certificate, std::shared_ptr<SharedSigner> signer, std::shared_ptr<evp_pkey_st> key)
      : certificate_(std::move(certificate)), signer_(std::move(signer)), key_(std::move(key)) {}

  QByteArray certificate_;
  std::shared_ptr<SharedSigner> signer_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace sealift
