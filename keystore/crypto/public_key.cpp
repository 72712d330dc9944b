#include "keystore/crypto/public_key.h"

#include "keystore/crypto/openssl_p.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace sealift {

namespace {

using openssl::data;
using openssl::failure;
using openssl::size;

constexpr qsizetype kMostKeyBytes = 64 * 1024;

Status requireSaneLength(QByteArrayView bytes) {
  if (bytes.isEmpty() || bytes.size() > kMostKeyBytes) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The public key is empty or far too long."));
  }
  return {};
}

// The verdict of OpenSSL's last step of verifying. It reports a signature that can't even be decoded as an error
// of its own; for us that, too, is a wrong signature.
Status verdict(int openSslResult, SignatureScheme scheme) {
  ERR_clear_error();
  if (openSslResult == 1) {
    return {};
  }
  return fail(ErrorCode::ImageSignatureInvalid,
              QStringLiteral("The signature (%1) does not match.").arg(signatureSchemeName(scheme)));
}

Error setupError(SignatureScheme scheme) {
  return failure(ErrorCode::CryptoFailure,
                 QStringLiteral("OpenSSL could not verify with %1.").arg(signatureSchemeName(scheme)))
      .value();
}

}  // namespace

Result<PublicKey> PublicKey::adopt(evp_pkey_st* key) {
  std::shared_ptr<evp_pkey_st> owned(key, EVP_PKEY_free);
  SEALIFT_TRY(const openssl::KeyKind kind, openssl::examineKey(key));
  if (kind.type == KeyType::EcP256 || kind.type == KeyType::EcP384) {
    // One encoding for one key, so that its id does not depend on how it was written (RFC 5480, 2.2).
    if (EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") != 1) {
      return failure(ErrorCode::CryptoKey, QStringLiteral("The elliptic curve key could not be normalised."));
    }
    const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    if (!context || EVP_PKEY_public_check_quick(context.get()) != 1) {
      return failure(ErrorCode::CryptoKey, QStringLiteral("The key's point does not lie on its curve."));
    }
  }
  unsigned char* encoded = nullptr;
  const int length = i2d_PUBKEY(key, &encoded);
  if (length <= 0) {
    return failure(ErrorCode::CryptoKey, QStringLiteral("The public key could not be encoded."));
  }
  QByteArray der(reinterpret_cast<const char*>(encoded), length);
  OPENSSL_free(encoded);
  return PublicKey(std::move(owned), std::move(der));
}

// `describe` pushes the key's parameters (provider-keymgmt(7)) and is false when it could not.
template <class Describe>
Result<PublicKey> PublicKey::adoptFrom(const char* openSslName, Describe describe) {
  using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, openssl::Deleter<OSSL_PARAM_BLD_free>>;
  using Params = std::unique_ptr<OSSL_PARAM, openssl::Deleter<OSSL_PARAM_free>>;
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, openSslName, nullptr));
  if (!builder || !context || !describe(builder.get())) {
    return failure(ErrorCode::CryptoFailure, QStringLiteral("OpenSSL could not prepare a public key."));
  }
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  EVP_PKEY* key = nullptr;
  if (!params || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return failure(ErrorCode::CryptoKey,
                   QStringLiteral("This is no usable %1 public key.").arg(QString::fromLatin1(openSslName)));
  }
  return adopt(key);
}

Result<PublicKey> PublicKey::fromDer(QByteArrayView subjectPublicKeyInfo) {
  SEALIFT_CHECK(requireSaneLength(subjectPublicKeyInfo));
  const unsigned char* at = data(subjectPublicKeyInfo);
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(subjectPublicKeyInfo.size()));
  if (key == nullptr) {
    return failure(ErrorCode::CryptoKey, QStringLiteral("This is not a public key (SubjectPublicKeyInfo)."));
  }
  if (at != data(subjectPublicKeyInfo) + subjectPublicKeyInfo.size()) {
    EVP_PKEY_free(key);
    return fail(ErrorCode::CryptoKey, QStringLiteral("There are bytes after the public key."));
  }
  return adopt(key);
}

Result<PublicKey> PublicKey::fromPem(QByteArrayView pem) {
  SEALIFT_CHECK(requireSaneLength(pem));
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* body = nullptr;
  long length = 0;
  if (!bio || PEM_read_bio(bio.get(), &name, &header, &body, &length) != 1) {
    return failure(ErrorCode::CryptoKey, QStringLiteral("This is not a public key in PEM form."));
  }
  const QByteArray kind(name);
  const QByteArray der(reinterpret_cast<const char*>(body), length);
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(body, static_cast<std::size_t>(length));  // it might have been a private key
  if (kind != "PUBLIC KEY") {
    return fail(ErrorCode::CryptoKey, QStringLiteral("A block \"PUBLIC KEY\" was expected, but this is \"%1\".")
                                          .arg(QString::fromLatin1(kind.left(40))));
  }
  char* restStart = nullptr;
  const long restLength = BIO_get_mem_data(bio.get(), &restStart);
  if (!QByteArrayView(restStart, restLength).trimmed().isEmpty()) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("There is text after the public key."));
  }
  return fromDer(der);
}

