// Plans: what their digest covers, which release is chosen, which notes are shown, what is checked.
#include "app/update/plan_maker.h"
#include "keystore/crypto/digest.h"
#include "tests/support/catalog_fixture.h"

#include <QTest>

using namespace sealift;

namespace {

using PlanChange = std::function<void(Plan&)>;

DeviceSnapshot makeDevice() {
  DeviceSnapshot device;
  device.deviceName = QStringLiteral("t2-main");
  device.serial = QStringLiteral("SN-1");
  device.hardwareRevision = QStringLiteral("B");
  device.securityVersion = 1;
  device.slotBytes = 1'000'000;
  Slot a;
  a.name = QStringLiteral("A");
  a.version = Version{1, 0, 0, 0};
  a.digest = QByteArrayLiteral("running");
  a.running = true;
  a.confirmed = true;
  a.bootable = true;
  Slot b;
  b.name = QStringLiteral("B");
  b.index = 1;
  device.slots = {a, b};
  return device;
}

Plan makeSamplePlan() {
  Plan plan;
  plan.deviceId = QStringLiteral("d-1");
  plan.deviceName = QStringLiteral("Gateway");
  plan.address = LinkAddress::parse(QStringLiteral("udp:127.0.0.1:1337")).value();
  plan.model.vendorId = QStringLiteral("norrland");
  plan.model.id = QStringLiteral("t2");
  plan.vendorName = QStringLiteral("Norrland");
  plan.device = makeDevice();
  plan.release.targetPath = QStringLiteral("t2/1.1.0.bin");
  plan.release.sha256 = QString(64, u'a');
  plan.release.terms.version = Version{1, 1, 0, 0};
  plan.release.terms.securityVersion = 2;
  plan.release.terms.bytes = 1000;
  plan.notesMarkdown = QStringLiteral("Notes.\n");
  plan.notesHash = QString(64, u'b');
  plan.checks = {
      Check::passed(QStringLiteral("metadata"), QStringLiteral("Published"), QStringLiteral("version 7")),
      Check::warning(QStringLiteral("power"), QStringLiteral("Battery is low"), QStringLiteral("battery at 20 %"))};
  plan.canFallBack = true;
  plan.expectedSeconds = 60;
  return plan;
}

Release makeRelease(const Version& version, const QStringList& revisions = {}) {
  Release release;
  release.vendorId = QStringLiteral("norrland");
  release.targetPath = QStringLiteral("t2/%1.bin").arg(version.toString());
  release.terms.modelId = QStringLiteral("t2");
  release.terms.component = QStringLiteral("application");
  release.terms.version = version;
  release.terms.hardwareRevisions = revisions;
  return release;
}

QString chosen(
    const QList<Release>& releases, const DeviceSnapshot& device = makeDevice(),
    const std::function<bool(const Release&)>& skip = [](const Release&) { return false; }) {
  ModelDescription model;
  model.id = QStringLiteral("t2");
  const std::optional<Release> release =
      chooseRelease({.models = {model}, .releases = releases, .problems = {}, .roleProblems = {}}, model, device, skip);
  return release ? release->terms.version.toString() : QStringLiteral("none");
}

const Check* findCheck(const Plan& plan, const char* id) {
  for (const Check& check : plan.checks) {
    if (check.id == QLatin1String(id)) {
      return &check;
    }
  }
  return nullptr;
}

}  // namespace

class PlanTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void digestIsStable();
  void digestChangesWithWhatWasDecided_data();
  void digestChangesWithWhatWasDecided();
  void digestStaysWithWhatChangesByItself_data();
  void digestStaysWithWhatChangesByItself();
  void digestWithoutSerialNumberIsOfTheAddress();

  void choosesTheNewestThatFits();
  void choosesByRevision();
  void choosesWhatCanBeReached();
  void passesOverSkippedReleases();

  void planOfAGoodRelease();
  void planStaysTheSameAcrossRefreshes();
  void notesOfAllReleasesBetween();
  void notesInTheLanguageAskedFor();
  void imageThatChangedSince();
  void imageSignedBySomebodyElse();
  void metadataThatCantBeTrustedNow_data();
  void metadataThatCantBeTrustedNow();
  void cancelledIsNoPlan();

 private:
  static PlanRequest request(const CatalogFixture& vendor, const Release& release) {
    PlanRequest request;
    request.deviceId = QStringLiteral("d-1");
    request.deviceName = QStringLiteral("Gateway");
    request.address = LinkAddress::parse(QStringLiteral("udp:127.0.0.1:1337")).value();
    request.model = vendor.model();
    request.device = makeDevice();
    request.capabilities.slots = true;
    request.capabilities.testBoot = true;
    request.release = release;
    request.language = QStringLiteral("en");
    return request;
  }
  static Release newest(const VendorRepository& repository, const CatalogFixture& vendor) {
    return chooseRelease(repository.contents(), vendor.model(), makeDevice()).value();
  }
};

