#include "keystore/crypto/device_certificate.h"

#include "keystore/crypto/revocation_p.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace sealift {

namespace {

using openssl::Certificate;
using openssl::Deleter;

constexpr char kHardwareModuleNameOid[] = "1.3.6.1.5.5.7.8.4";  // RFC 4108, clause 5: id-on-hardwareModuleName
constexpr int kVersion3 = 2;                                    // RFC 5280, 4.1.2.1
constexpr int kMostIntermediates = 8;
// NIST SP 800-57: 112 bits of security, which leaves out SHA-1 and RSA below 2048 bits.
constexpr int kSecurityLevel = 2;

using Object = std::unique_ptr<ASN1_OBJECT, Deleter<ASN1_OBJECT_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using Store = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;

void freeCertificates(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using Certificates = std::unique_ptr<STACK_OF(X509), Deleter<freeCertificates>>;

void freeValues(ASN1_SEQUENCE_ANY* stack) {
  sk_ASN1_TYPE_pop_free(stack, ASN1_TYPE_free);
}
using Values = std::unique_ptr<ASN1_SEQUENCE_ANY, Deleter<freeValues>>;

QByteArray bytesOf(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)), ASN1_STRING_length(string)};
}

QString dotted(const ASN1_OBJECT* object) {
  std::array<char, 128> text{};
  const int length = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  return length > 0 && length < static_cast<int>(text.size()) ? QString::fromLatin1(text.data()) : QString();
}

// HardwareModuleName ::= SEQUENCE { hwType OBJECT IDENTIFIER, hwSerialNum OCTET STRING } (RFC 4108, clause 5).
std::optional<HardwareModule> readModule(const ASN1_TYPE* value) {
  if (value == nullptr || value->type != V_ASN1_SEQUENCE) {
    return std::nullopt;
  }
  const QByteArray der = bytesOf(value->value.sequence);
  const unsigned char* at = openssl::data(der);
  const Values parts(d2i_ASN1_SEQUENCE_ANY(nullptr, &at, static_cast<long>(der.size())));
  if (!parts || at != openssl::data(der) + der.size() || sk_ASN1_TYPE_num(parts.get()) != 2) {
    return std::nullopt;
  }
  const ASN1_TYPE* type = sk_ASN1_TYPE_value(parts.get(), 0);
  const ASN1_TYPE* serial = sk_ASN1_TYPE_value(parts.get(), 1);
  if (type->type != V_ASN1_OBJECT || serial->type != V_ASN1_OCTET_STRING) {
    return std::nullopt;
  }
  HardwareModule module{dotted(type->value.object), bytesOf(serial->value.octet_string)};
  return module.type.isEmpty() || module.serial.isEmpty() || module.serial.size() > 64
             ? std::nullopt
             : std::optional(std::move(module));
}

Result<std::optional<HardwareModule>> hardwareModuleOf(const X509* certificate) {
  int critical = -1;  // -1: absent, -2: more than once
  const GeneralNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
  ERR_clear_error();
  if (!names && critical == -1) {
    return std::optional<HardwareModule>();
  }
  const Object wanted(OBJ_txt2obj(kHardwareModuleNameOid, 1));
  std::optional<HardwareModule> found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_OTHERNAME || OBJ_cmp(name->d.otherName->type_id, wanted.get()) != 0) {
      continue;
    }
    std::optional<HardwareModule> module = readModule(name->d.otherName->value);
    ERR_clear_error();
    if (!module || found) {
      return fail(ErrorCode::IdentityMalformed, QStringLiteral("The certificate's hardwareModuleName can't be read."));
    }
    found = std::move(module);
  }
  if (!names) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The certificate's subjectAltName can't be read."));
  }
  return found;
}

Result<QString> textOf(const X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) {
    return QString();
  }
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  ERR_clear_error();
  if (length < 0) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The certificate's subject can't be read."));
  }
  const QString text = QString::fromUtf8(reinterpret_cast<const char*>(utf8), length);
  OPENSSL_free(utf8);
  return text;
}

