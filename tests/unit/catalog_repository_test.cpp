// A vendor's repository as the catalogue uses it: refreshed, offline, tampered with, expired.
#include "app/base/file_io.h"
#include "keystore/crypto/digest.h"
#include "tests/support/catalog_fixture.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTest>

using namespace sealift;

namespace {

// What the fetchers of one test have in common.
struct Traffic {
  QStringList paths;
  std::optional<ErrorCode> targetsFail;  // target files alone
  std::function<void()> beforeTargets = [] {};
  QString changed;  // target files whose name ends so come with a bit changed
};

class WatchedFetcher final : public tuf::Fetcher {
 public:
  WatchedFetcher(const QString& folder, Traffic& traffic) : files_(folder), traffic_(traffic) {}
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override {
    traffic_.paths << path;
    if (path.startsWith(QLatin1String("targets/"))) {
      traffic_.beforeTargets();
    }
    if (traffic_.targetsFail && path.startsWith(QLatin1String("targets/"))) {
      return fail(*traffic_.targetsFail, QStringLiteral("Scripted."));
    }
    Result<QByteArray> bytes = files_.fetch(path, maxBytes, cancel);
    if (bytes && !traffic_.changed.isEmpty() && path.endsWith(traffic_.changed)) {
      (*bytes)[0] = static_cast<char>((*bytes)[0] ^ 1);
    }
    return bytes;
  }

 private:
  tuf::FolderFetcher files_;
  Traffic& traffic_;
};

FetcherFactory watched(Traffic& traffic) {
  return [&traffic](const QString& address) -> Result<std::unique_ptr<tuf::Fetcher>> {
    return std::make_unique<WatchedFetcher>(QUrl(address).toLocalFile(), traffic);
  };
}

// The one file below `folder` whose name ends so.
QString findFile(const QString& folder, const QString& end) {
  QDirIterator files(folder, QDir::Files, QDirIterator::Subdirectories);
  while (files.hasNext()) {
    if (files.next().endsWith(end)) {
      return files.filePath();
    }
  }
  return {};
}

bool flipBit(const QString& path) {
  Result<QByteArray> bytes = readFile(path, 10'000'000);
  if (!bytes || bytes->isEmpty()) {
    return false;
  }
  (*bytes)[bytes->size() / 2] = static_cast<char>((*bytes)[bytes->size() / 2] ^ 1);
  return writeFileAtomic(path, *bytes).has_value();
}

}  // namespace

class CatalogRepositoryTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    vendor_ = std::make_unique<CatalogFixture>();
    QVERIFY(vendor_->addModel());
    QVERIFY(vendor_->addLifecycle(QStringLiteral("2030-01-01")));
    QVERIFY(vendor_->addRelease({1, 1, 0, 0}));
    QVERIFY(vendor_->publisher->publish());
    image_ = *readFile(findFile(vendor_->publisher->publicFolder(), QStringLiteral(".1.1.0.bin")), 1'000'000);
    imagePath_ = CatalogFixture::imagePath({1, 1, 0, 0});
  }
  void cleanup() { vendor_.reset(); }

  void refreshReadsWhatIsPublished();
  void beforeTheFirstRefreshThereIsNothing();
  void offlineFromWhatIsKept();
  void keptImageIsNotFetchedAgain();
  void keptImageChangedOnDiskIsNotUsed();
  void keptModelChangedOnDiskIsNotUsed();
  void keptMetadataChangedOnDiskIsNotUsed_data();
  void keptMetadataChangedOnDiskIsNotUsed();
  void changedTargetIsRefused();
  void changedModelIsAProblemAndHidesNothing();
  void cutTargetIsRefused();
  void unknownTarget();
  void targetBeyondTheCallersLimit();
  void expiresByTheClock();
  void refreshOfExpiredMetadataFails();
  void olderMetadataIsRefusedAndTheTrustedStays();
  void anotherRootIsRefused();
  void secondAddressServesAll();
  void secondAddressIsNotAskedWhenTheFirstLies();
  void secondAddressServesTargets();
  void allAddressesAway();
  void cancelledRefresh();
  void badDocumentsDoNotHideOthers();
  void addressesByScheme();

 private:
  std::unique_ptr<CatalogFixture> vendor_;
  QByteArray image_;
  QString imagePath_;
};