// ---- digest ----

void PlanTest::digestIsStable() {
  const Plan plan = makeSamplePlan();
  QCOMPARE(plan.digest().size(), 64);
  QCOMPARE(plan.digest(), makeSamplePlan().digest());
  // Consents in stores and in scripts hold such digests: what is hashed may not change from version to version.
  QCOMPARE(plan.digest(), QStringLiteral("28a6a1ec55cb5b94765223ada2c6f02fb274be5df82216aed8407d909e89b294"));
  QCOMPARE(plan.toJson()[QStringLiteral("plan")].toString(), plan.digest());
}

void PlanTest::digestChangesWithWhatWasDecided_data() {
  QTest::addColumn<PlanChange>("change");
  const auto row = [](const char* name, const PlanChange& change) { QTest::newRow(name) << change; };
  row("vendor", [](Plan& p) { p.model.vendorId = QStringLiteral("other"); });
  row("model", [](Plan& p) { p.model.id = QStringLiteral("t3"); });
  row("serial", [](Plan& p) { p.device.serial = QStringLiteral("SN-2"); });
  row("revision", [](Plan& p) { p.device.hardwareRevision = QStringLiteral("C"); });
  row("installed-version", [](Plan& p) { p.device.slots[0].version = Version{1, 0, 1, 0}; });
  row("installed-digest", [](Plan& p) { p.device.slots[0].digest = QByteArrayLiteral("other"); });
  row("nothing-running", [](Plan& p) { p.device.slots[0].running = false; });
  row("new-version", [](Plan& p) { p.release.terms.version = Version{1, 2, 0, 0}; });
  row("security-version", [](Plan& p) { p.release.terms.securityVersion = 3; });
  row("target", [](Plan& p) { p.release.targetPath = QStringLiteral("t2/other.bin"); });
  row("image", [](Plan& p) { p.release.sha256 = QString(64, u'c'); });
  row("size", [](Plan& p) { p.release.terms.bytes = 1001; });
  row("notes", [](Plan& p) { p.notesHash = QString(64, u'c'); });
  row("fallback", [](Plan& p) { p.canFallBack = false; });
  row("answer", [](Plan& p) { p.checks[1].state = CheckState::Passed; });
  row("refusal", [](Plan& p) {
    p.checks[0] = Check::failed(p.checks[0].id, {}, makeError(ErrorCode::TrustExpired, QStringLiteral("Expired.")));
  });
  row("reason", [](Plan& p) { p.checks[0].code = QStringLiteral("trust.expired"); });
  row("one-check-less", [](Plan& p) { p.checks.removeLast(); });
  row("order-of-checks", [](Plan& p) { p.checks.swapItemsAt(0, 1); });
}

void PlanTest::digestChangesWithWhatWasDecided() {
  QFETCH(PlanChange, change);
  Plan plan = makeSamplePlan();
  change(plan);
  QVERIFY(plan.digest() != makeSamplePlan().digest());
}

void PlanTest::digestStaysWithWhatChangesByItself_data() {
  QTest::addColumn<PlanChange>("change");
  const auto row = [](const char* name, const PlanChange& change) { QTest::newRow(name) << change; };
  row("spare-slot", [](Plan& p) {
    p.device.slots[1].version = Version{1, 1, 0, 0};
    p.device.slots[1].digest = QByteArrayLiteral("half of it");
  });
  row("address-of-a-unit-with-serial-number",
      [](Plan& p) { p.address = LinkAddress::parse(QStringLiteral("udp:127.0.0.1:1338")).value(); });
  row("name-that-people-gave", [](Plan& p) { p.deviceName = QStringLiteral("Garage"); });
  row("battery", [](Plan& p) {
    p.device.batteryPercent = 21;
    p.checks[1].detail = QStringLiteral("battery at 21 %");
  });
  row("metadata-version", [](Plan& p) { p.checks[0].detail = QStringLiteral("version 8"); });
  row("expected-time", [](Plan& p) { p.expectedSeconds = 61; });
}

