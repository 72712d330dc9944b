#include "keystore/secrets/certificate_issuer.h"

#include "keystore/crypto/random.h"
#include "keystore/crypto/x509_p.h"
#include "keystore/secrets/signer_key.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace sealift {

namespace {

using openssl::Certificate;
using openssl::Deleter;
using openssl::RevocationListPtr;
using Integer = std::unique_ptr<ASN1_INTEGER, Deleter<ASN1_INTEGER_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using Revoked = std::unique_ptr<X509_REVOKED, Deleter<X509_REVOKED_free>>;

constexpr int kVersion3 = 2;                                    // RFC 5280, 4.1.2.1
constexpr int kListVersion2 = 1;                                // 5.1.2.1
constexpr int kSerialBytes = 20;                                // 4.1.2.2: at most; random, so never the same twice
constexpr char kNoEnd[] = "99991231235959Z";                    // 4.1.2.5
constexpr char kHardwareModuleNameOid[] = "1.3.6.1.5.5.7.8.4";  // RFC 4108, clause 5

tl::unexpected<Error> failure(const QString& what) {
  return openssl::failure(ErrorCode::CryptoFailure, what);
}

// What the keeper of the key says matters more than that OpenSSL could not sign.
tl::unexpected<Error> signFailure(const SharedSigner& signer, const QString& what) {
  if (const std::optional<Error> why = signer.lastError()) {
    ERR_clear_error();
    return fail(*why);
  }
  return failure(what);
}

const EVP_MD* digestFor(KeyType type) {
  return openssl::evpDigestOf(usualSchemeOf(type));  // RSA: with PKCS #1 v1.5 padding, which every verifier knows
}

Integer integerOf(QByteArrayView bigEndian) {
  const Number number(BN_bin2bn(openssl::data(bigEndian), static_cast<int>(bigEndian.size()), nullptr));
  return Integer(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
}

Status setRandomSerial(X509* certificate) {
  SEALIFT_TRY(QByteArray bytes, randomBytes(kSerialBytes));
  // Positive and always of the full length.
  bytes[0] = static_cast<char>((static_cast<quint8>(bytes[0]) & 0x7fU) | 0x40U);
  const Integer serial = integerOf(bytes);
  if (!serial || X509_set_serialNumber(certificate, serial.get()) != 1) {
    return failure(QStringLiteral("The certificate got no number."));
  }
  return {};
}

Status setValidity(X509* certificate, const QDateTime& from, const std::optional<QDateTime>& until) {
  const openssl::Time begin = openssl::timeOf(from);
  openssl::Time end = until ? openssl::timeOf(*until) : openssl::Time(ASN1_TIME_new());
  if (!begin || !end || (until && *until <= from) || (!until && ASN1_TIME_set_string_X509(end.get(), kNoEnd) != 1)) {
    ERR_clear_error();
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A certificate must end after it begins."));
  }
  if (X509_set1_notBefore(certificate, begin.get()) != 1 || X509_set1_notAfter(certificate, end.get()) != 1) {
    return failure(QStringLiteral("The certificate's validity could not be set."));
  }
  return {};
}

bool addExtension(X509* certificate, X509V3_CTX& context, int nid, const char* value) {
  using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

QByteArray encodeModule(const HardwareModule& module) {
  using Value = std::unique_ptr<ASN1_TYPE, Deleter<ASN1_TYPE_free>>;
  using Octets = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;
  using Values = std::unique_ptr<ASN1_SEQUENCE_ANY, decltype([](ASN1_SEQUENCE_ANY* all) { sk_ASN1_TYPE_free(all); })>;
  const Value type(ASN1_TYPE_new());
  const Value serial(ASN1_TYPE_new());
  const Values parts(sk_ASN1_TYPE_new_null());
  Octets octets(ASN1_OCTET_STRING_new());
  ASN1_OBJECT* object = OBJ_txt2obj(module.type.toLatin1().constData(), 1);
  if (!type || !serial || !parts || !octets || object == nullptr ||
      ASN1_OCTET_STRING_set(octets.get(), openssl::data(module.serial), static_cast<int>(module.serial.size())) != 1) {
    ASN1_OBJECT_free(object);
    return {};
  }
  ASN1_TYPE_set(type.get(), V_ASN1_OBJECT, object);
  ASN1_TYPE_set(serial.get(), V_ASN1_OCTET_STRING, octets.release());
  unsigned char* encoded = nullptr;
  if (sk_ASN1_TYPE_push(parts.get(), type.get()) <= 0 || sk_ASN1_TYPE_push(parts.get(), serial.get()) <= 0) {
    return {};
  }
  const int length = i2d_ASN1_SEQUENCE_ANY(parts.get(), &encoded);
  const QByteArray der(reinterpret_cast<const char*>(encoded), std::max(length, 0));
  OPENSSL_free(encoded);
  return der;
}

// RFC 4108, clause 5, as an otherName of subjectAltName; not critical, since the subject is not empty (RFC
// 5280, 4.2.1.6).
bool addHardwareModule(X509* certificate, const HardwareModule& module) {
  const QByteArray der = encodeModule(module);
  ASN1_TYPE* value = ASN1_TYPE_new();
  ASN1_STRING* sequence = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
  GENERAL_NAME* name = GENERAL_NAME_new();
  const GeneralNames names(sk_GENERAL_NAME_new_null());
  ASN1_OBJECT* oid = OBJ_txt2obj(kHardwareModuleNameOid, 1);
  if (der.isEmpty() || value == nullptr || sequence == nullptr || name == nullptr || !names || oid == nullptr ||
      ASN1_STRING_set(sequence, der.constData(), static_cast<int>(der.size())) != 1) {
    ASN1_TYPE_free(value);
    ASN1_STRING_free(sequence);
    GENERAL_NAME_free(name);
    ASN1_OBJECT_free(oid);
    return false;
  }
  ASN1_TYPE_set(value, V_ASN1_SEQUENCE, sequence);
  if (GENERAL_NAME_set0_othername(name, oid, value) != 1 || sk_GENERAL_NAME_push(names.get(), name) <= 0) {
    GENERAL_NAME_free(name);
    return false;
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

// RFC 5280, 4.2.1.1 to 4.2.1.3 and 4.2.1.9. `issuer` may be the certificate itself.
bool addExtensions(X509* certificate, X509* issuer, const char* basicConstraints, const char* keyUsage) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  return addExtension(certificate, context, NID_subject_key_identifier, "hash") &&
         addExtension(certificate, context, NID_authority_key_identifier, "keyid:always") &&
         addExtension(certificate, context, NID_basic_constraints, basicConstraints) &&
         addExtension(certificate, context, NID_key_usage, keyUsage);
}

// Signed, and the signature looked at: a faulty token must not be noticed first by the devices' owners.
Status signCertificate(X509* certificate, EVP_PKEY* key, const SharedSigner& signer) {
  SEALIFT_TRY(const openssl::Key publicKey, openssl::openSslKey(signer.publicKey()));
  if (X509_sign(certificate, key, digestFor(signer.publicKey().type())) <= 0) {
    return signFailure(signer, QStringLiteral("The certificate could not be signed."));
  }
  if (X509_verify(certificate, publicKey.get()) != 1) {
    return failure(QStringLiteral("The CA's key made a signature that is not valid."));
  }
  return {};
}

Status addRevoked(X509_CRL* list, const RevokedCertificate& certificate) {
  Revoked entry(X509_REVOKED_new());
  const Integer serial = integerOf(certificate.serial);
  const openssl::Time at = openssl::timeOf(certificate.at);
  if (!at || certificate.serial.isEmpty() || certificate.serial.size() > kSerialBytes) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A revoked certificate needs a number and a date."));
  }
  bool isWhole = entry && serial && X509_REVOKED_set_serialNumber(entry.get(), serial.get()) == 1 &&
                 X509_REVOKED_set_revocationDate(entry.get(), at.get()) == 1;
  if (isWhole && certificate.reason != RevocationReason::Unspecified) {  // 5.3.1: "SHOULD be absent" instead
    using Enumerated = std::unique_ptr<ASN1_ENUMERATED, Deleter<ASN1_ENUMERATED_free>>;
    const Enumerated reason(ASN1_ENUMERATED_new());
    isWhole = reason && ASN1_ENUMERATED_set(reason.get(), static_cast<long>(certificate.reason)) == 1 &&
              X509_REVOKED_add1_ext_i2d(entry.get(), NID_crl_reason, reason.get(), 0, X509V3_ADD_DEFAULT) == 1;
  }
  if (!isWhole || X509_CRL_add0_revoked(list, entry.get()) != 1) {
    return failure(QStringLiteral("A revoked certificate could not be listed."));
  }
  (void)entry.release();  // NOLINT(bugprone-unused-return-value): the list owns it now
  return {};
}

Status addListExtensions(X509_CRL* list, X509* issuer, quint64 number) {
  using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, list, 0);
  const Extension authority(X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  const Integer value(ASN1_INTEGER_new());
  if (!authority || X509_CRL_add_ext(list, authority.get(), -1) != 1 || !value ||
      ASN1_INTEGER_set_uint64(value.get(), number) != 1 ||
      X509_CRL_add1_ext_i2d(list, NID_crl_number, value.get(), 0, X509V3_ADD_DEFAULT) != 1) {
    return failure(QStringLiteral("The list of revoked certificates got no number."));
  }
  return {};
}

}  // namespace

Result<CertificateIssuer> CertificateIssuer::make(QByteArrayView der, std::shared_ptr<Signer> signer) {
  SEALIFT_TRY(const Certificate certificate, openssl::readCertificate(der));
  SEALIFT_TRY(const PublicKey certified, PublicKey::fromCertificate(der));
  if (!(certified == signer->publicKey())) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The device CA's certificate is not for this key."));
  }
  constexpr uint32_t kNeeded = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
  if ((X509_get_extension_flags(certificate.get()) & EXFLAG_CA) == 0 ||
      (X509_get_key_usage(certificate.get()) & kNeeded) != kNeeded ||
      X509_get0_subject_key_id(certificate.get()) == nullptr) {
    return fail(ErrorCode::IdentityUsage,
                QStringLiteral("The certificate \"%1\" is not one of a CA that issues certificates and lists.")
                    .arg(openssl::oneLine(X509_get_subject_name(certificate.get()))),
                QStringLiteral("It needs basicConstraints with CA, keyUsage with keyCertSign and cRLSign, and a "
                               "subjectKeyIdentifier."));
  }
  auto shared = std::make_shared<SharedSigner>(std::move(signer));
  SEALIFT_TRY(std::shared_ptr<evp_pkey_st> key, makeSignerKey(shared));
  return CertificateIssuer(der.toByteArray(), std::move(shared), std::move(key));
}

Result<QByteArray> CertificateIssuer::makeCertificate(const IssuerOrder& order, std::shared_ptr<Signer> signer) {
  if (order.commonName.isEmpty()) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A device CA needs a name."));
  }
  auto shared = std::make_shared<SharedSigner>(std::move(signer));
  SEALIFT_TRY(const std::shared_ptr<evp_pkey_st> key, makeSignerKey(shared));
  SEALIFT_TRY(const openssl::Key publicKey, openssl::openSslKey(shared->publicKey()));
  SEALIFT_TRY(const openssl::Name name, openssl::makeTitle(order.organization, order.commonName));
  const Certificate certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), kVersion3) != 1 ||
      X509_set_subject_name(certificate.get(), name.get()) != 1 ||
      X509_set_issuer_name(certificate.get(), name.get()) != 1 ||
      X509_set_pubkey(certificate.get(), publicKey.get()) != 1) {
    return failure(QStringLiteral("The CA's certificate could not be made."));
  }
  SEALIFT_CHECK(setRandomSerial(certificate.get()));
  SEALIFT_CHECK(setValidity(certificate.get(), order.notBefore, order.notAfter));
  if (!addExtensions(certificate.get(), certificate.get(), "critical,CA:TRUE,pathlen:0",
                     "critical,keyCertSign,cRLSign")) {
    return failure(QStringLiteral("The CA's certificate could not be made."));
  }
  SEALIFT_CHECK(signCertificate(certificate.get(), key.get(), *shared));
  return openssl::derOf(certificate.get());
}