void CatalogRepositoryTest::refreshReadsWhatIsPublished() {
  const auto repository = vendor_->repository();
  const Status refreshed = repository->refresh({});
  QVERIFY2(refreshed, refreshed ? "" : qUtf8Printable(refreshed.error().message()));
  const VendorContents contents = repository->contents();
  QCOMPARE(contents.problems, QStringList());
  QCOMPARE(contents.models.size(), 1);
  QCOMPARE(contents.model(QStringLiteral("t2"))->lifecycle.securitySupportEnds, std::optional(QDate(2030, 1, 1)));
  QVERIFY(contents.model(QStringLiteral("t3")) == nullptr);
  QCOMPARE(contents.releases.size(), 1);
  const QString hash = QString::fromLatin1(sha256(image_).toHex());
  QVERIFY(contents.release(imagePath_, hash) != nullptr);
  QVERIFY(contents.release(imagePath_, QString(64, u'0')) == nullptr);
  QCOMPARE(repository->refreshedAt(), vendor_->clock.nowUtc());
  QVERIFY(repository->checkFresh());
  QCOMPARE(repository->roles().size(), 4);
  QCOMPARE(*repository->target(imagePath_, 1'000'000, {}), image_);
}

void CatalogRepositoryTest::beforeTheFirstRefreshThereIsNothing() {
  const auto repository = vendor_->repository(CatalogFixture::noFetcher);
  QVERIFY(repository->loadTrusted());
  QVERIFY(repository->contents().models.isEmpty());
  QVERIFY(!repository->refreshedAt().isValid());
  QCOMPARE(repository->checkFresh().error().code, ErrorCode::NotFound);
  QVERIFY(!repository->target(imagePath_, 1'000'000, {}));
}

void CatalogRepositoryTest::offlineFromWhatIsKept() {
  {
    const auto online = vendor_->repository();
    QVERIFY(online->refresh({}));
  }
  const auto offline = vendor_->repository(CatalogFixture::noFetcher);
  QVERIFY(offline->loadTrusted());
  QCOMPARE(offline->contents().problems, QStringList());
  QCOMPARE(offline->contents().models.size(), 1);
  QCOMPARE(offline->contents().releases.size(), 1);
  QVERIFY(offline->checkFresh());
}

void CatalogRepositoryTest::keptImageIsNotFetchedAgain() {
  Traffic traffic;
  const auto repository = vendor_->repository(watched(traffic));
  QVERIFY(repository->refresh({}));
  QVERIFY(repository->target(imagePath_, 1'000'000, {}));
  traffic.paths.clear();
  QCOMPARE(*repository->target(imagePath_, 1'000'000, {}), image_);
  QCOMPARE(traffic.paths, QStringList());
}

void CatalogRepositoryTest::keptImageChangedOnDiskIsNotUsed() {
  Traffic traffic;
  const auto repository = vendor_->repository(watched(traffic));
  QVERIFY(repository->refresh({}));
  QVERIFY(repository->target(imagePath_, 1'000'000, {}));
  const QString kept = findFile(vendor_->stationFolder(), QString::fromLatin1(sha256(image_).toHex()));
  QVERIFY(flipBit(kept));
  traffic.paths.clear();
  QCOMPARE(*repository->target(imagePath_, 1'000'000, {}), image_);  // fetched again
  QCOMPARE(traffic.paths.size(), 1);
  QVERIFY(flipBit(kept));
  traffic.targetsFail = ErrorCode::FetchFailed;
  QCOMPARE(repository->target(imagePath_, 1'000'000, {}).error().code, ErrorCode::FetchFailed);
}