void PlanTest::digestStaysWithWhatChangesByItself() {
  QFETCH(PlanChange, change);
  Plan plan = makeSamplePlan();
  change(plan);
  QCOMPARE(plan.digest(), makeSamplePlan().digest());
}

void PlanTest::digestWithoutSerialNumberIsOfTheAddress() {
  Plan here = makeSamplePlan();
  here.device.serial.clear();
  Plan there = here;
  there.address.port = 1338;
  QVERIFY(here.digest() != there.digest());
}

// ---- choosing ----

void PlanTest::choosesTheNewestThatFits() {
  const Release newer = makeRelease({1, 10, 0, 0});
  Release otherModel = makeRelease({3, 0, 0, 0});
  otherModel.terms.modelId = QStringLiteral("t3");
  Release radio = makeRelease({4, 0, 0, 0});
  radio.terms.component = QStringLiteral("radio");
  QCOMPARE(chosen({makeRelease({1, 9, 0, 0}), newer, makeRelease({1, 2, 0, 0}), otherModel, radio}),
           QStringLiteral("1.10.0"));
  QCOMPARE(chosen({makeRelease({1, 0, 0, 0}), makeRelease({0, 9, 0, 0})}), QStringLiteral("none"));
  QCOMPARE(chosen({makeRelease({1, 0, 0, 5})}), QStringLiteral("1.0.0+5"));
  QCOMPARE(chosen({}), QStringLiteral("none"));
}

void PlanTest::choosesByRevision() {
  const QList<Release> releases{makeRelease({1, 1, 0, 0}), makeRelease({1, 2, 0, 0}, {QStringLiteral("B")}),
                                makeRelease({1, 3, 0, 0}, {QStringLiteral("C"), QStringLiteral("D")})};
  QCOMPARE(chosen(releases), QStringLiteral("1.2.0"));
  DeviceSnapshot device = makeDevice();
  device.hardwareRevision = QStringLiteral("D");
  QCOMPARE(chosen(releases, device), QStringLiteral("1.3.0"));
  device.hardwareRevision.clear();  // not told: only what fits every revision
  QCOMPARE(chosen(releases, device), QStringLiteral("1.1.0"));
}

void PlanTest::choosesWhatCanBeReached() {
  Release far = makeRelease({3, 0, 0, 0});
  far.terms.minimumVersion = Version{2, 0, 0, 0};
  const QList<Release> releases{far, makeRelease({2, 0, 0, 0})};
  QCOMPARE(chosen(releases), QStringLiteral("2.0.0"));
  DeviceSnapshot device = makeDevice();
  device.slots[0].version = Version{2, 0, 0, 0};
  QCOMPARE(chosen(releases, device), QStringLiteral("3.0.0"));
  device.slots[0].running = false;  // in its bootloader: nothing is known to start from
  QCOMPARE(chosen(releases, device), QStringLiteral("2.0.0"));
}

void PlanTest::passesOverSkippedReleases() {
  const QList<Release> releases{makeRelease({1, 1, 0, 0}), makeRelease({1, 2, 0, 0})};
  QCOMPARE(chosen(releases, makeDevice(),
                  [](const Release& release) {
                    return release.terms.version == Version{1, 2, 0, 0};
                  }),
           QStringLiteral("1.1.0"));
  QCOMPARE(chosen(releases, makeDevice(), [](const Release&) { return true; }), QStringLiteral("none"));
}

// ---- making ----