Result<QByteArray> CertificateIssuer::issue(const CertificateRequest& request, const DeviceCertificateOrder& order) {
  if (!request.serialNumber.isEmpty() && request.serialNumber != order.name.serialNumber) {
    return fail(ErrorCode::IdentityMismatch,
                QStringLiteral("The device asks for the serial number \"%1\", not for \"%2\".")
                    .arg(request.serialNumber, order.name.serialNumber));
  }
  SEALIFT_TRY(const openssl::Name subject, openssl::makeName(order.name));
  SEALIFT_TRY(const Certificate issuer, openssl::readCertificate(certificate_));
  SEALIFT_TRY(const openssl::Key deviceKey, openssl::openSslKey(request.key));
  if (order.notBefore < openssl::dateTimeOf(X509_get0_notBefore(issuer.get())) ||
      order.notBefore > openssl::dateTimeOf(X509_get0_notAfter(issuer.get()))) {
    return fail(ErrorCode::IdentityExpired, QStringLiteral("The device CA is not valid when the certificate begins."));
  }
  const Certificate certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), kVersion3) != 1 ||
      X509_set_subject_name(certificate.get(), subject.get()) != 1 ||
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get())) != 1 ||
      X509_set_pubkey(certificate.get(), deviceKey.get()) != 1) {
    return failure(QStringLiteral("The device's certificate could not be made."));
  }
  SEALIFT_CHECK(setRandomSerial(certificate.get()));
  SEALIFT_CHECK(setValidity(certificate.get(), order.notBefore, order.notAfter));
  if (!addExtensions(certificate.get(), issuer.get(), "critical,CA:FALSE", "critical,digitalSignature") ||
      (order.name.hardwareModule && !addHardwareModule(certificate.get(), *order.name.hardwareModule))) {
    return failure(QStringLiteral("The device's certificate could not be made."));
  }
  SEALIFT_CHECK(signCertificate(certificate.get(), key_.get(), *signer_));
  return openssl::derOf(certificate.get());
}