void CatalogRepositoryTest::keptModelChangedOnDiskIsNotUsed() {
  QVERIFY(vendor_->repository()->refresh({}));
  const QByteArray hash = sha256(writeModel(vendor_->model())).toHex();
  QVERIFY(flipBit(findFile(vendor_->stationFolder(), QString::fromLatin1(hash))));
  const auto offline = vendor_->repository(CatalogFixture::noFetcher);
  QVERIFY(offline->loadTrusted());
  QVERIFY(offline->contents().models.isEmpty());
  QCOMPARE(offline->contents().problems.size(), 1);
  const auto online = vendor_->repository();
  QVERIFY(online->refresh({}));
  QCOMPARE(online->contents().models.size(), 1);
}

void CatalogRepositoryTest::keptMetadataChangedOnDiskIsNotUsed_data() {
  QTest::addColumn<QString>("file");
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
    QTest::newRow(role) << QStringLiteral("/metadata/%1.json").arg(QLatin1String(role));
  }
}

void CatalogRepositoryTest::keptMetadataChangedOnDiskIsNotUsed() {
  QFETCH(QString, file);
  QVERIFY(vendor_->repository()->refresh({}));
  QVERIFY(flipBit(vendor_->stationFolder() + file));
  const auto offline = vendor_->repository(CatalogFixture::noFetcher);
  (void)offline->loadTrusted();
  QVERIFY(offline->contents().models.isEmpty());
  QVERIFY(offline->contents().releases.isEmpty());
  QVERIFY(!offline->checkFresh());
  QVERIFY(!offline->target(imagePath_, 1'000'000, {}));
}

void CatalogRepositoryTest::changedTargetIsRefused() {
  QVERIFY(flipBit(findFile(vendor_->publisher->publicFolder(), QStringLiteral(".1.1.0.bin"))));
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  QCOMPARE(repository->target(imagePath_, 1'000'000, {}).error().code, ErrorCode::TrustHashMismatch);
  // And nothing of it was kept.
  QCOMPARE(findFile(vendor_->stationFolder(), QString::fromLatin1(sha256(image_).toHex())), QString());
}

void CatalogRepositoryTest::changedModelIsAProblemAndHidesNothing() {
  Traffic traffic;
  traffic.changed = QStringLiteral(".model.json");
  const auto repository = vendor_->repository(watched(traffic));
  QVERIFY(repository->refresh({}));
  QVERIFY(repository->contents().models.isEmpty());
  QCOMPARE(repository->contents().problems.size(), 1);
  QCOMPARE(repository->contents().releases.size(), 1);
}

void CatalogRepositoryTest::cutTargetIsRefused() {
  const QString file = findFile(vendor_->publisher->publicFolder(), QStringLiteral(".1.1.0.bin"));
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  QVERIFY(writeFileAtomic(file, image_.chopped(1)));
  QVERIFY(!repository->target(imagePath_, 1'000'000, {}));
  QVERIFY(writeFileAtomic(file, image_ + 'x'));
  QCOMPARE(repository->target(imagePath_, 1'000'000, {}).error().code, ErrorCode::TrustLength);
  QVERIFY(QFile::remove(file));
  QCOMPARE(repository->target(imagePath_, 1'000'000, {}).error().code, ErrorCode::TrustTargetMissing);
}

void CatalogRepositoryTest::unknownTarget() {
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  for (const char* path : {"t2/none.bin", "../keys/root.pem", "/etc/passwd", ""}) {
    QCOMPARE(repository->target(QString::fromLatin1(path), 1'000'000, {}).error().code, ErrorCode::TrustTargetMissing);
  }
}