Result<DeviceCertificate> describe(const X509* certificate, QByteArrayView der) {
  SEALIFT_TRY(PublicKey key, PublicKey::fromCertificate(der));
  const X509_NAME* subject = X509_get_subject_name(certificate);
  DeviceName name;
  SEALIFT_TRY(name.serialNumber, openssl::serialNumberOf(subject));
  SEALIFT_TRY(name.commonName, textOf(subject, NID_commonName));
  SEALIFT_TRY(name.organization, textOf(subject, NID_organizationName));
  SEALIFT_TRY(name.hardwareModule, hardwareModuleOf(certificate));
  const QDateTime notBefore = openssl::dateTimeOf(X509_get0_notBefore(certificate));
  const QDateTime notAfter = openssl::dateTimeOf(X509_get0_notAfter(certificate));
  if (!notBefore.isValid() || !notAfter.isValid()) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The certificate's validity can't be read."));
  }
  const bool hasNoEnd = bytesOf(X509_get0_notAfter(certificate)) == "99991231235959Z";
  return DeviceCertificate{.der = der.toByteArray(),
                           .key = std::move(key),
                           .name = std::move(name),
                           .serial = bytesOf(X509_get0_serialNumber(certificate)),
                           .subject = openssl::oneLine(subject),
                           .issuer = openssl::oneLine(X509_get_issuer_name(certificate)),
                           .notBefore = notBefore,
                           .notAfter = hasNoEnd ? std::nullopt : std::optional(notAfter)};
}

// IEEE 802.1AR-2018, clause 8, and RFC 5280, 4.2.1.3, 4.2.1.9 and 4.2.1.12.
Status requireDeviceUsage(X509* certificate, const QString& subject) {
  const uint32_t flags = X509_get_extension_flags(certificate);
  if (X509_get_version(certificate) != kVersion3 || (flags & EXFLAG_INVALID) != 0) {
    return fail(ErrorCode::IdentityMalformed, QStringLiteral("The certificate's version or extensions are not valid."));
  }
  // Either sign of an issuer is enough: OpenSSL counts a CA without keyCertSign as none.
  if ((flags & EXFLAG_CA) != 0 || X509_check_ca(certificate) != 0) {
    return fail(ErrorCode::IdentityUsage,
                QStringLiteral("The certificate \"%1\" is an issuer's, no device's.").arg(subject));
  }
  if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0) {
    return fail(ErrorCode::IdentityUsage,
                QStringLiteral("The certificate \"%1\" is not for signatures (keyUsage).").arg(subject));
  }
  // A device proves itself here or in TLS; one that may only sign code or time stamps is no identity.
  constexpr uint32_t kIdentifies = XKU_ANYEKU | XKU_SSL_CLIENT | XKU_SSL_SERVER;
  if ((flags & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(certificate) & kIdentifies) == 0) {
    return fail(ErrorCode::IdentityUsage,
                QStringLiteral("The certificate \"%1\" is not for proving who one is (extKeyUsage).").arg(subject));
  }
  return {};
}

Result<Certificates> readAll(const QList<QByteArray>& ders) {
  Certificates all(sk_X509_new_null());
  for (const QByteArray& der : ders) {
    SEALIFT_TRY(Certificate certificate, openssl::readCertificate(der));
    if (!all || sk_X509_push(all.get(), certificate.get()) <= 0) {
      return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("Certificates could not be kept."));
    }
    (void)certificate.release();  // NOLINT(bugprone-unused-return-value): the stack owns it now
  }
  return all;
}

Error pathError(X509_STORE_CTX* context) {
  const int reason = X509_STORE_CTX_get_error(context);
  const X509* culprit = X509_STORE_CTX_get_current_cert(context);
  const QString name = culprit != nullptr ? openssl::oneLine(X509_get_subject_name(culprit)) : QString();
  ERR_clear_error();
  if (reason == X509_V_ERR_CERT_HAS_EXPIRED || reason == X509_V_ERR_CERT_NOT_YET_VALID) {
    const bool isOver = reason == X509_V_ERR_CERT_HAS_EXPIRED;
    const QDateTime when = openssl::dateTimeOf(isOver ? X509_get0_notAfter(culprit) : X509_get0_notBefore(culprit));
    return makeError(ErrorCode::IdentityExpired,
                     (isOver ? QStringLiteral("The certificate \"%1\" expired on %2.")
                             : QStringLiteral("The certificate \"%1\" is not valid before %2."))
                         .arg(name, when.toString(Qt::ISODate)));
  }
  return makeError(ErrorCode::IdentityChain,
                   QStringLiteral("The certificate \"%1\" was not issued under this vendor's device CA: %2.")
                       .arg(name, QString::fromLatin1(X509_verify_cert_error_string(reason))));
}

