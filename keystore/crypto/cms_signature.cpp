#include "keystore/crypto/cms_signature.h"

#include "keystore/crypto/openssl_p.h"

#include <algorithm>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace sealift {
namespace {

constexpr qsizetype kMaxSignatureBytes = 256 * 1024;
constexpr int kMaxCertificates = 16;
// NIST SP 800-57: 112 bits of security, which leaves out SHA-1 and RSA below 2048 bits.
constexpr int kSecurityLevel = 2;

using openssl::Deleter;
using Cms = std::unique_ptr<CMS_ContentInfo, Deleter<CMS_ContentInfo_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Store = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;

void freeCertificates(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using Certificates = std::unique_ptr<STACK_OF(X509), Deleter<freeCertificates>>;

Certificate certificateFromDer(QByteArrayView der) {
  const unsigned char* at = openssl::data(der);
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return at == openssl::data(der) + der.size() ? std::move(certificate) : nullptr;
}

QByteArray toDer(const X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) {
    return {};
  }
  QByteArray der(size, Qt::Uninitialized);
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(certificate, &at);
  return der;
}

QString nameOf(const X509* certificate) {
  constexpr qsizetype kMost = 200;
  const openssl::Bio out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE) < 0) {
    return {};
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return QString::fromUtf8(text, size).left(kMost);
}

Result<Cms> readSignedData(QByteArrayView signature) {
  if (signature.size() > kMaxSignatureBytes) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The signature has more bytes than any has."));
  }
  const unsigned char* at = openssl::data(signature);
  Cms cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(signature.size())));
  if (!cms || at != openssl::data(signature) + signature.size() ||
      OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed) {
    return openssl::failure(ErrorCode::ImageMalformed, QStringLiteral("The signature is no CMS signed-data in DER."));
  }
  if (CMS_is_detached(cms.get()) != 1) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The signature carries content of its own."));
  }
  return cms;
}

// RFC 5754: SHA-2 alone; anything older is refused.
Status requireSha2(CMS_SignerInfo* info) {
  X509_ALGOR* digest = nullptr;
  CMS_SignerInfo_get0_algs(info, nullptr, nullptr, &digest, nullptr);
  const ASN1_OBJECT* algorithm = nullptr;
  X509_ALGOR_get0(&algorithm, nullptr, nullptr, digest);
  const int id = OBJ_obj2nid(algorithm);
  if (id != NID_sha256 && id != NID_sha384 && id != NID_sha512) {
    return fail(ErrorCode::ImageSignatureInvalid, QStringLiteral("The signature uses another digest than SHA-2."));
  }
  return {};
}

// RFC 5280, 6.1, with the trusted certificates as anchors, whether they issued others or are the signer's own.
Status provePath(X509* signer, STACK_OF(X509) * others, const CmsTrust& trust) {
  const Store store(X509_STORE_new());
  if (!store) {
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("A certificate store could not be made."));
  }
  for (const QByteArray& der : trust.certificates) {
    const Certificate anchor = certificateFromDer(der);
    if (!anchor || X509_STORE_add_cert(store.get(), anchor.get()) != 1) {
      return openssl::failure(ErrorCode::CryptoKey, QStringLiteral("A trusted certificate can't be used."));
    }
  }
  const StoreContext context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), store.get(), signer, others) != 1) {
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("The signer's certificate can't be checked."));
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  X509_VERIFY_PARAM_set_auth_level(parameters, kSecurityLevel);
  if (X509_verify_cert(context.get()) != 1) {
    const int reason = X509_STORE_CTX_get_error(context.get());
    ERR_clear_error();
    return fail(ErrorCode::ImageUnknownKey,
                QStringLiteral("The signer \"%1\" is not proven by this model's keys: %2.")
                    .arg(nameOf(signer), QString::fromLatin1(X509_verify_cert_error_string(reason))));
  }
  return {};
}

// RFC 5280, 4.2.1.3 and 4.2.1.12. An absent extension restricts nothing.
void readUsage(X509* certificate, CmsSigner& signer) {
  const bool maySign = (X509_get_key_usage(certificate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
  const uint32_t extended = X509_get_extended_key_usage(certificate);
  signer.emailProtection = maySign && (extended & XKU_SMIME) != 0;
  signer.codeSigning = maySign && (extended & XKU_CODE_SIGN) != 0;
}

}  // namespace

Result<CmsTrust> CmsTrust::fromPem(const QList<QByteArray>& pems) {
  CmsTrust trust;
  for (const QByteArray& pem : pems) {
    if (!pem.trimmed().startsWith("-----BEGIN CERTIFICATE-----")) {
      SEALIFT_TRY(PublicKey key, PublicKey::fromPem(pem));
      trust.keys.push_back(std::move(key));
      continue;
    }
    const openssl::Bio in(BIO_new_mem_buf(pem.constData(), static_cast<int>(pem.size())));
    const Certificate certificate(in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!certificate || pem.count("-----BEGIN ") != 1) {
      return openssl::failure(ErrorCode::CryptoKey, QStringLiteral("A certificate in PEM can't be read."));
    }
    trust.certificates << toDer(certificate.get());
  }
  if (pems.isEmpty()) {
    return fail(ErrorCode::ImageUnknownKey, QStringLiteral("This model names no key that may sign its images."));
  }
  return trust;
}

Result<CmsSigner> verifyCms(QByteArrayView signature, QByteArrayView content, const CmsTrust& trust) {
  SEALIFT_TRY(const Cms cms, readSignedData(signature));
  STACK_OF(CMS_SignerInfo)* infos = CMS_get0_SignerInfos(cms.get());
  if (sk_CMS_SignerInfo_num(infos) != 1) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The signature must have exactly one signer."));
  }
  SEALIFT_CHECK(requireSha2(sk_CMS_SignerInfo_value(infos, 0)));
  const Certificates others(CMS_get1_certs(cms.get()));
  if (!others || sk_X509_num(others.get()) < 1 || sk_X509_num(others.get()) > kMaxCertificates) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The signature does not bring its signer's certificate."));
  }

  // The signature alone (5.6); by whom it may be made is judged below, with this product's own rules.
  const openssl::Bio in(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  if (!in || CMS_verify(cms.get(), nullptr, nullptr, in.get(), nullptr, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1) {
    return openssl::failure(ErrorCode::ImageSignatureInvalid,
                            QStringLiteral("The signature does not belong to what it stands beside."));
  }
  X509* certificate = nullptr;
  CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(infos, 0), nullptr, &certificate, nullptr, nullptr);
  if (certificate == nullptr) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The signature does not bring its signer's certificate."));
  }
  SEALIFT_TRY(PublicKey key, PublicKey::fromCertificate(toDer(certificate)));
  CmsSigner signer{.key = std::move(key), .name = nameOf(certificate)};
  readUsage(certificate, signer);
  if (!signer.emailProtection && !signer.codeSigning) {
    return fail(
        ErrorCode::ImageUnknownKey,
        QStringLiteral("The certificate of the signer \"%1\" is not for signing mail or code.").arg(signer.name));
  }
  const bool keyIsTrusted = std::find(trust.keys.begin(), trust.keys.end(), signer.key) != trust.keys.end();
  if (!keyIsTrusted) {
    SEALIFT_CHECK(provePath(certificate, others.get(), trust));
  }
  return signer;
}

}  // namespace sealift
