#include "keystore/crypto/private_key.h"

#include "keystore/crypto/openssl_p.h"

#include <cstring>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace sealift {

namespace {

using openssl::data;
using openssl::failure;
using openssl::size;

constexpr qsizetype kMostKeyBytes = 64 * 1024;
constexpr int kPbkdf2Iterations = 600'000;  // OWASP Password Storage Cheat Sheet (2023) for HMAC-SHA-256

struct PassphraseRequest {
  const SecretBytes& passphrase;
  bool asked = false;
};

// OpenSSL's pem_password_cb: copies the passphrase and gives its length, or -1 when there is none.
int givePassphrase(char* buffer, int capacity, int /*forWriting*/, void* userData) {
  auto* request = static_cast<PassphraseRequest*>(userData);
  request->asked = true;
  const QByteArrayView view = request->passphrase.view();
  if (view.isEmpty() || view.size() > capacity) {
    return -1;
  }
  std::memcpy(buffer, view.data(), static_cast<std::size_t>(view.size()));
  return static_cast<int>(view.size());
}

tl::unexpected<Error> signFailure(SignatureScheme scheme) {
  return failure(ErrorCode::CryptoFailure,
                 QStringLiteral("OpenSSL could not sign with %1.").arg(signatureSchemeName(scheme)));
}

// RFC 8018, 6.2 (PBES2) around PKCS#8.
bool writeEncrypted(BIO* bio, PKCS8_PRIV_KEY_INFO* info, const SecretBytes& passphrase) {
  X509_ALGOR* algorithm =
      PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kPbkdf2Iterations, nullptr, 0, nullptr, NID_hmacWithSHA256);
  if (algorithm == nullptr) {
    return false;
  }
  X509_SIG* encrypted = PKCS8_set0_pbe(passphrase.view().data(), static_cast<int>(passphrase.size()), info, algorithm);
  if (encrypted == nullptr) {
    X509_ALGOR_free(algorithm);
    return false;
  }
  const bool written = PEM_write_bio_PKCS8(bio, encrypted) == 1;
  X509_SIG_free(encrypted);
  return written;
}

}  // namespace

Result<PrivateKey> PrivateKey::adopt(evp_pkey_st* key) {
  std::shared_ptr<evp_pkey_st> owned(key, EVP_PKEY_free);
  unsigned char* encoded = nullptr;
  const int length = i2d_PUBKEY(key, &encoded);
  if (length <= 0) {
    return failure(ErrorCode::CryptoKey, QStringLiteral("The key's public half could not be found."));
  }
  const QByteArray der(reinterpret_cast<const char*>(encoded), length);
  OPENSSL_free(encoded);
  SEALIFT_TRY(PublicKey publicKey, PublicKey::fromDer(der));
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  // A file may hold a public half that belongs to another private one; signing would then give the private one away.
  if (!context || (publicKey.type() != KeyType::Ed25519 && EVP_PKEY_pairwise_check(context.get()) != 1)) {
    return failure(ErrorCode::CryptoKey, QStringLiteral("The two halves of the key do not belong together."));
  }
  return PrivateKey(std::move(owned), std::move(publicKey));
}

Result<PrivateKey> PrivateKey::generate(KeyType type, int rsaBits) {
  EVP_PKEY* key = nullptr;
  switch (type) {
    case KeyType::Ed25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
    case KeyType::EcP256:
      key = EVP_EC_gen("P-256");
      break;
    case KeyType::EcP384:
      key = EVP_EC_gen("P-384");
      break;
    case KeyType::Rsa:
      if (rsaBits != 2048 && rsaBits != 3072 && rsaBits != 4096) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("RSA keys are made with 2048, 3072 or 4096 bits."));
      }
      key = EVP_RSA_gen(static_cast<std::size_t>(rsaBits));
      break;
  }
  if (key == nullptr) {
    return failure(ErrorCode::CryptoFailure, QStringLiteral("OpenSSL could not generate a key."));
  }
  return adopt(key);
}

