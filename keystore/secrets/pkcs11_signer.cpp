#include "keystore/secrets/pkcs11_signer.h"

#include "keystore/crypto/openssl_p.h"
#include "keystore/secrets/pkcs11_key.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

namespace sealift {

struct Pkcs11Signer::Opened {
  Pkcs11Session session;
  Pkcs11PrivateKey key;
};

namespace {

using openssl::data;

constexpr CK_ULONG kMostSignatureBytes = 8192 / 8;

bool isPss(SignatureScheme scheme) {
  return scheme == SignatureScheme::RsaPssSha256 || scheme == SignatureScheme::RsaPssSha384 ||
         scheme == SignatureScheme::RsaPssSha512;
}

struct HashRow {
  DigestAlgorithm algorithm;
  CK_MECHANISM_TYPE mechanism;
  CK_RSA_PKCS_MGF_TYPE mgf;
  QByteArrayView digestInfo;  // what EMSA-PKCS1-v1_5 puts before the digest (RFC 8017, 9.2, note 1)
};
constexpr HashRow kHashes[] = {
    {DigestAlgorithm::Sha256,
     CKM_SHA256,
     CKG_MGF1_SHA256,
     {"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", 19}},
    {DigestAlgorithm::Sha384,
     CKM_SHA384,
     CKG_MGF1_SHA384,
     {"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30", 19}},
    {DigestAlgorithm::Sha512,
     CKM_SHA512,
     CKG_MGF1_SHA512,
     {"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40", 19}},
};

const HashRow& hashOf(DigestAlgorithm algorithm) {
  return *std::find_if(std::begin(kHashes), std::end(kHashes),
                       [&](const HashRow& row) { return row.algorithm == algorithm; });
}

// What goes into the token: a digest wherever the scheme has one, so that the size of what is signed does not matter.
QByteArray tokenInput(SignatureScheme scheme, QByteArrayView message) {
  const std::optional<DigestAlgorithm> algorithm = openssl::digestOf(scheme);
  if (!algorithm) {
    return QByteArray(message.data(), message.size());  // Ed25519 signs the message itself (RFC 8032, 5.1.6)
  }
  const QByteArray digest = computeDigest(*algorithm, message);
  const bool pkcs1 = keyTypeOf(scheme) == KeyType::Rsa && !isPss(scheme);
  return pkcs1 ? hashOf(*algorithm).digestInfo.toByteArray() + digest : digest;
}

// Tokens give r and s one after the other, equally long (PKCS#11 2.40, 2.3.1); everybody else wants DER
// (RFC 3279, 2.2.3).
Result<QByteArray> toDerSignature(const QByteArray& raw) {
  using EcdsaSignature = std::unique_ptr<ECDSA_SIG, openssl::Deleter<ECDSA_SIG_free>>;
  const auto half = static_cast<int>(raw.size() / 2);
  const EcdsaSignature signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(data(raw), half, nullptr);
  BIGNUM* s = BN_bin2bn(data(raw) + half, half, nullptr);
  if (!signature || r == nullptr || s == nullptr || raw.size() % 2 != 0 || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("The token's signature can't be read."));
  }
  unsigned char* encoded = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &encoded);
  if (length <= 0) {
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("The token's signature can't be encoded."));
  }
  const QByteArray der(reinterpret_cast<const char*>(encoded), length);
  OPENSSL_free(encoded);
  return der;
}

}  // namespace

Pkcs11Signer::Pkcs11Signer(Pkcs11Uri uri, PinSource& pins, std::unique_ptr<Opened> opened, PublicKey publicKey)
    : uri_(std::move(uri)), pins_(pins), opened_(std::move(opened)), publicKey_(std::move(publicKey)) {}

Pkcs11Signer::~Pkcs11Signer() = default;

Result<std::unique_ptr<Pkcs11Signer::Opened>> Pkcs11Signer::openKey(const Pkcs11Uri& uri, PinSource& pins) {
  SEALIFT_TRY(const Pkcs11Token token, findToken(uri));
  SEALIFT_TRY(Pkcs11Session session, Pkcs11Session::open(token, Pkcs11Session::Access::ReadOnly));
  SEALIFT_CHECK(session.logIn(uri, pins));
  SEALIFT_TRY(const Pkcs11PrivateKey key, findPrivateKey(session, uri));
  return std::make_unique<Opened>(Opened{std::move(session), key});
}

Result<std::unique_ptr<Signer>> Pkcs11Signer::open(const Pkcs11Uri& uri, PinSource& pins) {
  SEALIFT_TRY(std::unique_ptr<Opened> opened, openKey(uri, pins));
  SEALIFT_TRY(PublicKey publicKey, readPublicKey(opened->session, opened->key));
  return std::unique_ptr<Signer>(new Pkcs11Signer(uri, pins, std::move(opened), std::move(publicKey)));
}

