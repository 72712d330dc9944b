// Repositories made by python-tuf are verified and give every one of their targets.
#include "app/base/file_io.h"
#include "keystore/tuf/client/client.h"
#include "keystore/tuf/client/folder_fetcher.h"

#include <QDirIterator>
#include <QTemporaryDir>
#include <QtTest>

using namespace sealift;
using namespace sealift::tuf;

namespace {

const ManualClock kClock(QDateTime({2026, 11, 21}, {12, 0}, Qt::UTC));

class CountingFetcher final : public Fetcher {
 public:
  explicit CountingFetcher(const QString& folder) : folder_(folder) {}
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override {
    requests.append(path);
    return folder_.fetch(path, maxBytes, cancel);
  }
  QStringList requests;

 private:
  FolderFetcher folder_;
};

}  // namespace

class TufFixturesTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void givesEveryTarget_data() {
    QTest::addColumn<QString>("repository");
    QTest::newRow("consistent snapshots, compact") << QStringLiteral("consistent");
    QTest::newRow("plain names, indented") << QStringLiteral("plain-indented");
  }

  void givesEveryTarget() {
    QFETCH(const QString, repository);
    const QString folder = QStringLiteral(SEALIFT_TEST_DATA "/tuf/") + repository;
    const QTemporaryDir cache;
    const auto rootBytes = readFile(folder + QStringLiteral("/metadata/1.root.json"), 1 << 20);
    QVERIFY(rootBytes);
    QVERIFY(Client::pinRoot(cache.path(), *rootBytes));
    CountingFetcher fetcher(folder);
    Client client(cache.path(), fetcher, kClock);
    const Status refreshed = client.refresh({});
    QVERIFY2(refreshed, refreshed ? "" : qPrintable(refreshed.error().message()));

    const auto targets = client.targets({});
    QVERIFY2(targets, targets ? "" : qPrintable(targets.error().message()));
    QStringList paths;
    QVERIFY(targets->problems.isEmpty());
    for (const TargetInfo& target : targets->targets) {
      paths.append(target.path);
      const auto bytes = client.download(target, {});
      QVERIFY2(bytes, bytes ? "" : qPrintable(bytes.error().message()));
      QCOMPARE(bytes->size(), target.length);
      QCOMPARE(target.hashes.size(), 2);
    }
    QStringList expected{QStringLiteral("d1/1.9.0.bin"), QStringLiteral("hello.txt"),
                         QStringLiteral("t2/2.4.0/t2.bin")};
    for (int i = 0; i < 20; ++i) {
      expected.append(QStringLiteral("d1/unit-%1.cfg").arg(i, 3, 10, QLatin1Char('0')));
    }
    expected.sort();
    QCOMPARE(paths, expected);

    const auto hello = client.target(QStringLiteral("hello.txt"), {});
    QVERIFY(hello);
    QCOMPARE(*client.download(*hello, {}), QByteArray("hello\n"));
    QCOMPARE(hello->custom.value(QLatin1String("note")).toString(),
             QStringLiteral("grüße, 東京, tab\there, quote\" backslash\\ del\u007f"));
    QCOMPARE(client.target(QStringLiteral("t2/2.4.0/t2.bin"), {})->role, QStringLiteral("acme/thermostat t2"));
    QCOMPARE(client.target(QStringLiteral("d1/unit-007.cfg"), {})->role.left(4), QStringLiteral("bin-"));
    QCOMPARE(client.target(QStringLiteral("t2/none"), {}).error().code, ErrorCode::TrustTargetMissing);
  }

  // The summary tells the state after the rotation; the fingerprint stays that of the pinned root.
  void summaryTellsTheTrustedState() {
    const QString folder = QStringLiteral(SEALIFT_TEST_DATA "/tuf/consistent");
    const QTemporaryDir cache;
    const auto rootBytes = readFile(folder + QStringLiteral("/metadata/1.root.json"), 1 << 20);
    const auto inspected = Client::inspectRoot(*rootBytes);
    QVERIFY(inspected);
    QVERIFY(Client::pinRoot(cache.path(), *rootBytes));
    FolderFetcher fetcher(folder);
    Client client(cache.path(), fetcher, kClock);
    QVERIFY(client.summary().fingerprint.isEmpty());
    QVERIFY(client.refresh({}));
    const TrustSummary summary = client.summary();
    // Computed by an independent canonical JSON encoder in Python over `signed` of 1.root.json.
    QCOMPARE(summary.fingerprint, QStringLiteral("abb4b2d592eba3b10c76f2a1f26dabc021a423eb439f2d636e04bbf31ece8352"));
    QCOMPARE(inspected->fingerprint, summary.fingerprint);
    QVERIFY(summary.consistentSnapshot);
    const QList<std::pair<QString, qint64>> versions{{QStringLiteral("root"), 2},
                                                     {QStringLiteral("timestamp"), 7},
                                                     {QStringLiteral("snapshot"), 4},
                                                     {QStringLiteral("targets"), 3}};
    QCOMPARE(summary.roles.size(), 4);
    for (int i = 0; i < 4; ++i) {
      QCOMPARE(summary.roles.at(i).name, versions.at(i).first);
      QCOMPARE(summary.roles.at(i).version, versions.at(i).second);
      QCOMPARE(summary.roles.at(i).expires, QDateTime({2040, 1, 1}, {0, 0}, Qt::UTC));
    }
    QCOMPARE(summary.roles.at(0).threshold, 2);
    QCOMPARE(summary.roles.at(0).keyIds.size(), 3);
    QCOMPARE(summary.roles.at(3).threshold, 2);
  }

  // A second run asks for the next root and the timestamp only, and an offline run for nothing.
  void fetchesNothingTwice() {
    const QString folder = QStringLiteral(SEALIFT_TEST_DATA "/tuf/consistent");
    const QTemporaryDir cache;
    QVERIFY(Client::pinRoot(cache.path(), *readFile(folder + QStringLiteral("/metadata/1.root.json"), 1 << 20)));
    CountingFetcher fetcher(folder);
    {
      Client client(cache.path(), fetcher, kClock);
      QVERIFY(client.refresh({}));
      QVERIFY(client.targets({})->problems.isEmpty());
    }
    fetcher.requests.clear();
    Client client(cache.path(), fetcher, kClock);
    QVERIFY(client.refresh({}));
    QCOMPARE(client.targets({})->targets.size(), 23);
    QCOMPARE(fetcher.requests,
             QStringList({QStringLiteral("metadata/3.root.json"), QStringLiteral("metadata/timestamp.json")}));
    fetcher.requests.clear();
    Client offline(cache.path(), fetcher, kClock);
    QVERIFY(offline.loadCached());
    QCOMPARE(offline.targets({})->targets.size(), 23);
    QVERIFY(fetcher.requests.isEmpty());
  }

  void expiresInTheEnd() {
    const QString folder = QStringLiteral(SEALIFT_TEST_DATA "/tuf/consistent");
    const QTemporaryDir cache;
    QVERIFY(Client::pinRoot(cache.path(), *readFile(folder + QStringLiteral("/metadata/1.root.json"), 1 << 20)));
    ManualClock clock(QDateTime({2039, 12, 31}, {23, 59, 59}, Qt::UTC));
    FolderFetcher fetcher(folder);
    Client client(cache.path(), fetcher, clock);
    QVERIFY(client.refresh({}));
    clock.advanceSeconds(1);
    QCOMPARE(client.refresh({}).error().code, ErrorCode::TrustExpired);
    QCOMPARE(client.loadCached().error().code, ErrorCode::TrustExpired);
    QVERIFY(client.loadCached(Freshness::NotRequired));
  }

  // One bit of any metadata or target file flipped: never accepted as it is.
  void everyChangedFileIsRefused() {
    const QString source = QStringLiteral(SEALIFT_TEST_DATA "/tuf/consistent/");
    QDirIterator files(source, QDir::Files, QDirIterator::Subdirectories);
    int tried = 0;
    while (files.hasNext()) {
      const QString changed = files.next();
      const QString name = changed.mid(source.size());
      const bool isUnused = name.contains(QLatin1String("1.root.json")) ||
                            (name.startsWith(QLatin1String("targets/")) && QFileInfo(name).fileName().size() > 128);
      if (isUnused) {
        continue;  // the pinned root, and the second copy of each target under its SHA-512
      }
      class Flipping final : public Fetcher {
       public:
        Flipping(const QString& folder, const QString& name) : folder_(folder), name_(name) {}
        Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override {
          SEALIFT_TRY(QByteArray bytes, folder_.fetch(path, maxBytes, cancel));
          if (path == name_) {
            hits++;
            bytes[bytes.size() / 2] = static_cast<char>(bytes.at(bytes.size() / 2) ^ 1);
          }
          return bytes;
        }
        int hits = 0;

       private:
        FolderFetcher folder_;
        QString name_;
      };
      const QTemporaryDir cache;
      QVERIFY(Client::pinRoot(cache.path(), *readFile(source + QStringLiteral("metadata/1.root.json"), 1 << 20)));
      Flipping fetcher(source, name);
      Client client(cache.path(), fetcher, kClock);
      const Status refreshed = client.refresh({});
      bool refused = !refreshed;
      if (refreshed) {
        const auto targets = client.targets({});
        const TargetListing listing = targets.value_or(TargetListing());
        refused = !targets || !listing.problems.isEmpty();
        for (const TargetInfo& target : listing.targets) {
          refused = refused || !client.download(target, {});
        }
      }
      QVERIFY2(refused, qPrintable(name));
      QVERIFY2(fetcher.hits > 0, qPrintable(name));
      ++tried;
    }
    QCOMPARE(tried, 37);
  }
};

QTEST_GUILESS_MAIN(TufFixturesTest)
#include "tuf_fixtures_test.moc"