void PlanTest::planOfAGoodRelease() {
  CatalogFixture vendor;
  QVERIFY(vendor.addModel());
  QVERIFY(vendor.addRelease({1, 1, 0, 0}));
  QVERIFY(vendor.publisher->publish());
  const auto repository = vendor.repository();
  QVERIFY(repository->refresh({}));
  const auto made = makePlan(request(vendor, newest(*repository, vendor)), *repository, vendor.clock, {});
  QVERIFY2(made, made ? "" : qUtf8Printable(made.error().message()));
  const Check* refusal = firstFailure(made->plan.checks);
  QVERIFY2(refusal == nullptr, refusal ? qUtf8Printable(refusal->detail) : "");
  QVERIFY(made->plan.allowed());
  QCOMPARE(QString::fromLatin1(sha256(made->image->bytes).toHex()), made->plan.release.sha256);
  QCOMPARE(made->image->facts.version, std::optional(Version{1, 1, 0, 0}));
  QCOMPARE(made->plan.notesMarkdown, QStringLiteral("What 1.1.0 changes.\n"));
  QCOMPARE(made->plan.notesHash, QString::fromLatin1(sha256(made->plan.notesMarkdown.toUtf8()).toHex()));
  QVERIFY(made->plan.canFallBack);
}

void PlanTest::planStaysTheSameAcrossRefreshes() {
  CatalogFixture vendor;
  QVERIFY(vendor.addModel());
  QVERIFY(vendor.addRelease({1, 1, 0, 0}));
  QVERIFY(vendor.publisher->publish());
  const auto repository = vendor.repository();
  QVERIFY(repository->refresh({}));
  const Release release = newest(*repository, vendor);
  const QString before = makePlan(request(vendor, release), *repository, vendor.clock, {})->plan.digest();
  vendor.clock.advanceSeconds(3600);
  QVERIFY(vendor.publisher->refreshTimestamp());
  QVERIFY(repository->refresh({}));
  QCOMPARE(makePlan(request(vendor, newest(*repository, vendor)), *repository, vendor.clock, {})->plan.digest(),
           before);
}

void PlanTest::notesOfAllReleasesBetween() {
  CatalogFixture vendor;
  QVERIFY(vendor.addModel());
  QVERIFY(vendor.addRelease({1, 0, 0, 0}));  // installed
  QVERIFY(vendor.addRelease({1, 1, 0, 0}));
  QVERIFY(vendor.addRelease({1, 2, 0, 0}, {{QStringLiteral("hardwareRevisions"), QJsonArray{QStringLiteral("C")}}}));
  QVERIFY(vendor.addRelease({1, 10, 0, 0}));
  QVERIFY(vendor.addRelease({2, 0, 0, 0}));
  QVERIFY(vendor.publisher->publish());
  const auto repository = vendor.repository();
  QVERIFY(repository->refresh({}));
  const VendorContents contents = repository->contents();
  for (const Release& release : contents.releases) {
    if (release.terms.version == Version{1, 10, 0, 0}) {
      const auto made = makePlan(request(vendor, release), *repository, vendor.clock, {});
      // Newest first; neither what runs, nor what comes later, nor what is for other hardware.
      QCOMPARE(made->plan.notesMarkdown,
               QStringLiteral("# 1.10.0\n\nWhat 1.10.0 changes.\n\n# 1.1.0\n\nWhat 1.1.0 changes.\n"));
    }
  }
  QCOMPARE(contents.releases.size(), 5);
}

void PlanTest::notesInTheLanguageAskedFor() {
  CatalogFixture vendor;
  QVERIFY(vendor.addModel());
  QVERIFY(vendor.addRelease({1, 1, 0, 0}, {},
                            {{QStringLiteral("en"), "English."}, {QStringLiteral("de"), "Deutsch: \xc3\xa4."}}));
  QVERIFY(vendor.publisher->publish());
  const auto repository = vendor.repository();
  QVERIFY(repository->refresh({}));
  PlanRequest wanted = request(vendor, newest(*repository, vendor));
  wanted.language = QStringLiteral("de");
  const QString german = makePlan(wanted, *repository, vendor.clock, {})->plan.notesMarkdown;
  QCOMPARE(german, QString::fromUtf8("Deutsch: \xc3\xa4.\n"));
  wanted.language = QStringLiteral("sv");
  QCOMPARE(makePlan(wanted, *repository, vendor.clock, {})->plan.notesMarkdown, QStringLiteral("English.\n"));
}

