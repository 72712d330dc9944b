#include "keystore/crypto/openssl_p.h"

#include <array>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

namespace sealift::openssl {

namespace {

constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;  // a longer modulus only costs the verifier time

// RFC 8017, 3.1: e is odd and at least 3. More than 64 bits would only slow down the verifier.
bool hasUsableExponent(const EVP_PKEY* key) {
  BIGNUM* exponent = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) {
    return false;
  }
  const bool usable = BN_is_odd(exponent) == 1 && BN_is_one(exponent) == 0 && BN_num_bits(exponent) <= 64;
  BN_free(exponent);
  return usable;
}

Result<KeyKind> examineEcKey(const EVP_PKEY* key) {
  std::array<char, 64> group{};
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) != 1) {
    return failure(ErrorCode::CryptoKey, QStringLiteral("The elliptic curve key names no curve."));
  }
  const QLatin1String name(group.data());
  if (name == QLatin1String("prime256v1")) {
    return KeyKind{KeyType::EcP256, 256};
  }
  if (name == QLatin1String("secp384r1")) {
    return KeyKind{KeyType::EcP384, 384};
  }
  return fail(ErrorCode::CryptoKey,
              QStringLiteral("Keys on the curve %1 are not supported, only P-256 and P-384.").arg(name));
}

}  // namespace

Result<KeyKind> examineKey(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    return KeyKind{KeyType::Ed25519, 255};
  }
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    return examineEcKey(key);
  }
  if (EVP_PKEY_is_a(key, "RSA") != 1) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The key is of an unsupported type; Sealift takes Ed25519, "
                                                     "ECDSA P-256 and P-384, and RSA."));
  }
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kLeastRsaBits || bits > kMostRsaBits) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The RSA key has %1 bits; %2 to %3 are accepted.")
                                          .arg(bits)
                                          .arg(kLeastRsaBits)
                                          .arg(kMostRsaBits));
  }
  if (!hasUsableExponent(key)) {
    return failure(ErrorCode::CryptoKey, QStringLiteral("The RSA key's public exponent is not usable."));
  }
  return KeyKind{KeyType::Rsa, bits};
}

tl::unexpected<Error> failure(ErrorCode code, const QString& what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return fail(code, reason == nullptr
                        ? what
                        : QStringLiteral("%1 (OpenSSL: %2).").arg(what.chopped(1), QString::fromLatin1(reason)));
}

Status requireMatch(SignatureScheme scheme, const PublicKey& key) {
  if (keyTypeOf(scheme) != key.type()) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The scheme %1 does not work with a key of type %2.")
                                          .arg(signatureSchemeName(scheme), key.typeName()));
  }
  return {};
}

std::optional<DigestAlgorithm> digestOf(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::Ed25519:
      return std::nullopt;
    case SignatureScheme::EcdsaP256Sha256:
    case SignatureScheme::RsaPssSha256:
    case SignatureScheme::RsaPkcs1v15Sha256:
      return DigestAlgorithm::Sha256;
    case SignatureScheme::EcdsaP384Sha384:
    case SignatureScheme::RsaPssSha384:
    case SignatureScheme::RsaPkcs1v15Sha384:
      return DigestAlgorithm::Sha384;
    case SignatureScheme::RsaPssSha512:
    case SignatureScheme::RsaPkcs1v15Sha512:
      return DigestAlgorithm::Sha512;
  }
  return std::nullopt;
}

const EVP_MD* evpDigestOf(SignatureScheme scheme) {
  const std::optional<DigestAlgorithm> algorithm = digestOf(scheme);
  if (!algorithm) {
    return nullptr;
  }
  switch (*algorithm) {
    case DigestAlgorithm::Sha256:
      return EVP_sha256();
    case DigestAlgorithm::Sha384:
      return EVP_sha384();
    case DigestAlgorithm::Sha512:
      return EVP_sha512();
  }
  return nullptr;
}

bool setPadding(EVP_PKEY_CTX* context, SignatureScheme scheme, Use use) {
  if (keyTypeOf(scheme) != KeyType::Rsa) {
    return true;
  }
  const bool pkcs1 = scheme == SignatureScheme::RsaPkcs1v15Sha256 || scheme == SignatureScheme::RsaPkcs1v15Sha384 ||
                     scheme == SignatureScheme::RsaPkcs1v15Sha512;
  if (pkcs1) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  }
  const int saltLength = use == Use::Sign ? RSA_PSS_SALTLEN_DIGEST : RSA_PSS_SALTLEN_AUTO;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, saltLength) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, evpDigestOf(scheme)) == 1;
}

}  // namespace sealift::openssl
