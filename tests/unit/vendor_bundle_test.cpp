// A vendor's offline bundle at a station that has no network: taken when it is what the vendor published, refused in
// words for a file that somebody carried when it is old, older, of a stranger, or altered.
#include "app/services/local_station.h"
#include "app/services/repository_desk.h"
#include "devices/registry.h"
#include "keystore/tuf/fingerprint_words.h"
#include "tests/support/vendor_folder.h"

#include <QDir>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kWaitMs = 30'000;

}  // namespace

class VendorBundleTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void cleanup() { station_.reset(); }
  void fingerprintsInWords();
  void stationWithoutNetworkTakesIt();
  void strangersBundleIsNotTaken();
  void staleBundleIsRefused();
  void olderBundleIsRefused();
  void alteredBundleIsRefused();
  void otherFilesAreNoBundles();

 private:
  template <class T>
  static T await(QFuture<T> future) {
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, kWaitMs)) {
      qFatal("nothing came back within %d ms", kWaitMs);
    }
    return future.result();
  }
  // A bundle of everything that is published now.
  QString bundle(const QString& name);
  void trustVendor();
  Result<BundleImport> import(const QString& path) { return await(station_->importBundle(path)); }
  AuditDetail lastEntry() const {
    const AuditRow last = station_->auditPage({}, 0, 1).value(0);
    return station_->auditDetail(last.sequence).value_or(AuditDetail());
  }

  std::unique_ptr<VendorFolder> vendor_;
  std::unique_ptr<ManualClock> clock_;
  SystemLinkOpener links_;
  std::unique_ptr<LocalStation> station_;
};

void VendorBundleTest::init() {
  vendor_ = std::make_unique<VendorFolder>();
  clock_ = std::make_unique<ManualClock>(QDateTime::currentDateTimeUtc());
  vendor_->initRepository();
  vendor_->release({1, 1, 0, 0});
  StationSetup setup;
  setup.dataFolder = vendor_->file(QStringLiteral("station"));
  setup.clock = clock_.get();
  setup.links = &links_;
  setup.drivers = &driverRegistry();
  setup.offline = true;
  Result<std::unique_ptr<LocalStation>> opened = LocalStation::open(setup);
  QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
  station_ = std::move(*opened);
}

QString VendorBundleTest::bundle(const QString& name) {
  const QString path = vendor_->file(name);
  const SystemClock clock;
  const Result<BundleContents> made = RepositoryDesk(vendor_->repo(), clock).bundle(path, {}, {}, CancelToken());
  return made ? path : QString();
}

// From the vendor file alone: its repository is nowhere to be found.
void VendorBundleTest::trustVendor() {
  QVERIFY(QDir().rename(vendor_->publicFolder(), vendor_->file(QStringLiteral("away"))));
  const Result<VendorCandidate> candidate = station_->readVendorFile(vendor_->vendorFile());
  QVERIFY(candidate);
  const Result<VendorView> added = await(station_->addVendor(*candidate, candidate->fingerprint));
  QVERIFY2(added, added ? "" : qPrintable(added.error().message()));
  QVERIFY(!added->fresh);
  QVERIFY(QDir().rename(vendor_->file(QStringLiteral("away")), vendor_->publicFolder()));
}

// The example of the word list's page in Wikipedia ("PGP word list").
void VendorBundleTest::fingerprintsInWords() {
  QCOMPARE(tuf::fingerprintWords(QStringLiteral("E58294F2E9A227486E8B061B31CC528FD7FA3F19")).join(u' '),
           QStringLiteral("topmost istanbul pluto vagabond treadmill pacific brackish dictator goldfish medusa afflict "
                          "bravado chatter revolver dupont midsummer stopwatch whimsical cowbell bottomless"));
  const Result<VendorCandidate> candidate = station_->readVendorFile(vendor_->vendorFile());
  QVERIFY(candidate);
  QCOMPARE(candidate->words, tuf::fingerprintWords(candidate->fingerprint));
  QCOMPARE(candidate->words.size(), 32);
}