Result<PublicKey> PublicKey::fromRawEd25519(QByteArrayView bytes) {
  if (bytes.size() != 32) {
    return fail(ErrorCode::CryptoKey,
                QStringLiteral("An Ed25519 public key has 32 bytes, this has %1.").arg(bytes.size()));
  }
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, data(bytes), size(bytes));
  if (key == nullptr) {
    return failure(ErrorCode::CryptoKey, QStringLiteral("This is not an Ed25519 public key."));
  }
  return adopt(key);
}

Result<PublicKey> PublicKey::fromUncompressedEcPoint(QByteArrayView bytes) {
  const bool isP256 = bytes.size() == 65;
  if ((!isP256 && bytes.size() != 97) || bytes.front() != '\x04') {
    return fail(ErrorCode::CryptoKey,
                QStringLiteral("An uncompressed P-256 or P-384 point has 65 or 97 bytes, the first "
                               "of which is 04."));
  }
  const char* group = isP256 ? "prime256v1" : "secp384r1";
  return adoptFrom("EC", [&](OSSL_PARAM_BLD* builder) {
    return OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, data(bytes), size(bytes)) == 1;
  });
}

Result<PublicKey> PublicKey::fromRsaNumbers(QByteArrayView modulus, QByteArrayView exponent) {
  constexpr qsizetype kMostModulusBytes = 8192 / 8;
  if (modulus.isEmpty() || modulus.size() > kMostModulusBytes || exponent.isEmpty() || exponent.size() > 8) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The numbers of the RSA key are empty or far too long."));
  }
  using Number = std::unique_ptr<BIGNUM, openssl::Deleter<BN_free>>;
  const Number n(BN_bin2bn(data(modulus), static_cast<int>(modulus.size()), nullptr));
  const Number e(BN_bin2bn(data(exponent), static_cast<int>(exponent.size()), nullptr));
  return adoptFrom("RSA", [&](OSSL_PARAM_BLD* builder) {
    return n && e && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e.get()) == 1;
  });
}

Result<PublicKey> PublicKey::fromCertificate(QByteArrayView der) {
  SEALIFT_CHECK(requireSaneLength(der));
  using Certificate = std::unique_ptr<X509, openssl::Deleter<X509_free>>;
  const unsigned char* at = data(der);
  const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  EVP_PKEY* key = certificate ? X509_get_pubkey(certificate.get()) : nullptr;
  if (key == nullptr) {
    return failure(ErrorCode::CryptoKey, QStringLiteral("The certificate's key can't be read."));
  }
  return adopt(key);
}

KeyType PublicKey::type() const {
  return openssl::examineKey(key_.get())->type;  // examined before, when the key was adopted
}

int PublicKey::bits() const {
  return openssl::examineKey(key_.get())->bits;
}

QString PublicKey::typeName() const {
  switch (type()) {
    case KeyType::Ed25519:
      return QStringLiteral("Ed25519");
    case KeyType::EcP256:
      return QStringLiteral("ECDSA P-256");
    case KeyType::EcP384:
      return QStringLiteral("ECDSA P-384");
    case KeyType::Rsa:
      break;
  }
  return QStringLiteral("RSA-%1").arg(bits());
}

QByteArray PublicKey::toPem() const {
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  char* text = nullptr;
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key_.get()) != 1) {
    return {};
  }
  const long length = BIO_get_mem_data(bio.get(), &text);
  return {text, length};
}

QByteArray PublicKey::toDer() const {
  return der_;
}

QByteArray PublicKey::rawEd25519() const {
  QByteArray raw(32, '\0');
  std::size_t length = 32;
  if (type() != KeyType::Ed25519 ||
      EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &length) != 1) {
    return {};
  }
  return raw;
}

QString PublicKey::keyId() const {
  return QString::fromLatin1(sha256(der_).toHex());
}

Status PublicKey::verify(SignatureScheme scheme, QByteArrayView message, QByteArrayView signature) const {
  SEALIFT_CHECK(openssl::requireMatch(scheme, *this));
  const openssl::DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* keyContext = nullptr;  // owned by `context`
  if (!context ||
      EVP_DigestVerifyInit(context.get(), &keyContext, openssl::evpDigestOf(scheme), nullptr, key_.get()) != 1 ||
      !openssl::setPadding(keyContext, scheme, openssl::Use::Verify)) {
    return fail(setupError(scheme));
  }
  return verdict(EVP_DigestVerify(context.get(), data(signature), size(signature), data(message), size(message)),
                 scheme);
}

Status PublicKey::verifyDigest(SignatureScheme scheme, QByteArrayView digest, QByteArrayView signature) const {
  const std::optional<DigestAlgorithm> algorithm = openssl::digestOf(scheme);
  if (!algorithm) {
    return verify(scheme, digest, signature);
  }
  SEALIFT_CHECK(openssl::requireMatch(scheme, *this));
  if (digest.size() != digestSize(*algorithm)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The scheme %1 signs a digest of %2 bytes, not of %3.")
                                                .arg(signatureSchemeName(scheme))
                                                .arg(digestSize(*algorithm))
                                                .arg(digest.size()));
  }
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  if (!context || EVP_PKEY_verify_init(context.get()) != 1 ||
      !openssl::setPadding(context.get(), scheme, openssl::Use::Verify) ||
      EVP_PKEY_CTX_set_signature_md(context.get(), openssl::evpDigestOf(scheme)) != 1) {
    return fail(setupError(scheme));
  }
  return verdict(EVP_PKEY_verify(context.get(), data(signature), size(signature), data(digest), size(digest)), scheme);
}

}  // namespace sealift
