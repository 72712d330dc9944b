// The services behind both faces, with a vendor's folder and virtual devices on loopback: who may do what when, what is
// remembered, and what the audit log says of it.
#include "app/services/local_station.h"
#include "devices/registry.h"
#include "tests/support/udp_switch.h"
#include "tests/support/vendor_folder.h"

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kWaitMs = 30'000;
const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};
const QString kDevice = QStringLiteral("norrland/t2/0001");

}  // namespace

class StationTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void cleanup();
  void consentMustMatchPlanAndNotes();
  void skippedReleasesAreNotOffered();
  void remindersAreKept();
  void scheduledJobStartsWhenDue();
  void scheduledJobIsTheConsentedOne();
  void scheduledJobWithOtherNotesIsRefused();
  void scheduledJobCanBeCancelled();
  void unknownJobSettlesWhenTheDeviceIsSeen();
  void laterJobLeavesAnUnknownOneAlone();
  void twoLooksAtOnce();
  void identityMovesToAnotherAddress();
  void anotherUnitAtTheSameAddressIsNoticed();
  void busyDeviceIsLeftAlone();
  void closingDuringTransferIsSafe();
  void removedDeviceIsForgotten();
  void actionsStandInTheLog();
  void openingTwiceKeepsTheKey();

 private:
  void open();
  std::unique_ptr<VirtualSmpDevice> addDevice(const SmpDeviceConfig& config);
  template <class T>
  static T await(QFuture<T> future) {
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, kWaitMs)) {
      qFatal("nothing came back within %d ms", kWaitMs);
    }
    return future.result();
  }
  ConsentGiven agree(const QString& device = kDevice) {
    const Result<PlanView> plan = await(station_->planUpdate(device));
    return plan ? ConsentGiven{plan->digest, plan->notesHash, QStringLiteral("window")} : ConsentGiven();
  }
  QStringList events() const {
    QStringList events;
    for (const AuditRow& row : station_->auditPage({}, 0, 1000)) {
      events.prepend(row.event);
    }
    return events;
  }
  std::optional<Outcome> outcomeOf(const QString& job) { return await(station_->waitForJob(job)).outcome; }

  std::unique_ptr<VendorFolder> vendor_;
  std::unique_ptr<ManualClock> clock_;
  SystemLinkOpener links_;
  std::unique_ptr<LocalStation> station_;
};

void StationTest::open() {
  StationSetup setup;
  setup.dataFolder = vendor_->file(QStringLiteral("station"));
  setup.clock = clock_.get();
  setup.links = &links_;
  setup.drivers = &driverRegistry();
  Result<std::unique_ptr<LocalStation>> opened = LocalStation::open(setup);
  QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
  station_ = std::move(*opened);
}

// A vendor with 1.1.0 that the station trusts; devices come with each test.
void StationTest::init() {
  vendor_ = std::make_unique<VendorFolder>();
  clock_ = std::make_unique<ManualClock>(QDateTime::currentDateTimeUtc());
  vendor_->initRepository();
  vendor_->release(kNew);
  open();
  const Result<VendorCandidate> candidate = station_->readVendorFile(vendor_->vendorFile());
  QVERIFY(candidate);
  QVERIFY(!await(station_->addVendor(*candidate, QString(64, u'0'))));
  QVERIFY(await(station_->addVendor(*candidate, candidate->fingerprint)));
}

void StationTest::cleanup() {
  station_.reset();
}

std::unique_ptr<VirtualSmpDevice> StationTest::addDevice(const SmpDeviceConfig& config) {
  auto device = std::make_unique<VirtualSmpDevice>(config);
  if (!device->start()) {
    return nullptr;
  }
  const Result<DeviceView> added = await(station_->addDevice(device->address().toString(), {}, {}));
  return added ? std::move(device) : nullptr;
}

void StationTest::consentMustMatchPlanAndNotes() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  const quint64 written = device->snapshot().flashOperations;
  const ConsentGiven good = agree();
  QCOMPARE(good.planDigest.size(), 64);
  ConsentGiven otherPlan = good;
  otherPlan.planDigest = QString(64, u'1');
  ConsentGiven otherNotes = good;
  otherNotes.notesHash = QString(64, u'1');
  for (const auto& [consent, code] : {std::pair{ConsentGiven(), ErrorCode::ConsentMissing},
                                      {otherPlan, ErrorCode::ConsentPlanChanged},
                                      {otherNotes, ErrorCode::ConsentPlanChanged}}) {
    const qsizetype before = events().count(QStringLiteral("update.refused"));
    const Result<QString> job = await(station_->applyUpdate(kDevice, consent));
    QVERIFY(!job);
    QCOMPARE(job.error().code, code);
    QCOMPARE(events().count(QStringLiteral("update.refused")), before + 1);
  }
  QCOMPARE(device->snapshot().flashOperations, written);
  QVERIFY(!events().contains(QStringLiteral("consent.given")));
  QVERIFY(station_->jobs().isEmpty());

  const Result<QString> job = await(station_->applyUpdate(kDevice, good));
  QVERIFY(job);
  QVERIFY(outcomeOf(*job) == Outcome::Succeeded);
  QVERIFY(device->snapshot().running == kNew && device->snapshot().confirmed);
  QCOMPARE(station_->device(kDevice)->history.size(), 1);
}

