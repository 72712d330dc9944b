// SHA-2 digests (FIPS 180-4), at once or piece by piece. Any thread; a Digester belongs to one at a time.
// An OpenSSL without SHA-2 can verify nothing: the program ends at once instead of going on with an empty digest.
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QString>
#include <QStringView>

#include <memory>
#include <optional>

namespace sealift {

enum class DigestAlgorithm { Sha256, Sha384, Sha512 };

QString digestName(DigestAlgorithm algorithm);  // "sha256", "sha384", "sha512"
std::optional<DigestAlgorithm> digestFromName(QStringView name);
qsizetype digestSize(DigestAlgorithm algorithm);  // bytes

// Raw bytes, digestSize() of them.
QByteArray computeDigest(DigestAlgorithm algorithm, QByteArrayView bytes);
inline QByteArray sha256(QByteArrayView bytes) {
  return computeDigest(DigestAlgorithm::Sha256, bytes);
}

class Digester {
 public:
  explicit Digester(DigestAlgorithm algorithm);
  Digester(Digester&& other) noexcept;
  Digester& operator=(Digester&& other) noexcept;
  ~Digester();

  void add(QByteArrayView bytes);
  QByteArray finish();  // raw digest; the Digester then begins anew

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sealift