void CatalogRepositoryTest::targetBeyondTheCallersLimit() {
  Traffic traffic;
  const auto repository = vendor_->repository(watched(traffic));
  QVERIFY(repository->refresh({}));
  traffic.paths.clear();
  QCOMPARE(repository->target(imagePath_, image_.size() - 1, {}).error().code, ErrorCode::FileTooLarge);
  QCOMPARE(traffic.paths, QStringList());  // its signed length says so; nothing is fetched
  QVERIFY(repository->target(imagePath_, image_.size(), {}));
}

void CatalogRepositoryTest::expiresByTheClock() {
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  constexpr qint64 kWeek = 7 * 86'400;  // the timestamp's time
  vendor_->clock.advanceSeconds(kWeek - 1);
  QVERIFY(repository->checkFresh());
  vendor_->clock.advanceSeconds(1);
  QCOMPARE(repository->checkFresh().error().code, ErrorCode::TrustExpired);
  QVERIFY(repository->checkFresh().error().what.contains(QStringLiteral("timestamp")));
  // To look at, what was trusted is still there, also for a program that starts now.
  QCOMPARE(repository->contents().releases.size(), 1);
  const auto later = vendor_->repository(CatalogFixture::noFetcher);
  QVERIFY(later->loadTrusted());
  QCOMPARE(later->contents().releases.size(), 1);
  QCOMPARE(later->checkFresh().error().code, ErrorCode::TrustExpired);
}