Result<std::unique_ptr<Signer>> Pkcs11Signer::create(const Pkcs11Uri& uri, const KeyWanted& wanted, PinSource& pins) {
  SEALIFT_TRY(const Pkcs11Token token, findToken(uri));
  SEALIFT_TRY(Pkcs11Session session, Pkcs11Session::open(token, Pkcs11Session::Access::ReadWrite));
  SEALIFT_CHECK(session.logIn(uri, pins));
  SEALIFT_TRY(const Pkcs11Uri made, generateKeyPair(session, uri, wanted));
  return open(made, pins);  // while `session` keeps the token logged in
}

Status Pkcs11Signer::reopen() {
  SEALIFT_TRY(std::unique_ptr<Opened> opened, openKey(uri_, pins_));
  SEALIFT_TRY(const PublicKey now, readPublicKey(opened->session, opened->key));
  if (!(now == publicKey_)) {
    return fail(ErrorCode::CryptoKey,
                QStringLiteral("Another key answers now to %1 than the one that was opened.").arg(uri_.toString()),
                QStringLiteral("Put the right token in, or choose the new key explicitly."));
  }
  opened_ = std::move(opened);
  return {};
}

Result<QByteArray> Pkcs11Signer::signInToken(SignatureScheme scheme, QByteArrayView input) {
  const QString doing = QStringLiteral("Signing with %1 in %2").arg(uri_.toString(), opened_->session.token().name());
  CK_RSA_PKCS_PSS_PARAMS pss{};
  CK_MECHANISM mechanism{CKM_EDDSA, nullptr, 0};
  const std::optional<DigestAlgorithm> algorithm = openssl::digestOf(scheme);
  if (algorithm && keyTypeOf(scheme) != KeyType::Rsa) {
    mechanism.mechanism = CKM_ECDSA;
  } else if (algorithm && !isPss(scheme)) {
    mechanism.mechanism = CKM_RSA_PKCS;
  } else if (algorithm) {
    const HashRow& hash = hashOf(*algorithm);
    pss = {hash.mechanism, hash.mgf, static_cast<CK_ULONG>(digestSize(*algorithm))};
    mechanism = {CKM_RSA_PKCS_PSS, &pss, sizeof pss};
  }
  const Pkcs11Session& session = opened_->session;
  CK_RV result = session.functions()->C_SignInit(session.handle(), &mechanism, opened_->key.handle);
  if (result == CKR_OK && opened_->key.alwaysAuthenticate) {
    SEALIFT_CHECK(opened_->session.logInForSignature(uri_, pins_));
  }
  QByteArray signature(kMostSignatureBytes, '\0');
  CK_ULONG length = kMostSignatureBytes;
  if (result == CKR_OK) {
    result = session.functions()->C_Sign(
        session.handle(), reinterpret_cast<CK_BYTE_PTR>(const_cast<char*>(input.constData())),
        static_cast<CK_ULONG>(input.size()), reinterpret_cast<CK_BYTE_PTR>(signature.data()), &length);
  }
  if (result != CKR_OK) {
    Error error = pkcs11Error(result, doing);
    if (meansGone(result)) {
      opened_.reset();
      error.code = ErrorCode::KeyAbsent;
      error.remedy = errorCodeRemedy(ErrorCode::KeyAbsent);
    }
    return fail(error);
  }
  signature.truncate(static_cast<qsizetype>(std::min(length, kMostSignatureBytes)));
  return signature;
}

Result<QByteArray> Pkcs11Signer::sign(SignatureScheme scheme, QByteArrayView message) {
  SEALIFT_CHECK(openssl::requireMatch(scheme, publicKey_));
  const QByteArray input = tokenInput(scheme, message);
  const bool wasOpen = opened_ != nullptr;
  if (!wasOpen) {
    SEALIFT_CHECK(reopen());
  }
  Result<QByteArray> raw = signInToken(scheme, input);
  if (!raw && wasOpen && !opened_) {
    // A session may end while the token stays (it slept, another program reset it): one more look tells.
    if (const Status again = reopen(); !again) {
      return failBecause(again.error().code, again.error().what, raw.error());
    }
    raw = signInToken(scheme, input);
  }
  SEALIFT_TRY(QByteArray signature, std::move(raw));
  const bool ecdsa = keyTypeOf(scheme) == KeyType::EcP256 || keyTypeOf(scheme) == KeyType::EcP384;
  if (ecdsa) {
    SEALIFT_TRY(signature, toDerSignature(signature));
  }
  // Nobody is given a signature that does not hold: the halves may not belong together, the token may be faulty.
  if (const Status holds = publicKey_.verify(scheme, message, signature); !holds) {
    return failBecause(ErrorCode::CryptoFailure, QStringLiteral("The token's signature does not hold."), holds.error());
  }
  return signature;
}

}  // namespace sealift