void StationTest::skippedReleasesAreNotOffered() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  const std::optional<OfferView> offer = station_->device(kDevice)->offer;
  QVERIFY(offer);
  QVERIFY(station_->skipRelease(kDevice, offer->releaseId, true));
  QVERIFY(!station_->device(kDevice)->offer);
  const Result<PlanView> none = await(station_->planUpdate(kDevice));
  QVERIFY(!none);
  QCOMPARE(none.error().code, ErrorCode::UpToDate);
  QVERIFY(await(station_->planUpdate(kDevice, {.release = QStringLiteral("1.1.0")})));  // whoever names it wants it
  station_.reset();
  open();
  QVERIFY(!station_->device(kDevice)->offer);
  QVERIFY(station_->skipRelease(kDevice, offer->releaseId, false));
  QVERIFY(station_->device(kDevice)->offer);
  QVERIFY(!station_->skipRelease(kDevice, QStringLiteral("norrland/nothing#0"), true));

  // Skipping is of these bytes: others under the same name are offered again.
  QVERIFY(station_->skipRelease(kDevice, offer->releaseId, true));
  vendor_->release(kNew, {.payload = 31'000});
  QVERIFY(await(station_->refreshVendor(QStringLiteral("norrland"))));
  QVERIFY(station_->device(kDevice)->offer);
  QVERIFY(events().contains(QStringLiteral("release.skipped")));
  QVERIFY(events().contains(QStringLiteral("release.unskipped")));
}

void StationTest::remindersAreKept() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  const QString release = station_->device(kDevice)->offer->releaseId;
  const QDateTime when = clock_->nowUtc().addDays(7);
  QVERIFY(station_->remindLater(kDevice, release, when));
  station_.reset();
  open();
  const std::optional<OfferView> offer = station_->device(kDevice)->offer;
  QVERIFY(offer && offer->remindAt);
  QCOMPARE(offer->remindAt->toMSecsSinceEpoch(), when.toMSecsSinceEpoch());
  QVERIFY(events().contains(QStringLiteral("release.deferred")));
}

void StationTest::scheduledJobStartsWhenDue() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  const quint64 written = device->snapshot().flashOperations;
  const Result<QString> job = await(station_->scheduleUpdate(kDevice, agree(), clock_->nowUtc().addSecs(3600)));
  QVERIFY(job);
  station_.reset();  // what is scheduled outlives the program
  open();
  QCOMPARE(station_->job(*job)->state, JobState::Scheduled);
  clock_->advanceSeconds(3599);
  QTest::qWait(1500);  // more than one look at what is due
  QCOMPARE(station_->job(*job)->state, JobState::Scheduled);
  QCOMPARE(device->snapshot().flashOperations, written);
  clock_->advanceSeconds(1);
  QVERIFY(outcomeOf(*job) == Outcome::Succeeded);
  QVERIFY(device->snapshot().running == kNew);
}

void StationTest::scheduledJobIsTheConsentedOne() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  const Result<QString> job = await(station_->scheduleUpdate(kDevice, agree(), clock_->nowUtc().addSecs(3600)));
  QVERIFY(job);
  vendor_->release({1, 2, 0, 0});  // nobody agreed to this one
  clock_->advanceSeconds(3600);
  QVERIFY(outcomeOf(*job) == Outcome::Succeeded);
  QVERIFY(device->snapshot().running == kNew);
}

void StationTest::scheduledJobWithOtherNotesIsRefused() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  const quint64 written = device->snapshot().flashOperations;
  const Result<QString> job = await(station_->scheduleUpdate(kDevice, agree(), clock_->nowUtc().addSecs(3600)));
  QVERIFY(job);
  vendor_->release(kNew, {.notes = "## Known issues\n\n- Erases all settings.\n", .sameImage = true});
  clock_->advanceSeconds(3600);
  QVERIFY2(outcomeOf(*job) == Outcome::Refused, qPrintable(station_->job(*job)->detail));
  QVERIFY(station_->job(*job)->error->code == ErrorCode::ConsentPlanChanged);
  QCOMPARE(device->snapshot().flashOperations, written);
}

