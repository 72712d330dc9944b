// tuf_bench: what a client of a repository with ten thousand targets fetches, with the targets in hash bins and, beside
// it, in one role. Prints bytes, requests and time; exits with 1 when refreshing and looking up one target in bins
// fetches more than the bound.
#include "keystore/tuf/client/client.h"
#include "keystore/tuf/client/folder_fetcher.h"
#include "keystore/tuf/metadata_signing.h"
#include "keystore/tuf/publisher/publisher.h"

#include <QElapsedTimer>
#include <QTemporaryDir>

#include <cstdio>

using namespace sealift;
using namespace sealift::tuf;

namespace {

constexpr int kTargetCount = 10'000;
constexpr int kBits = 7;
constexpr qint64 kBound = 64 * 1024;  // bytes, all metadata from the first root to one target's bin

class CountingFetcher final : public Fetcher {
 public:
  explicit CountingFetcher(const QString& folder) : folder_(folder) {}
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override {
    auto got = folder_.fetch(path, maxBytes, cancel);
    ++requests;
    bytes += got ? got->size() : 0;
    return got;
  }
  void reset() { bytes = requests = 0; }

  qint64 bytes = 0;
  qint64 requests = 0;

 private:
  FolderFetcher folder_;
};

QString pathOf(int number) {
  return QStringLiteral("units/%1.cfg").arg(number, 5, 10, QLatin1Char('0'));
}

[[noreturn]] void stop(const Error& error) {
  std::fprintf(stderr, "tuf_bench: %s\n", qPrintable(error.message()));
  std::exit(1);
}
template <class T>
void require(const Result<T>& result) {
  if (!result) {
    stop(result.error());
  }
}

double secondsOf(const QElapsedTimer& timer) {
  return static_cast<double>(timer.nsecsElapsed()) / 1e9;
}

// A client that comes for the first time, and once more. Gives the bytes that it fetched the first time.
qint64 measure(const char* name, const Publisher& publisher, const Clock& clock) {
  QTemporaryDir cache;
  QElapsedTimer timer;
  require(Client::pinRoot(cache.path(), publisher.rootBytes()));
  CountingFetcher fetcher(publisher.publicFolder());
  Client client(cache.path(), fetcher, clock);
  timer.start();
  require(client.refresh({}));
  const double refreshSeconds = secondsOf(timer);
  const qint64 refreshBytes = fetcher.bytes;
  timer.restart();
  require(client.target(pathOf(4711), {}));
  std::printf("%-10s first refresh %8lld bytes %7.1f ms; with one look-up %8lld bytes in %lld requests, %.1f ms more\n",
              name, static_cast<long long>(refreshBytes), refreshSeconds * 1e3, static_cast<long long>(fetcher.bytes),
              static_cast<long long>(fetcher.requests), secondsOf(timer) * 1e3);
  const qint64 firstBytes = fetcher.bytes;
  fetcher.reset();
  Client again(cache.path(), fetcher, clock);
  timer.restart();
  require(again.refresh({}));
  require(again.target(pathOf(4711), {}));
  std::printf("%-10s once more     %8lld bytes in %lld requests %7.1f ms\n", "", static_cast<long long>(fetcher.bytes),
              static_cast<long long>(fetcher.requests), secondsOf(timer) * 1e3);
  return firstBytes;
}

}  // namespace

int main() {
  QTemporaryDir folder;
  const SystemClock clock;
  QElapsedTimer timer;
  timer.start();
  const auto made = Publisher::init(folder.path(), {}, clock);
  require(made);
  Publisher& publisher = **made;
  QList<NewTarget> targets;
  for (int i = 0; i < kTargetCount; ++i) {
    targets.append({pathOf(i), QByteArray::number(i), {}});
  }
  require(publisher.addTargets(targets));
  require(publisher.publish());
  std::printf("%-10s publish %d targets, each synced to the disk, %.2f s\n", "one role", kTargetCount,
              secondsOf(timer));
  const qint64 flatBytes = measure("one role", publisher, clock);

  const auto keyId = publisher.generateKey(QStringLiteral("bins"), KeyType::Ed25519);
  require(keyId);
  const auto key = publisher.publicKey(*keyId);
  require(key);
  timer.restart();
  require(publisher.delegateToBins({QStringLiteral("targets"), kBits, QStringLiteral("bin"), {*key}, 1, 180}));
  require(publisher.publish());
  std::printf("%-10s spread them over %d bins %.2f s\n", "hash bins", 1 << kBits, secondsOf(timer));
  timer.restart();
  require(publisher.addTarget(QStringLiteral("units/new.cfg"), "new", {}));
  require(publisher.publish());
  std::printf("%-10s publish one more target %.2f s\n", "", secondsOf(timer));
  const qint64 binBytes = measure("hash bins", publisher, clock);

  std::printf("ratio      %.1f times fewer bytes with bins; bound %lld bytes: %s\n",
              static_cast<double>(flatBytes) / static_cast<double>(binBytes), static_cast<long long>(kBound),
              binBytes <= kBound ? "held" : "EXCEEDED");
  return binBytes <= kBound ? 0 : 1;
}