// RFC 5280, 6.1. An anchor may be any CA, not only a self-signed one. Gives the path, the device first.
Result<Certificates> findPath(X509* device, const DeviceTrust& trust, const QDateTime& at) {
  if (trust.intermediates.size() > kMostIntermediates) {
    return fail(ErrorCode::IdentityChain,
                QStringLiteral("There are more intermediate certificates than any path has."));
  }
  SEALIFT_TRY(const Certificates anchors, readAll(trust.anchors));
  SEALIFT_TRY(const Certificates intermediates, readAll(trust.intermediates));
  const StoreContext context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), nullptr, device, intermediates.get()) != 1) {
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("The device's certificate can't be checked."));
  }
  X509_STORE_CTX_set0_trusted_stack(context.get(), anchors.get());
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(at.toSecsSinceEpoch()));
  X509_VERIFY_PARAM_set_auth_level(parameters, kSecurityLevel);
  if (X509_verify_cert(context.get()) != 1) {
    return fail(pathError(context.get()));
  }
  Certificates path(X509_STORE_CTX_get1_chain(context.get()));
  if (!path || sk_X509_num(path.get()) < 2) {
    return fail(ErrorCode::IdentityChain, QStringLiteral("The device's certificate vouches for itself."));
  }
  // OpenSSL also takes old certificates without basicConstraints as issuers; 6.1.4 (k) and (n) do not.
  for (int i = 1; i < sk_X509_num(path.get()); ++i) {
    X509* issuer = sk_X509_value(path.get(), i);
    const uint32_t flags = X509_get_extension_flags(issuer);
    if ((flags & EXFLAG_CA) == 0 || (X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) == 0) {
      return fail(ErrorCode::IdentityChain,
                  QStringLiteral("The certificate of \"%1\" is not one that may issue others.")
                      .arg(openssl::oneLine(X509_get_subject_name(issuer))));
    }
  }
  return path;
}

Status requireName(const DeviceCertificate& certificate, const DeviceClaims& claims) {
  if (certificate.name.serialNumber.isEmpty() || certificate.name.serialNumber != claims.serialNumber) {
    return fail(ErrorCode::IdentityMismatch,
                QStringLiteral("The certificate is for the serial number \"%1\", but the device says \"%2\".")
                    .arg(certificate.name.serialNumber, claims.serialNumber.left(64)));
  }
  if (claims.hardwareModule && certificate.name.hardwareModule != claims.hardwareModule) {
    return fail(ErrorCode::IdentityMismatch,
                QStringLiteral("The certificate is for another piece of hardware than the device says it is."));
  }
  return {};
}

}  // namespace

Result<DeviceCertificate> DeviceCertificate::parse(QByteArrayView der) {
  SEALIFT_TRY(const Certificate certificate, openssl::readCertificate(der));
  return describe(certificate.get(), der);
}

Result<DeviceCertificate> checkDeviceCertificate(QByteArrayView der, const DeviceTrust& trust,
                                                 const DeviceClaims& claims, const QDateTime& at) {
  SEALIFT_TRY(const Certificate certificate, openssl::readCertificate(der));
  SEALIFT_TRY(DeviceCertificate device, describe(certificate.get(), der));
  SEALIFT_CHECK(requireDeviceUsage(certificate.get(), device.subject));
  SEALIFT_TRY(const Certificates path, findPath(certificate.get(), trust, at));
  if (trust.revocation) {
    SEALIFT_TRY(const openssl::RevocationLists lists, openssl::readRevocationLists(trust.revocationLists));
    for (int i = 0; i + 1 < sk_X509_num(path.get()); ++i) {  // the anchor itself is the vendor's to withdraw
      SEALIFT_CHECK(
          openssl::requireNotRevoked(sk_X509_value(path.get(), i), sk_X509_value(path.get(), i + 1), lists, at));
    }
  }
  SEALIFT_CHECK(requireName(device, claims));
  return device;
}

}  // namespace sealift