Result<QByteArray> CertificateIssuer::issueList(const RevocationList& content) {
  SEALIFT_TRY(const Certificate issuer, openssl::readCertificate(certificate_));
  SEALIFT_TRY(const openssl::Key publicKey, openssl::openSslKey(signer_->publicKey()));
  const openssl::Time from = openssl::timeOf(content.thisUpdate);
  const openssl::Time until = openssl::timeOf(content.nextUpdate);
  if (!from || !until || content.nextUpdate <= content.thisUpdate) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A list must hold for some time."));
  }
  const RevocationListPtr list(X509_CRL_new());
  if (!list || X509_CRL_set_version(list.get(), kListVersion2) != 1 ||
      X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.get())) != 1 ||
      X509_CRL_set1_lastUpdate(list.get(), from.get()) != 1 || X509_CRL_set1_nextUpdate(list.get(), until.get()) != 1) {
    return failure(QStringLiteral("The list of revoked certificates could not be made."));
  }
  for (const RevokedCertificate& certificate : content.revoked) {
    SEALIFT_CHECK(addRevoked(list.get(), certificate));
  }
  SEALIFT_CHECK(addListExtensions(list.get(), issuer.get(), content.number));
  X509_CRL_sort(list.get());
  if (X509_CRL_sign(list.get(), key_.get(), digestFor(signer_->publicKey().type())) <= 0) {
    return signFailure(*signer_, QStringLiteral("The list of revoked certificates could not be signed."));
  }
  if (X509_CRL_verify(list.get(), publicKey.get()) != 1) {
    return failure(QStringLiteral("The CA's key made a signature that is not valid."));
  }
  return openssl::derOf(list.get());
}

}  // namespace sealift
