#include "keystore/crypto/password_hash.h"

#include "keystore/crypto/openssl_p.h"
#include "keystore/crypto/random.h"

#include <QStringList>

#include <array>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

namespace sealift {
namespace {

constexpr int kSaltBytes = 16;
constexpr int kHashBytes = 32;
constexpr quint64 kMostMemory = quint64{256} << 20;  // what a stored line may ask for, whoever wrote it
constexpr quint32 kMostLanes = 16;

using Kdf = std::unique_ptr<EVP_KDF, openssl::Deleter<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, openssl::Deleter<EVP_KDF_CTX_free>>;

// RFC 7914 section 2: the large vector has 128 * N * r bytes, N is a power of two above 1.
bool isSane(const ScryptCost& cost) {
  return cost.n > 1 && (cost.n & (cost.n - 1)) == 0 && cost.r >= 1 && cost.p >= 1 && cost.p <= kMostLanes &&
         cost.n <= kMostMemory && cost.r <= kMostMemory && cost.n <= kMostMemory / 128 / cost.r;
}

Result<SecretBytes> derive(const SecretBytes& password, QByteArray salt, ScryptCost cost) {
  const Kdf kdf(EVP_KDF_fetch(nullptr, "SCRYPT", nullptr));
  const KdfContext context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!context) {
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("This installation of OpenSSL has no scrypt."));
  }
  uint64_t n = cost.n;  // as OpenSSL writes it
  uint64_t memory = 2 * kMostMemory;
  const QByteArrayView secret = password.view();
  const std::array<OSSL_PARAM, 7> parameters{
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, const_cast<char*>(secret.data()),
                                        openssl::size(secret)),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.data(), static_cast<std::size_t>(salt.size())),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &cost.r),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &cost.p),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
      OSSL_PARAM_construct_end()};
  SecretBytes hash(static_cast<std::size_t>(kHashBytes));
  if (EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(hash.data()), hash.size(), parameters.data()) !=
      1) {
    return openssl::failure(ErrorCode::CryptoFailure, QStringLiteral("scrypt could not be computed."));
  }
  return hash;
}

}  // namespace

Result<QString> hashPassword(const SecretBytes& password, const ScryptCost& cost) {
  SEALIFT_TRY(const QByteArray salt, randomBytes(kSaltBytes));
  SEALIFT_TRY(const SecretBytes hash, derive(password, salt, cost));
  return QStringLiteral("scrypt$%1$%2$%3$%4$%5")
      .arg(cost.n)
      .arg(cost.r)
      .arg(cost.p)
      .arg(QString::fromLatin1(salt.toHex()), QString::fromLatin1(hash.view().toByteArray().toHex()));
}

Result<bool> checkPassword(const SecretBytes& password, const QString& stored) {
  const auto unreadable = [] {
    return fail(ErrorCode::CryptoKey, QStringLiteral("What the password is checked against can't be read."));
  };
  const QStringList parts = stored.split(u'$');
  if (parts.size() != 6 || parts[0] != QLatin1String("scrypt")) {
    return unreadable();
  }
  bool n = false;
  bool r = false;
  bool p = false;
  const ScryptCost cost{parts[1].toULongLong(&n), parts[2].toUInt(&r), parts[3].toUInt(&p)};
  const QByteArray salt = QByteArray::fromHex(parts[4].toLatin1());
  const QByteArray hash = QByteArray::fromHex(parts[5].toLatin1());
  if (!n || !r || !p || !isSane(cost) || salt.size() != kSaltBytes || hash.size() != kHashBytes) {
    return unreadable();
  }
  SEALIFT_TRY(const SecretBytes derived, derive(password, salt, cost));
  return CRYPTO_memcmp(derived.view().data(), hash.constData(), kHashBytes) == 0;
}

}  // namespace sealift
