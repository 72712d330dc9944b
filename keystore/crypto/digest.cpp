#include "keystore/crypto/digest.h"

#include <array>
#include <openssl/evp.h>

namespace sealift {

namespace {

struct DigestRow {
  DigestAlgorithm algorithm;
  QLatin1String name;
  const char* openSslName;
  int size;
};
constexpr std::array<DigestRow, 3> kDigests{{
    {DigestAlgorithm::Sha256, QLatin1String("sha256"), "SHA2-256", 32},
    {DigestAlgorithm::Sha384, QLatin1String("sha384"), "SHA2-384", 48},
    {DigestAlgorithm::Sha512, QLatin1String("sha512"), "SHA2-512", 64},
}};

const DigestRow& rowOf(DigestAlgorithm algorithm) {
  return kDigests.at(static_cast<std::size_t>(algorithm));
}

// Fetched once: looking an algorithm up costs more than hashing a short message.
const EVP_MD* implementationOf(DigestAlgorithm algorithm) {
  static const std::array<EVP_MD*, kDigests.size()> fetched = [] {
    std::array<EVP_MD*, kDigests.size()> all{};
    for (const DigestRow& row : kDigests) {
      all.at(static_cast<std::size_t>(row.algorithm)) = EVP_MD_fetch(nullptr, row.openSslName, nullptr);
    }
    return all;
  }();
  const EVP_MD* implementation = fetched.at(static_cast<std::size_t>(algorithm));
  if (implementation == nullptr) {
    qFatal("This installation of OpenSSL has no %s.", rowOf(algorithm).openSslName);
  }
  return implementation;
}

void require(int openSslResult) {
  if (openSslResult != 1) {
    qFatal("OpenSSL could not compute a SHA-2 digest.");
  }
}

}  // namespace

QString digestName(DigestAlgorithm algorithm) {
  return rowOf(algorithm).name;
}

std::optional<DigestAlgorithm> digestFromName(QStringView name) {
  for (const DigestRow& row : kDigests) {
    if (name == row.name) {
      return row.algorithm;
    }
  }
  return std::nullopt;
}

qsizetype digestSize(DigestAlgorithm algorithm) {
  return rowOf(algorithm).size;
}

QByteArray computeDigest(DigestAlgorithm algorithm, QByteArrayView bytes) {
  QByteArray digest(digestSize(algorithm), '\0');
  require(EVP_Digest(bytes.data(), static_cast<std::size_t>(bytes.size()),
                     reinterpret_cast<unsigned char*>(digest.data()), nullptr, implementationOf(algorithm), nullptr));
  return digest;
}

struct Digester::State {
  explicit State(DigestAlgorithm digestAlgorithm) : algorithm(digestAlgorithm), context(EVP_MD_CTX_new()) { begin(); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void begin() { require(context != nullptr ? EVP_DigestInit_ex2(context, implementationOf(algorithm), nullptr) : 0); }

  DigestAlgorithm algorithm;
  EVP_MD_CTX* context;
};

Digester::Digester(DigestAlgorithm algorithm) : state_(std::make_unique<State>(algorithm)) {}
Digester::Digester(Digester&& other) noexcept = default;
Digester& Digester::operator=(Digester&& other) noexcept = default;
Digester::~Digester() = default;

void Digester::add(QByteArrayView bytes) {
  require(EVP_DigestUpdate(state_->context, bytes.data(), static_cast<std::size_t>(bytes.size())));
}

QByteArray Digester::finish() {
  QByteArray digest(digestSize(state_->algorithm), '\0');
  require(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()), nullptr));
  state_->begin();
  return digest;
}

}  // namespace sealift