void VendorBundleTest::stationWithoutNetworkTakesIt() {
  const QString path = bundle(QStringLiteral("all.sealift-bundle"));
  QVERIFY(!path.isEmpty());
  QVERIFY(station_->isBundle(path));
  trustVendor();
  clock_->advanceSeconds(49 * 3600);
  const Result<BundleImport> imported = import(path);
  QVERIFY2(imported, imported ? "" : qPrintable(imported.error().message()));
  QCOMPARE(imported->vendorId, QStringLiteral("norrland"));
  QCOMPARE(imported->models, QStringList{QStringLiteral("Norrland T2")});
  QVERIFY(imported->files >= 3);  // model, notes, image
  QVERIFY2(imported->ageText.contains(QStringLiteral("2 days ago")), qPrintable(imported->ageText));
  const VendorView vendor = station_->vendors().value(0);
  QVERIFY(vendor.fresh);
  QCOMPARE(vendor.models, QStringList{QStringLiteral("Norrland T2")});
  QCOMPARE(lastEntry().row.event, QStringLiteral("vendor.refreshed"));
  // Again: nothing new, and no harm.
  QVERIFY(import(path));
}

void VendorBundleTest::strangersBundleIsNotTaken() {
  const QString path = bundle(QStringLiteral("all.sealift-bundle"));
  const Result<BundleImport> imported = import(path);
  QVERIFY(!imported);
  QCOMPARE(imported.error().code, ErrorCode::NotFound);
  QVERIFY(imported.error().remedy.contains(QStringLiteral("vendor file")));
  QVERIFY(station_->vendors().isEmpty());
}

void VendorBundleTest::staleBundleIsRefused() {
  const QString path = bundle(QStringLiteral("all.sealift-bundle"));
  trustVendor();
  clock_->advanceSeconds(60 * 86400);
  const Result<BundleImport> imported = import(path);
  QVERIFY(!imported);
  QCOMPARE(imported.error().code, ErrorCode::TrustExpired);
  QVERIFY2(imported.error().remedy.contains(QStringLiteral("bundle is too old")), qPrintable(imported.error().remedy));
  QVERIFY(station_->vendors().value(0).models.isEmpty());
  QCOMPARE(lastEntry().row.event, QStringLiteral("vendor.refresh-failed"));
  QCOMPARE(lastEntry().code, QStringLiteral("trust.expired"));
}

void VendorBundleTest::olderBundleIsRefused() {
  const QString older = bundle(QStringLiteral("older.sealift-bundle"));
  vendor_->release({1, 2, 0, 0});
  const QString newer = bundle(QStringLiteral("newer.sealift-bundle"));
  trustVendor();
  QVERIFY(import(newer));
  const Result<BundleImport> imported = import(older);
  QVERIFY(!imported);
  QCOMPARE(imported.error().code, ErrorCode::TrustRollback);
  QCOMPARE(lastEntry().code, QStringLiteral("trust.rollback"));
  QVERIFY(import(newer));
}

// One byte of an image in it: only the target's hash stands in the way.
void VendorBundleTest::alteredBundleIsRefused() {
  const QString path = bundle(QStringLiteral("all.sealift-bundle"));
  const Result<QByteArray> image = readFile(vendor_->file(QStringLiteral("t2-1.1.0.bin")), 1 << 24);
  Result<QByteArray> bytes = readFile(path, 1 << 26);
  QVERIFY(image && bytes);
  const qsizetype at = bytes->indexOf(*image);
  QVERIFY(at > 0);
  bytes->data()[at + 1000] = static_cast<char>(bytes->at(at + 1000) ^ 1);
  const QString altered = vendor_->file(QStringLiteral("altered.sealift-bundle"));
  QVERIFY(writeFileAtomic(altered, *bytes));
  trustVendor();
  const Result<BundleImport> imported = import(altered);
  QVERIFY(!imported);
  QCOMPARE(imported.error().code, ErrorCode::TrustHashMismatch);
  QCOMPARE(lastEntry().code, QStringLiteral("trust.hash-mismatch"));
  QVERIFY(import(path));
}

void VendorBundleTest::otherFilesAreNoBundles() {
  QVERIFY(!station_->isBundle(vendor_->vendorFile()));
  const Result<BundleImport> imported = import(vendor_->vendorFile());
  QVERIFY(!imported);
  QCOMPARE(imported.error().code, ErrorCode::TrustMalformed);
  QVERIFY(!import(vendor_->file(QStringLiteral("absent"))));
}

QTEST_GUILESS_MAIN(VendorBundleTest)
#include "vendor_bundle_test.moc"