void StationTest::scheduledJobCanBeCancelled() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  const quint64 written = device->snapshot().flashOperations;
  const Result<QString> job = await(station_->scheduleUpdate(kDevice, agree(), clock_->nowUtc().addSecs(3600)));
  QVERIFY(job);
  QVERIFY(station_->cancelJob(*job));
  QVERIFY(outcomeOf(*job) == Outcome::Cancelled);
  QVERIFY(!station_->cancelJob(*job));
  clock_->advanceSeconds(7200);
  QTest::qWait(1500);
  QVERIFY(station_->job(*job)->outcome == Outcome::Cancelled);
  QCOMPARE(device->snapshot().flashOperations, written);
}

void StationTest::unknownJobSettlesWhenTheDeviceIsSeen() {
  SmpDeviceConfig config = vendor_->deviceConfig();
  config.bootMs = 1000;
  const auto device = addDevice(config);
  QVERIFY(device);
  const Result<QString> job = await(station_->applyUpdate(kDevice, agree()));
  QVERIFY(job);
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.boots > 1; }, kWaitMs));
  device->powerOff();
  QVERIFY(outcomeOf(*job) == Outcome::Unknown);
  QCOMPARE(station_->interruptedJobs(), QStringList{*job});
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kWaitMs));
  QVERIFY(await(station_->lookAtDevice(kDevice)));
  QVERIFY(outcomeOf(*job) == Outcome::Reverted);
  QVERIFY(station_->interruptedJobs().isEmpty());
  QVERIFY(device->snapshot().running == kOld);
}

void StationTest::laterJobLeavesAnUnknownOneAlone() {
  SmpDeviceConfig config = vendor_->deviceConfig();
  config.bootMs = 1000;
  const auto device = addDevice(config);
  QVERIFY(device);
  const Result<QString> first = await(station_->applyUpdate(kDevice, agree()));
  QVERIFY(first);
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.boots > 1; }, kWaitMs));
  device->powerOff();
  QVERIFY(outcomeOf(*first) == Outcome::Unknown);
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kWaitMs));
  clock_->advanceSeconds(60);
  const Result<QString> second = await(station_->applyUpdate(kDevice, agree()));
  QVERIFY(second);
  QVERIFY(outcomeOf(*second) == Outcome::Succeeded);
  QVERIFY(await(station_->lookAtDevice(kDevice)));
  QVERIFY(station_->interruptedJobs().isEmpty());
  QVERIFY(station_->job(*first)->outcome == Outcome::Unknown);
}

void StationTest::twoLooksAtOnce() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  const auto first = station_->lookAtDevice(kDevice);
  const auto second = station_->lookAtDevice(kDevice);
  const Result<DeviceView> one = await(first);
  const Result<DeviceView> two = await(second);
  QVERIFY(one || two);
  for (const Result<DeviceView>* look : {&one, &two}) {
    QVERIFY(*look || look->error().code == ErrorCode::DeviceBusy);
  }
  QVERIFY(station_->device(kDevice)->online);
  QVERIFY(await(station_->lookAtDevice(kDevice)));
}

void StationTest::identityMovesToAnotherAddress() {
  auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  QVERIFY(station_->renameDevice(kDevice, QStringLiteral("Hall")));
  VirtualSmpDevice moved(vendor_->deviceConfig());  // the same unit, plugged in elsewhere
  QVERIFY(moved.start());
  device.reset();
  const Result<DeviceView> seen = await(station_->addDevice(moved.address().toString(), {}, {}));
  QVERIFY(seen);
  QCOMPARE(seen->id, kDevice);
  QCOMPARE(seen->name, QStringLiteral("Hall"));
  QCOMPARE(station_->devices().size(), 1);
  QCOMPARE(station_->device(kDevice)->address, moved.address().toString());
  station_.reset();
  open();
  QCOMPARE(station_->device(kDevice)->address, moved.address().toString());
  QCOMPARE(station_->devices().size(), 1);
}

void StationTest::anotherUnitAtTheSameAddressIsNoticed() {
  SmpDeviceConfig config = vendor_->deviceConfig();
  VirtualSmpDevice one(config);
  config.serial = QStringLiteral("0002");
  VirtualSmpDevice two(config);
  QVERIFY(one.start() && two.start());
  UdpSwitch port;
  port.leadTo(one.address());
  QVERIFY(await(station_->addDevice(port.address().toString(), QStringLiteral("Hall"), {})));
  const ConsentGiven consent = agree();
  port.leadTo(two.address());
  const quint64 written = two.snapshot().flashOperations;
  const Result<QString> job = await(station_->applyUpdate(kDevice, consent));
  QVERIFY(!job);
  QCOMPARE(job.error().code, ErrorCode::DeviceChanged);
  QCOMPARE(two.snapshot().flashOperations, written);
  QCOMPARE(station_->devices().size(), 2);
  QVERIFY(!station_->device(kDevice)->online);
  const std::optional<DeviceView> other = station_->device(QStringLiteral("norrland/t2/0002"));
  QVERIFY(other && other->online);
  QVERIFY(other->name != QLatin1String("Hall"));  // the name is the first unit's
}