// The vendor replaced the image after somebody looked at the release: the plan that named it is refused.
void PlanTest::imageThatChangedSince() {
  CatalogFixture vendor;
  QVERIFY(vendor.addModel());
  QVERIFY(vendor.addRelease({1, 1, 0, 0}));
  QVERIFY(vendor.publisher->publish());
  const auto repository = vendor.repository();
  QVERIFY(repository->refresh({}));
  const Release seen = newest(*repository, vendor);
  QVERIFY(vendor.addRelease({1, 1, 0, 0}, {}, {}, vendor.buildImage({1, 1, 0, 0}, 9)));
  QVERIFY(vendor.publisher->publish());
  QVERIFY(repository->refresh({}));
  const auto made = makePlan(request(vendor, seen), *repository, vendor.clock, {});
  QVERIFY(!made->plan.allowed());
  QVERIFY(!made->image);
  QCOMPARE(findCheck(made->plan, "image-hash")->code, errorCodeName(ErrorCode::ImageHashMismatch));
}

void PlanTest::imageSignedBySomebodyElse() {
  CatalogFixture vendor;
  const CatalogFixture stranger;
  QVERIFY(vendor.addModel());
  QVERIFY(vendor.addRelease({1, 1, 0, 0}, {}, {}, stranger.buildImage({1, 1, 0, 0})));
  QVERIFY(vendor.publisher->publish());
  const auto repository = vendor.repository();
  QVERIFY(repository->refresh({}));
  const auto made = makePlan(request(vendor, newest(*repository, vendor)), *repository, vendor.clock, {});
  QVERIFY(!made->plan.allowed());
  QVERIFY(!made->image);
  QCOMPARE(checkStateName(findCheck(made->plan, "image-hash")->state), QStringLiteral("passed"));
  QCOMPARE(checkStateName(findCheck(made->plan, "image-signature")->state), QStringLiteral("failed"));
}

void PlanTest::metadataThatCantBeTrustedNow_data() {
  QTest::addColumn<qint64>("days");
  QTest::addColumn<bool>("hasProblem");
  QTest::addColumn<ErrorCode>("problem");
  QTest::addColumn<QString>("state");
  QTest::newRow("fresh") << 0LL << false << ErrorCode::Internal << QStringLiteral("passed");
  QTest::newRow("away") << 0LL << true << ErrorCode::FetchFailed << QStringLiteral("warning");
  QTest::newRow("replayed") << 0LL << true << ErrorCode::TrustRollback << QStringLiteral("failed");
  QTest::newRow("badly-signed") << 0LL << true << ErrorCode::TrustThreshold << QStringLiteral("failed");
  QTest::newRow("expired") << 8LL << false << ErrorCode::Internal << QStringLiteral("failed");
  QTest::newRow("away-and-expired") << 8LL << true << ErrorCode::FetchFailed << QStringLiteral("failed");
}

void PlanTest::metadataThatCantBeTrustedNow() {
  QFETCH(qint64, days);
  QFETCH(bool, hasProblem);
  QFETCH(ErrorCode, problem);
  QFETCH(QString, state);
  CatalogFixture vendor;
  QVERIFY(vendor.addModel());
  QVERIFY(vendor.addRelease({1, 1, 0, 0}));
  QVERIFY(vendor.publisher->publish());
  const auto repository = vendor.repository();
  QVERIFY(repository->refresh({}));
  PlanRequest wanted = request(vendor, newest(*repository, vendor));
  if (hasProblem) {
    wanted.refreshProblem = makeError(problem, QStringLiteral("As scripted."));
  }
  vendor.clock.advanceSeconds(days * 86'400);
  const auto made = makePlan(wanted, *repository, vendor.clock, {});
  QCOMPARE(checkStateName(findCheck(made->plan, "metadata")->state), state);
  QCOMPARE(made->plan.allowed(), state != QLatin1String("failed"));
}

void PlanTest::cancelledIsNoPlan() {
  CatalogFixture vendor;
  QVERIFY(vendor.addModel());
  QVERIFY(vendor.addRelease({1, 1, 0, 0}));
  QVERIFY(vendor.publisher->publish());
  const auto repository = vendor.repository();
  QVERIFY(repository->refresh({}));
  const CancelToken cancel;
  cancel.cancel();
  const auto made = makePlan(request(vendor, newest(*repository, vendor)), *repository, vendor.clock, cancel);
  QCOMPARE(made.error().code, ErrorCode::Cancelled);
}

QTEST_GUILESS_MAIN(PlanTest)
#include "plan_test.moc"