Result<PrivateKey> PrivateKey::fromPem(QByteArrayView pem, const SecretBytes& passphrase) {
  if (pem.isEmpty() || pem.size() > kMostKeyBytes) {
    return fail(ErrorCode::CryptoKey, QStringLiteral("The private key is empty or far too long."));
  }
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  PassphraseRequest request{passphrase};
  EVP_PKEY* key = bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, givePassphrase, &request) : nullptr;
  if (key != nullptr) {
    return adopt(key);
  }
  if (request.asked && passphrase.isEmpty()) {
    ERR_clear_error();
    return fail(ErrorCode::KeyPin, QStringLiteral("The private key is encrypted and no passphrase was given."));
  }
  if (request.asked) {
    return failure(ErrorCode::KeyPin, QStringLiteral("The passphrase is wrong or the private key is damaged."));
  }
  return failure(ErrorCode::CryptoKey, QStringLiteral("This is not a private key in PEM form."));
}

Result<SecretBytes> PrivateKey::toPem(const SecretBytes& passphrase) const {
  using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, openssl::Deleter<PKCS8_PRIV_KEY_INFO_free>>;
  const openssl::Bio bio(BIO_new(BIO_s_secmem()));  // cleared when freed
  const Pkcs8 info(EVP_PKEY2PKCS8(key_.get()));
  const bool written = bio && info &&
                       (passphrase.isEmpty() ? PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio.get(), info.get()) == 1
                                             : writeEncrypted(bio.get(), info.get(), passphrase));
  if (!written) {
    return failure(ErrorCode::CryptoFailure, QStringLiteral("The private key could not be written as PEM."));
  }
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return SecretBytes(QByteArrayView(text, length));
}

Result<QByteArray> PrivateKey::sign(SignatureScheme scheme, QByteArrayView message) const {
  SEALIFT_CHECK(openssl::requireMatch(scheme, publicKey_));
  const openssl::DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* keyContext = nullptr;  // owned by `context`
  std::size_t length = 0;
  if (!context ||
      EVP_DigestSignInit(context.get(), &keyContext, openssl::evpDigestOf(scheme), nullptr, key_.get()) != 1 ||
      !openssl::setPadding(keyContext, scheme, openssl::Use::Sign) ||
      EVP_DigestSign(context.get(), nullptr, &length, data(message), size(message)) != 1) {
    return signFailure(scheme);
  }
  QByteArray signature(static_cast<qsizetype>(length), '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_DigestSign(context.get(), out, &length, data(message), size(message)) != 1) {
    return signFailure(scheme);
  }
  signature.truncate(static_cast<qsizetype>(length));
  return signature;
}

Result<QByteArray> PrivateKey::signDigest(SignatureScheme scheme, QByteArrayView digest) const {
  const std::optional<DigestAlgorithm> algorithm = openssl::digestOf(scheme);
  if (!algorithm) {
    return sign(scheme, digest);
  }
  SEALIFT_CHECK(openssl::requireMatch(scheme, publicKey_));
  if (digest.size() != digestSize(*algorithm)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The digest to sign has the wrong length."));
  }
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  std::size_t length = 0;
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
      !openssl::setPadding(context.get(), scheme, openssl::Use::Sign) ||
      EVP_PKEY_CTX_set_signature_md(context.get(), openssl::evpDigestOf(scheme)) != 1 ||
      EVP_PKEY_sign(context.get(), nullptr, &length, data(digest), size(digest)) != 1) {
    return signFailure(scheme);
  }
  QByteArray signature(static_cast<qsizetype>(length), '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_PKEY_sign(context.get(), out, &length, data(digest), size(digest)) != 1) {
    return signFailure(scheme);
  }
  signature.truncate(static_cast<qsizetype>(length));
  return signature;
}

}  // namespace sealift