void StationTest::busyDeviceIsLeftAlone() {
  SmpDeviceConfig config = vendor_->deviceConfig();
  config.programUsPerKiB = 40'000;
  const auto device = addDevice(config);
  QVERIFY(device);
  const ConsentGiven consent = agree();
  const Result<QString> job = await(station_->applyUpdate(kDevice, consent));
  QVERIFY(job);
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.uploadedBytes > 0; }, kWaitMs));
  QCOMPARE(station_->device(kDevice)->condition, DeviceCondition::Updating);
  const Result<DeviceView> looked = await(station_->lookAtDevice(kDevice));
  QVERIFY(!looked);
  QCOMPARE(looked.error().code, ErrorCode::DeviceBusy);
  const Result<QString> again = await(station_->applyUpdate(kDevice, consent));
  QVERIFY(!again);
  QCOMPARE(again.error().code, ErrorCode::DeviceBusy);
  QCOMPARE(station_->removeDevice(kDevice).error().code, ErrorCode::DeviceBusy);
  QVERIFY(outcomeOf(*job) == Outcome::Succeeded);
  QVERIFY(await(station_->lookAtDevice(kDevice)));
}

void StationTest::closingDuringTransferIsSafe() {
  SmpDeviceConfig config = vendor_->deviceConfig();
  config.programUsPerKiB = 40'000;
  const auto device = addDevice(config);
  QVERIFY(device);
  const Result<QString> job = await(station_->applyUpdate(kDevice, agree()));
  QVERIFY(job);
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.uploadedBytes > 5'000; }, kWaitMs));
  station_.reset();
  QVERIFY(device->snapshot().running == kOld);
  QCOMPARE(device->snapshot().boots, 1U);
  open();
  QVERIFY(station_->job(*job)->outcome == Outcome::Cancelled);
  QVERIFY(station_->interruptedJobs().isEmpty());
  QVERIFY(events().contains(QStringLiteral("update.cancelled")));
  QVERIFY(await(station_->verifyAudit({}, {}, CancelToken()))->intact);
}

void StationTest::removedDeviceIsForgotten() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  QVERIFY(station_->removeDevice(kDevice));
  QVERIFY(!station_->device(kDevice));
  QVERIFY(!station_->removeDevice(kDevice));
  station_.reset();
  open();
  QVERIFY(station_->devices().isEmpty());
}

void StationTest::actionsStandInTheLog() {
  const auto device = addDevice(vendor_->deviceConfig());
  QVERIFY(device);
  QVERIFY(station_->renameDevice(kDevice, QStringLiteral("Hall")));
  QVERIFY(station_->changeInfo(QStringLiteral("Bench 4"), QStringLiteral("Tester"), false));
  const Result<QString> job = await(station_->applyUpdate(kDevice, agree()));
  QVERIFY(job);
  QVERIFY(outcomeOf(*job) == Outcome::Succeeded);
  QVERIFY(station_->exportAuditHead(vendor_->file(QStringLiteral("head.json"))));
  QVERIFY(await(station_->exportAudit(vendor_->file(QStringLiteral("log.csv")), QStringLiteral("csv"))));
  QVERIFY(station_->removeDevice(kDevice));
  QVERIFY(station_->removeVendor(QStringLiteral("norrland")));
  const QStringList all = events();
  for (const char* event :
       {"station.key-made", "station.started", "operator.signed-in", "vendor.added", "vendor.refreshed", "device.added",
        "device.seen", "device.renamed", "settings.changed", "plan.made", "check.passed", "consent.given",
        "update.started", "update.stage", "update.succeeded", "audit.head-exported", "audit.exported", "device.removed",
        "vendor.removed"}) {
    QVERIFY2(all.contains(QLatin1String(event)), qPrintable(QLatin1String(event) + u' ' + all.join(u' ')));
  }
  AuditFilter consents;
  consents.text = QStringLiteral("consent.given");
  const QList<AuditRow> rows = station_->auditPage(consents, 0, 10);
  QCOMPARE(rows.size(), 1);
  QCOMPARE(rows.first().actor, QStringLiteral("Tester"));
}

void StationTest::openingTwiceKeepsTheKey() {
  const QString key = station_->info().publicKeyId;
  station_.reset();
  open();
  QCOMPARE(station_->info().publicKeyId, key);
  QCOMPARE(events().count(QStringLiteral("station.key-made")), 1);
  QCOMPARE(station_->vendors().size(), 1);
}

QTEST_GUILESS_MAIN(StationTest)
#include "station_test.moc"
