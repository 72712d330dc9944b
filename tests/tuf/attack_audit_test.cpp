// What a person sees of an attack: each refused refresh stands in the audit log as refused, under its stable code, and
// in words that say what happened and what to do. README.md has the table.
#include "app/catalog/vendor_file.h"
#include "app/services/local_station.h"
#include "devices/registry.h"
#include "tests/support/vendor_folder.h"
#include "tests/tuf/attack_harness.h"

#include <functional>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kWaitMs = 60'000;
const QString kVendor = QStringLiteral("norrland");

bool rewrite(const QString& path, const std::function<QByteArray(QByteArray)>& change) {
  const auto bytes = readFile(path, 1 << 24);
  return bytes && writeFileAtomic(path, change(*bytes));
}

QByteArray withFlippedSignature(QByteArray file) {
  const qsizetype at = file.indexOf("\"sig\"");
  const qsizetype digit = file.indexOf('"', file.indexOf(':', at)) + 1;
  file[digit] = file.at(digit) == '0' ? '1' : '0';
  return file;
}

}  // namespace

class AttackAuditTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void refusalsStandInTheLog_data() {
    QTest::addColumn<int>("attack");
    QTest::addColumn<int>("expected");
    const auto row = [](const char* name, int attack, ErrorCode code) {
      QTest::newRow(name) << attack << static_cast<int>(code);
    };
    row("audit.bad-signature", 0, ErrorCode::TrustThreshold);
    row("audit.hostile-json", 1, ErrorCode::TrustMalformed);
    row("audit.rollback", 2, ErrorCode::TrustRollback);
    row("audit.freeze", 3, ErrorCode::TrustExpired);
    row("audit.endless-data", 4, ErrorCode::TrustLength);
    row("audit.mix-and-match", 5, ErrorCode::TrustHashMismatch);
  }

  void refusalsStandInTheLog() {
    QFETCH(const int, attack);
    QFETCH(const int, expected);
    const QString code = errorCodeName(static_cast<ErrorCode>(expected));
    VendorFolder vendor;
    ManualClock clock(QDateTime::currentDateTimeUtc());
    vendor.initRepository();
    vendor.release({1, 1, 0, 0});
    SystemLinkOpener links;
    StationSetup setup;
    setup.dataFolder = vendor.file(QStringLiteral("station"));
    setup.clock = &clock;
    setup.links = &links;
    setup.drivers = &driverRegistry();
    const auto opened = LocalStation::open(setup);
    QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
    LocalStation& station = **opened;
    const auto candidate = station.readVendorFile(vendor.vendorFile());
    QVERIFY(candidate);
    QVERIFY(await(station.addVendor(*candidate, candidate->fingerprint)));
    QVERIFY2(await(station.refreshVendor(kVendor)), "without the attack");

    const QString timestamp = vendor.published(QStringLiteral("timestamp.json"));
    const auto old = readFile(timestamp, 1 << 20);
    QVERIFY(old);
    vendor.release({1, 2, 0, 0});
    switch (attack) {
      case 0:
        QVERIFY(rewrite(timestamp, withFlippedSignature));
        break;
      case 1:
        QVERIFY(rewrite(timestamp, [](const QByteArray& b) { return "{\"signatures\":[]," + b.mid(1); }));
        break;
      case 2:
        QVERIFY(await(station.refreshVendor(kVendor)));
        QVERIFY(writeFileAtomic(timestamp, *old));
        break;
      case 3:
        clock.advanceSeconds(3650LL * 24 * 3600);
        break;
      case 4:
        QVERIFY(rewrite(timestamp, [](const QByteArray& b) { return b + QByteArray(1 << 20, ' '); }));
        break;
      default: {
        // Last one first: the file that the timestamp names, one blank for another.
        const auto bytes = readFile(timestamp, 1 << 20);
        const QByteArray key = "\"version\":";
        const qsizetype meta = bytes->indexOf("snapshot.json");
        const qsizetype at = bytes->indexOf(key, meta) + key.size();
        const qsizetype end = bytes->indexOf(bytes->indexOf(',', at) < 0 ? '}' : ',', at);
        const QByteArray version = bytes->mid(at, end - at).replace('}', "").trimmed();
        const QString snapshot =
            vendor.published(QStringLiteral("/") + QString::fromLatin1(version) + QStringLiteral(".snapshot.json"));
        QVERIFY2(!snapshot.isEmpty(), version.constData());
        QVERIFY(rewrite(snapshot, withFlippedSignature));
        break;
      }
    }
    const auto refreshed = await(station.refreshVendor(kVendor));
    QVERIFY(!refreshed);
    QVERIFY2(refreshed.error().code == static_cast<ErrorCode>(expected), qPrintable(refreshed.error().message()));

    const QList<AuditRow> log = station.auditPage({}, 0, 1);
    QCOMPARE(log.size(), 1);
    QCOMPARE(log.first().event, QStringLiteral("vendor.refresh-failed"));
    QCOMPARE(log.first().outcomeName, QStringLiteral("refused"));
    QVERIFY(!log.first().message.isEmpty());
    const auto detail = station.auditDetail(log.first().sequence);
    QVERIFY(detail);
    QCOMPARE(detail->code, code);

    // In the window: what happened, in a sentence, and what to do.
    const QList<VendorView> vendors = station.vendors();
    QCOMPARE(vendors.size(), 1);
    QVERIFY(vendors.first().problem);
    QVERIFY(vendors.first().problem->what.endsWith(QLatin1Char('.')));
    QVERIFY(vendors.first().problem->remedy.endsWith(QLatin1Char('.')));
  }

  // One of two models' roles is not signed as it must be: the other model's offer stands, and the log, the window and
  // the plan's check of freshness say what is left out.
  void partThatIsNotTrustedIsLeftOut() {
    using R = tuf::TestRepository;
    R r;
    const QTemporaryDir folder;
    r.delegate(r.targets, "model-one", {9}, 1, {"one/*"});
    r.delegate(r.targets, "model-two", {10}, 1, {"two/*"});
    R::Role one = r.delegated({9});
    R::Role two = r.delegated({11});  // not the key that was delegated to
    r.addTarget(one, "one/a.bin", "one");
    r.addTarget(two, "two/a.bin", "two");
    r.putDelegated("model-one", one);
    r.putDelegated("model-two", two);
    r.putAll();
    for (auto file = r.files.cbegin(); file != r.files.cend(); ++file) {
      const QString path = folder.filePath(file.key());
      QVERIFY(QDir().mkpath(QFileInfo(path).path()) && writeFileAtomic(path, *file));
    }
    const VendorFile vendorFile{.id = kVendor,
                                .name = QStringLiteral("Norrland"),
                                .addresses = {QUrl::fromLocalFile(folder.path()).toString()},
                                .root = r.files.value(QStringLiteral("metadata/1.root.json"))};
    const QString vendorPath = folder.filePath(QStringLiteral("norrland.sealift-vendor"));
    QVERIFY(writeFileAtomic(vendorPath, vendorFile.toBytes()));
    ManualClock clock(QDateTime({2026, 11, 21}, {12, 0}, Qt::UTC));
    SystemLinkOpener links;
    StationSetup setup;
    setup.dataFolder = folder.filePath(QStringLiteral("station"));
    setup.clock = &clock;
    setup.links = &links;
    setup.drivers = &driverRegistry();
    const auto opened = LocalStation::open(setup);
    QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
    LocalStation& station = **opened;
    const auto candidate = station.readVendorFile(vendorPath);
    QVERIFY2(candidate, candidate ? "" : qPrintable(candidate.error().message()));
    const auto added = await(station.addVendor(*candidate, candidate->fingerprint));
    QVERIFY2(added, added ? "" : qPrintable(added.error().message()));

    const auto refreshed = await(station.refreshVendor(kVendor));
    QVERIFY2(refreshed, refreshed ? "" : qPrintable(refreshed.error().message()));
    QVERIFY(refreshed->problem);
    QCOMPARE(refreshed->problem->code, ErrorCode::TrustThreshold);
    QVERIFY2(refreshed->problem->what.contains(QStringLiteral("model-two")), qPrintable(refreshed->problem->what));
    QVERIFY2(!refreshed->problem->what.contains(QStringLiteral("model-one")), qPrintable(refreshed->problem->what));
    bool isRecorded = false;
    for (const AuditRow& row : station.auditPage({}, 0, 100)) {
      const auto detail = station.auditDetail(row.sequence);
      isRecorded = isRecorded || (row.event == QLatin1String("vendor.refresh-failed") && detail &&
                                  detail->code == QLatin1String("trust.threshold") &&
                                  row.message.startsWith(QStringLiteral("model-two: ")) &&
                                  row.outcomeName == QLatin1String("refused"));
    }
    QVERIFY(isRecorded);
  }

  // Every code that a repository or its delivery can be refused under says what a person can do.
  void everyCodeHasARemedy() {
    for (const char* name : {"trust.malformed", "trust.threshold", "trust.rollback", "trust.expired",
                             "trust.hash-mismatch", "trust.length", "trust.root-changed", "trust.fingerprint",
                             "trust.target-missing", "fetch.failed", "fetch.not-found", "fetch.tls"}) {
      const auto code = errorCodeFromName(QString::fromLatin1(name));
      QVERIFY2(code, name);
      QVERIFY2(errorCodeRemedy(*code).endsWith(QLatin1Char('.')), name);
    }
  }

 private:
  template <class T>
  static T await(QFuture<T> future) {
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, kWaitMs)) {
      qFatal("nothing came back within %d ms", kWaitMs);
    }
    return future.result();
  }
};

QTEST_GUILESS_MAIN(AttackAuditTest)
#include "attack_audit_test.moc"