void CatalogRepositoryTest::refreshOfExpiredMetadataFails() {
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  vendor_->clock.advanceSeconds(8 * 86'400);
  QCOMPARE(repository->refresh({}).error().code, ErrorCode::TrustExpired);
  QVERIFY(vendor_->publisher->refreshTimestamp());
  QVERIFY(repository->refresh({}));
  QVERIFY(repository->checkFresh());
}

void CatalogRepositoryTest::olderMetadataIsRefusedAndTheTrustedStays() {
  const QString timestamp = vendor_->publisher->publicFolder() + QStringLiteral("/metadata/timestamp.json");
  const QByteArray old = *readFile(timestamp, 100'000);
  QVERIFY(vendor_->addRelease({1, 2, 0, 0}));
  QVERIFY(vendor_->publisher->publish());
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  QVERIFY(writeFileAtomic(timestamp, old));
  QCOMPARE(repository->refresh({}).error().code, ErrorCode::TrustRollback);
  QCOMPARE(repository->contents().releases.size(), 2);
  const auto again = vendor_->repository();
  QVERIFY(again->loadTrusted());
  QCOMPARE(again->contents().releases.size(), 2);
}

void CatalogRepositoryTest::anotherRootIsRefused() {
  QVERIFY(vendor_->repository()->refresh({}));
  const CatalogFixture stranger;
  VendorRepository other(
      {QStringLiteral("norrland"), QStringLiteral("Norrland"), {stranger.address()}, stranger.publisher->rootBytes()},
      vendor_->stationFolder(), vendor_->clock, makeSystemFetcher);
  QVERIFY(!other.loadTrusted());
  QVERIFY(!other.refresh({}));
  // The same station, led to the stranger's server: its metadata is signed by nobody that is trusted.
  QVERIFY(!vendor_->repository(makeSystemFetcher, {stranger.address()})->refresh({}));
}

// Models, too, come from the address that answered.
void CatalogRepositoryTest::secondAddressServesAll() {
  const auto repository =
      vendor_->repository(makeSystemFetcher, {QStringLiteral("file:///no/such/folder"), vendor_->address()});
  const Status refreshed = repository->refresh({});
  QVERIFY2(refreshed, refreshed ? "" : qUtf8Printable(refreshed.error().message()));
  QCOMPARE(repository->contents().problems, QStringList());
  QCOMPARE(repository->contents().models.size(), 1);
}

void CatalogRepositoryTest::secondAddressIsNotAskedWhenTheFirstLies() {
  const CatalogFixture stranger;
  Traffic traffic;
  const auto repository = vendor_->repository(watched(traffic), {stranger.address(), vendor_->address()});
  const Status refreshed = repository->refresh({});
  QVERIFY(!refreshed);
  QCOMPARE(refreshed.error().code, ErrorCode::TrustThreshold);
  QCOMPARE(traffic.paths.count(QStringLiteral("metadata/timestamp.json")), 1);
}

void CatalogRepositoryTest::secondAddressServesTargets() {
  const auto repository =
      vendor_->repository(makeSystemFetcher, {QStringLiteral("file:///no/such/folder"), vendor_->address()});
  QVERIFY(repository->refresh({}));
  QCOMPARE(*repository->target(imagePath_, 1'000'000, {}), image_);
}

void CatalogRepositoryTest::allAddressesAway() {
  const auto repository = vendor_->repository(
      makeSystemFetcher, {QStringLiteral("file:///no/such/folder"), QStringLiteral("file:///no/other/folder")});
  QCOMPARE(repository->refresh({}).error().code, ErrorCode::FetchFailed);
  QVERIFY(!repository->refreshedAt().isValid());
}

void CatalogRepositoryTest::cancelledRefresh() {
  const CancelToken cancel;
  cancel.cancel();
  const auto repository = vendor_->repository();
  QCOMPARE(repository->refresh(cancel).error().code, ErrorCode::Cancelled);
  QVERIFY(repository->contents().models.isEmpty());

  const CancelToken late;  // the metadata is trusted already, the documents are being fetched
  Traffic traffic;
  traffic.beforeTargets = [&late] { late.cancel(); };
  const auto again = vendor_->repository(watched(traffic));
  QCOMPARE(again->refresh(late).error().code, ErrorCode::Cancelled);
  QVERIFY(again->contents().problems.isEmpty());
  QVERIFY(again->refresh({}));
}

void CatalogRepositoryTest::badDocumentsDoNotHideOthers() {
  QVERIFY(vendor_->publisher->addTarget(QStringLiteral("t3/model.json"), "not JSON",
                                        CatalogFixture::custom(QStringLiteral("model"))));
  QVERIFY(vendor_->publisher->addTarget(QStringLiteral("t3/lifecycle.json"), "{}",
                                        CatalogFixture::custom(QStringLiteral("lifecycle"))));
  QVERIFY(vendor_->publisher->addTarget(QStringLiteral("t2/bad.bin"), "x",
                                        CatalogFixture::custom(QStringLiteral("firmware"))));
  QVERIFY(vendor_->publisher->addTarget(QStringLiteral("t2/newer.bin"), "x",
                                        {{QStringLiteral("sealift"), QJsonObject{{QStringLiteral("schema"), 2}}}}));
  QVERIFY(vendor_->publisher->addTarget(QStringLiteral("t4/model.json"), QByteArray(kModelMaxBytes + 1, ' '),
                                        CatalogFixture::custom(QStringLiteral("model"))));
  QVERIFY(vendor_->publisher->addTarget(QStringLiteral("else/readme.txt"), "x", {}));
  QVERIFY(vendor_->publisher->publish());
  const auto repository = vendor_->repository();
  QVERIFY(repository->refresh({}));
  const VendorContents contents = repository->contents();
  QCOMPARE(contents.models.size(), 1);
  QCOMPARE(contents.releases.size(), 1);
  QCOMPARE(contents.problems.size(), 5);
}

void CatalogRepositoryTest::addressesByScheme() {
  QVERIFY(makeSystemFetcher(QStringLiteral("file:///media")));
  QVERIFY(makeSystemFetcher(QStringLiteral("https://u.example/")));
  for (const char* address : {"ftp://u.example/", "u.example", "", "javascript:1"}) {
    QCOMPARE(makeSystemFetcher(QString::fromLatin1(address)).error().code, ErrorCode::InvalidArgument);
  }
}

QTEST_GUILESS_MAIN(CatalogRepositoryTest)
#include "catalog_repository_test.moc"
