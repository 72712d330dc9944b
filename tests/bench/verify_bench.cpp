// SHA-256 and signature of a large image, read from a file: Sealift against `openssl dgst -sha256 -verify`, both as
// processes of their own, in turn, on the same file.
//   verify_bench [MIB [ROUNDS]]     default 256 MiB, 9 rounds
// Prints the medians, their ratio (1.05 at most), and the most memory that Sealift's process held (below 64 MiB).
// Exits with 1 when a limit is not kept.
#include "keystore/crypto/file_digest.h"
#include "keystore/crypto/private_key.h"
#include "tests/bench/process_run.h"

#include <QFile>
#include <QStandardPaths>
#include <QTemporaryDir>

#include <cstdio>
#include <cstring>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr double kMostRatio = 1.05;
constexpr long kMostKibibytes = 64 * 1024;

QByteArray readAll(const char* path) {
  QFile file(QString::fromLocal8Bit(path));
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void writeAll(const QString& path, const QByteArray& bytes) {
  QFile file(path);
  if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) {
    give(QStringLiteral("%1 could not be written.").arg(path));
  }
}

// What is measured: one pass over the file gives its SHA-256, which is compared and whose signature is verified.
int verify(const char* keyFile, const char* signatureFile, const char* hashFile, const char* imageFile) {
  const PublicKey key = must(PublicKey::fromPem(readAll(keyFile)));
  const QByteArray digest = must(digestFile(QString::fromLocal8Bit(imageFile), DigestAlgorithm::Sha256, {}));
  const bool isGood = digest == readAll(hashFile) &&
                      key.verifyDigest(SignatureScheme::EcdsaP256Sha256, digest, readAll(signatureFile)).has_value();
  return isGood ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6 && std::strcmp(argv[1], "--verify") == 0) {
    return verify(argv[2], argv[3], argv[4], argv[5]);
  }
  const long mebibytes = argc > 1 ? std::atol(argv[1]) : 256;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 9;
  const QString openssl = QStandardPaths::findExecutable(QStringLiteral("openssl"));
  if (mebibytes < 1 || rounds < 1 || openssl.isEmpty()) {
    give(QStringLiteral("needs openssl, and numbers above 0."));
  }
  const QTemporaryDir folder;
  const QString image = folder.filePath(QStringLiteral("image.bin"));
  QFile file(image);
  if (!file.open(QIODevice::WriteOnly)) {
    give(QStringLiteral("no file could be made."));
  }
  for (long i = 0; i < mebibytes; ++i) {
    QByteArray piece(1024 * 1024, static_cast<char>(i * 37));
    std::memcpy(piece.data(), &i, sizeof i);
    if (file.write(piece) != piece.size()) {
      give(QStringLiteral("the image could not be written."));
    }
  }
  file.close();
  const PrivateKey key = must(PrivateKey::generate(KeyType::EcP256));
  const QByteArray digest = must(digestFile(image, DigestAlgorithm::Sha256, {}));
  const QString keyFile = folder.filePath(QStringLiteral("key.pem"));
  const QString signatureFile = folder.filePath(QStringLiteral("signature"));
  const QString hashFile = folder.filePath(QStringLiteral("hash"));
  writeAll(keyFile, key.publicKey().toPem());
  writeAll(signatureFile, must(key.signDigest(SignatureScheme::EcdsaP256Sha256, digest)));
  writeAll(hashFile, digest);

  const std::vector<QByteArray> ours{"/proc/self/exe",       "--verify",
                                     keyFile.toLocal8Bit(),  signatureFile.toLocal8Bit(),
                                     hashFile.toLocal8Bit(), image.toLocal8Bit()};
  const std::vector<QByteArray> theirs{openssl.toLocal8Bit(),
                                       "dgst",
                                       "-sha256",
                                       "-verify",
                                       keyFile.toLocal8Bit(),
                                       "-signature",
                                       signatureFile.toLocal8Bit(),
                                       image.toLocal8Bit()};
  std::vector<double> ourSeconds;
  std::vector<double> theirSeconds;
  long kibibytes = 0;
  for (int round = 0; round < rounds; ++round) {
    const ProcessRun mine = runProcess(ours);
    ourSeconds.push_back(mine.seconds);
    kibibytes = std::max(kibibytes, mine.kibibytes);
    theirSeconds.push_back(runProcess(theirs).seconds);
  }
  const double ratio = median(ourSeconds) / median(theirSeconds);
  std::printf(
      "verify: SHA-256 and ECDSA P-256 of %ld MiB, %d rounds: sealift %.3f s, openssl dgst %.3f s, ratio %.3f "
      "(at most %.2f); peak memory %.1f MiB (below 64)\n",
      mebibytes, rounds, median(ourSeconds), median(theirSeconds), ratio, kMostRatio,
      static_cast<double>(kibibytes) / 1024);
  return ratio <= kMostRatio && kibibytes < kMostKibibytes ? 0 : 1;
}
