// Going back, and not going back: the remembered security version, downgrades that people agree to, rules on releases,
// and releases that go wrong, each with virtual devices on loopback. In each attack only one thing stands between it
// and the device.
#include "app/services/local_station.h"
#include "app/store/consent_table.h"
#include "devices/registry.h"
#include "tests/support/vendor_folder.h"

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kWaitMs = 60'000;
const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};
const Version kNewer{1, 2, 0, 0};
const QString kDevice = QStringLiteral("norrland/t2/0001");
const QString kModel = QStringLiteral("norrland/t2");
const QString kReason = QStringLiteral("the valve sticks since 1.1.0");
const SignIn kSupervisor{QStringLiteral("Sam"), "correct horse", {}};
const SignIn kTechnician{QStringLiteral("Tine"), "battery staple", {}};

}  // namespace

class StationRollbackTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void cleanup();
  void aCounterThatFellIsNoticedOnce();
  void theFloorOutlivesTheDevice();
  void aSucceededJobRaisesTheFloor();
  void downgradeWithASupervisor();
  void downgradeOnSchedule();
  void begunDowngradeIsSettledWhateverThePolicySaysThen();
  void downgradeIsRefused_data();
  void downgradeIsRefused();
  void downgradeAtHome();
  void blockedByVersionAndByHash();
  void blockForAModelIsLiftedByASupervisor();
  void pinnedGoesNoFurther();
  void returnedIsNotTriedAgainUnasked();
  void failuresPauseARelease();
  void whatWaitsOfAPausedReleaseWaitsOn();

 private:
  void open();
  std::unique_ptr<VirtualSmpDevice> addDevice(const SmpDeviceConfig& config);
  void makePeople();
  void allowDowngrades();
  template <class T>
  static T await(QFuture<T> future) {
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, kWaitMs)) {
      qFatal("nothing came back within %d ms", kWaitMs);
    }
    return future.result();
  }
  UpdateWish back(const QString& reason = kReason) const {
    UpdateWish wish;
    wish.release = kOld.toString();
    wish.downgradeReason = reason;
    return wish;
  }
  Result<QString> apply(const UpdateWish& wish, const SignIn& supervisor = {}, const QString& typed = {},
                        const QString& device = kDevice) {
    const Result<PlanView> plan = await(station_->planUpdate(device, wish));
    if (!plan) {
      return fail(plan.error());
    }
    ConsentGiven consent{plan->digest, plan->notesHash, QStringLiteral("test"), wish, supervisor, typed};
    return await(station_->applyUpdate(device, consent));
  }
  // How an update or downgrade ends, in one word: the outcome, or why nothing began.
  QString ends(const Result<QString>& job) {
    if (!job) {
      return errorCodeName(job.error().code);
    }
    const JobView ended = await(station_->waitForJob(*job));
    return ended.error && ended.outcome == Outcome::Refused ? errorCodeName(ended.error->code)
                                                            : outcomeName(*ended.outcome);
  }
  QString failedCheck(const UpdateWish& wish, const QString& device = kDevice) {
    const Result<PlanView> plan = await(station_->planUpdate(device, wish));
    if (!plan) {
      return QStringLiteral("no plan: ") + plan.error().message();
    }
    const Check* failed = firstFailure(plan->checks);
    return failed == nullptr ? QString() : failed->id + u' ' + failed->code;
  }
  QStringList events() const {
    QStringList events;
    for (const AuditRow& row : station_->auditPage({}, 0, 1000)) {
      events.prepend(row.event);
    }
    return events;
  }
  // As somebody with a database tool does, while the station is closed.
  void editDatabase(const QString& sql) {
    station_.reset();
    {
      const Result<std::unique_ptr<Database>> database = Database::open(vendor_->file(QStringLiteral("station")));
      QVERIFY(database);
      const Result<qint64> changed = (*database)->run(sql);
      QVERIFY2(changed && *changed > 0, "the edit must have changed something");
    }
    open();
    QVERIFY(await(station_->lookAtDevice(kDevice)));
  }
  QStringList alertKinds() const {
    QStringList kinds;
    for (const AlertView& alert : station_->alerts()) {
      kinds << alert.kind;
    }
    return kinds;
  }

  std::unique_ptr<VendorFolder> vendor_;
  std::unique_ptr<ManualClock> clock_;
  SystemLinkOpener links_;
  std::unique_ptr<LocalStation> station_;
};

void StationRollbackTest::open() {
  StationSetup setup;
  setup.dataFolder = vendor_->file(QStringLiteral("station"));
  setup.clock = clock_.get();
  setup.links = &links_;
  setup.drivers = &driverRegistry();
  Result<std::unique_ptr<LocalStation>> opened = LocalStation::open(setup);
  QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
  station_ = std::move(*opened);
}

// The vendor publishes 1.0.0 and 1.1.0, both with security version 1.
void StationRollbackTest::init() {
  vendor_ = std::make_unique<VendorFolder>();
  clock_ = std::make_unique<ManualClock>(QDateTime::currentDateTimeUtc());
  vendor_->initRepository();
  vendor_->release(kOld);
  vendor_->release(kNew);
  open();
  const Result<VendorCandidate> candidate = station_->readVendorFile(vendor_->vendorFile());
  QVERIFY(candidate);
  QVERIFY(await(station_->addVendor(*candidate, candidate->fingerprint)));
}

void StationRollbackTest::cleanup() {
  station_.reset();
}

std::unique_ptr<VirtualSmpDevice> StationRollbackTest::addDevice(const SmpDeviceConfig& config) {
  auto device = std::make_unique<VirtualSmpDevice>(config);
  if (!device->start()) {
    return nullptr;
  }
  const Result<DeviceView> added = await(station_->addDevice(device->address().toString(), {}, {}));
  return added ? std::move(device) : nullptr;
}

void StationRollbackTest::makePeople() {
  QVERIFY(await(station_->addOperator(kSupervisor, QStringLiteral("supervisor"), {})));
  QVERIFY(await(station_->addOperator(kTechnician, QStringLiteral("technician"), kSupervisor)));
}

void StationRollbackTest::allowDowngrades() {
  PolicyChange change;
  change.downgradeAllowed = true;
  QVERIFY(await(station_->changePolicy(change, kSupervisor)));
}

// The remembered security version ---------------------------------------------------------------

void StationRollbackTest::aCounterThatFellIsNoticedOnce() {
  QVERIFY(addDevice(vendor_->deviceConfig(kNew, 4)));  // and gone again
  QVERIFY(station_->device(kDevice)->counterWarning.isEmpty());
  const auto reset = addDevice(vendor_->deviceConfig(kNew, 2));
  QVERIFY(reset);
  QVERIFY2(station_->device(kDevice)->counterWarning.contains(QStringLiteral("says 2 and once said 4")),
           qPrintable(station_->device(kDevice)->counterWarning));
  QVERIFY(await(station_->lookAtDevice(kDevice)));
  QCOMPARE(events().count(QStringLiteral("device.counter-fell")), 1);
  QCOMPARE(alertKinds(), QStringList{QStringLiteral("counter-fell")});

  vendor_->release(kNewer, {.counter = 3});  // the device itself would take it
  QCOMPARE(failedCheck({.release = kNewer.toString()}), QStringLiteral("security-version policy.security-version"));
  const quint64 written = reset->snapshot().flashOperations;
  QCOMPARE(ends(apply({.release = kNewer.toString()})), QStringLiteral("policy.security-version"));
  QCOMPARE(reset->snapshot().flashOperations, written);

  const auto whole = addDevice(vendor_->deviceConfig(kNew, 5));
  QVERIFY(whole);
  QVERIFY2(station_->device(kDevice)->counterWarning.isEmpty(), "it is above what it was");
  QVERIFY(alertKinds().isEmpty());
}

void StationRollbackTest::theFloorOutlivesTheDevice() {
  QVERIFY(addDevice(vendor_->deviceConfig(kNew, 4)));
  QVERIFY(station_->renameDevice(kDevice, QStringLiteral("Cellar")));
  QVERIFY(station_->removeDevice(kDevice));
  QVERIFY(!station_->device(kDevice));
  station_.reset();
  open();
  const auto reset = addDevice(vendor_->deviceConfig(kNew, 1));
  QVERIFY(reset);
  QVERIFY(!station_->device(kDevice)->counterWarning.isEmpty());
  vendor_->release(kNewer, {.counter = 3});
  QCOMPARE(failedCheck({.release = kNewer.toString()}), QStringLiteral("security-version policy.security-version"));
}

void StationRollbackTest::aSucceededJobRaisesTheFloor() {
  vendor_->release(kNewer, {.counter = 3});
  const auto device = addDevice(vendor_->deviceConfig(kNew, 1));
  QVERIFY(device);
  QCOMPARE(ends(apply({.release = kNewer.toString()})), QStringLiteral("succeeded"));
  station_.reset();
  const Result<std::unique_ptr<Database>> database = Database::open(vendor_->file(QStringLiteral("station")));
  QVERIFY(database);
  const std::optional<SecurityFloorRow> row = SecurityFloorTable(**database).find(kDevice).value();
  QVERIFY(row);
  QCOMPARE(row->installed, 3U);
  open();
}

// Downgrades ------------------------------------------------------------------------------------

void StationRollbackTest::downgradeWithASupervisor() {
  makePeople();
  allowDowngrades();
  const auto device = addDevice(vendor_->deviceConfig(kNew, 1));
  QVERIFY(device);
  const Result<PlanView> plan = await(station_->planUpdate(kDevice, back()));
  QVERIFY(plan && plan->allowed && plan->isDowngrade);
  QVERIFY2(plan->notesMarkdown.contains(QStringLiteral("Undone: 1.1.0")), qPrintable(plan->notesMarkdown));
  QCOMPARE(plan->json[QStringLiteral("downgrade")].toObject()[QStringLiteral("reason")].toString(), kReason);
  QCOMPARE(ends(apply(back(), kSupervisor)), QStringLiteral("succeeded"));
  QVERIFY(device->snapshot().running == kOld && device->snapshot().confirmed);
  QCOMPARE(events().count(QStringLiteral("downgrade.agreed")), 1);
  for (const AuditRow& row : station_->auditPage({}, 0, 1000)) {
    if (row.event == QLatin1String("downgrade.agreed")) {
      QCOMPARE(row.actor, QStringLiteral("Sam"));
      QVERIFY(row.message.contains(kReason));
    }
  }
  station_.reset();
  const Result<std::unique_ptr<Database>> database = Database::open(vendor_->file(QStringLiteral("station")));
  QVERIFY(database);
  const std::optional<ConsentRow> consent = ConsentTable(**database).findStanding(plan->digest).value();
  QVERIFY(consent);
  QCOMPARE(consent->reason, kReason);
  QCOMPARE(consent->agreedBy, QStringLiteral("Sam"));
  open();
}

// Who agreed is asked of the audit log when the job starts.
void StationRollbackTest::downgradeOnSchedule() {
  makePeople();
  allowDowngrades();
  const auto device = addDevice(vendor_->deviceConfig(kNew, 1));
  QVERIFY(device);
  const Result<PlanView> plan = await(station_->planUpdate(kDevice, back()));
  QVERIFY(plan);
  const ConsentGiven consent{plan->digest, plan->notesHash, QStringLiteral("test"), back(), kSupervisor, {}};
  const Result<QString> job = await(station_->scheduleUpdate(kDevice, consent, clock_->nowUtc().addSecs(60)));
  QVERIFY(job);
  clock_->advanceSeconds(61);
  QCOMPARE(ends(job), QStringLiteral("succeeded"));
  QVERIFY(device->snapshot().running == kOld);
}

void StationRollbackTest::begunDowngradeIsSettledWhateverThePolicySaysThen() {
  makePeople();
  allowDowngrades();
  SmpDeviceConfig config = vendor_->deviceConfig(kNew, 1);
  config.bootMs = 1000;
  const auto device = addDevice(config);
  QVERIFY(device);
  const Result<QString> job = apply(back(), kSupervisor);
  QVERIFY(job);
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.boots > 1; }, kWaitMs));
  device->powerOff();
  QCOMPARE(ends(job), QStringLiteral("unknown"));
  PolicyChange forbid;
  forbid.downgradeAllowed = false;
  QVERIFY(await(station_->changePolicy(forbid, kSupervisor)));
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kWaitMs));
  QVERIFY(await(station_->lookAtDevice(kDevice)));
  QCOMPARE(ends(job), QStringLiteral("reverted"));
  QVERIFY(device->snapshot().running == kNew);
}

void StationRollbackTest::downgradeIsRefused_data() {
  QTest::addColumn<QString>("attack");
  QTest::addColumn<QString>("code");
  QTest::newRow("as an update") << QStringLiteral("update") << QStringLiteral("policy.version-lower");
  QTest::newRow("policy is off") << QStringLiteral("policy-off") << QStringLiteral("policy.downgrade");
  QTest::newRow("policy switched on in the database")
      << QStringLiteral("policy-edited") << QStringLiteral("policy.downgrade");
  QTest::newRow("below the device's counter") << QStringLiteral("counter") << QStringLiteral("policy.security-version");
  QTest::newRow("below the remembered counter")
      << QStringLiteral("remembered") << QStringLiteral("policy.security-version");
  QTest::newRow("without a reason") << QStringLiteral("no-reason") << QStringLiteral("policy.downgrade");
  QTest::newRow("nobody signs in") << QStringLiteral("nobody") << QStringLiteral("policy.role");
  QTest::newRow("wrong password") << QStringLiteral("password") << QStringLiteral("operator.sign-in");
  QTest::newRow("unknown name") << QStringLiteral("name") << QStringLiteral("operator.sign-in");
  QTest::newRow("a technician agrees") << QStringLiteral("technician") << QStringLiteral("policy.role");
  QTest::newRow("whoever asks agrees, too") << QStringLiteral("self") << QStringLiteral("policy.role");
  QTest::newRow("role edited in the database") << QStringLiteral("role-edited") << QStringLiteral("operator.altered");
  QTest::newRow("typed as at home") << QStringLiteral("typed") << QStringLiteral("policy.role");
}

void StationRollbackTest::downgradeIsRefused() {
  QFETCH(QString, attack);
  QFETCH(QString, code);
  makePeople();
  if (attack != QLatin1String("policy-off") && attack != QLatin1String("policy-edited")) {
    allowDowngrades();
  } else if (attack == QLatin1String("policy-edited")) {
    PolicyChange days;  // so that there is a policy to edit
    days.troubleDays = 31;
    QVERIFY(await(station_->changePolicy(days, kSupervisor)));
  }
  if (attack == QLatin1String("remembered")) {
    QVERIFY(addDevice(vendor_->deviceConfig(kNew, 2)));
  }
  const auto device = addDevice(vendor_->deviceConfig(kNew, attack == QLatin1String("counter") ? 2 : 1));
  QVERIFY(device);
  if (attack == QLatin1String("policy-edited")) {
    editDatabase(QStringLiteral("UPDATE setting SET value='1' WHERE key='downgrade.allowed'"));
    QVERIFY(alertKinds().contains(QStringLiteral("policy-altered")));
  } else if (attack == QLatin1String("role-edited")) {
    editDatabase(QStringLiteral("UPDATE operator_account SET role='supervisor' WHERE key='tine'"));
    QVERIFY(alertKinds().contains(QStringLiteral("accounts-altered")));
    QCOMPARE(events().count(QStringLiteral("operator.altered")), 1);
  } else if (attack == QLatin1String("self")) {
    QVERIFY(station_->changeInfo(station_->info().name, QStringLiteral("SAM"), false));
  }
  SignIn agrees = kSupervisor;
  if (attack == QLatin1String("password")) {
    agrees.password = "wrong horse";
  } else if (attack == QLatin1String("name")) {
    agrees.name = QStringLiteral("Nobody");
  } else if (attack == QLatin1String("technician") || attack == QLatin1String("role-edited")) {
    agrees = kTechnician;
  } else if (attack == QLatin1String("nobody") || attack == QLatin1String("typed")) {
    agrees = {};
  }
  UpdateWish wish = back(attack == QLatin1String("no-reason") ? QStringLiteral(" \n ") : kReason);
  if (attack == QLatin1String("update")) {
    wish.downgradeReason.reset();
  }
  const quint64 written = device->snapshot().flashOperations;
  const qsizetype refusals = events().count(QStringLiteral("update.refused"));
  QCOMPARE(ends(apply(wish, agrees, attack == QLatin1String("typed") ? kOld.toString() : QString())), code);
  QCOMPARE(device->snapshot().flashOperations, written);
  QVERIFY(device->snapshot().running == kNew);
  QVERIFY2(events().count(QStringLiteral("update.refused")) > refusals, "the refusal must stand in the log");
  QVERIFY(!events().contains(QStringLiteral("downgrade.agreed")));
}

// Without accounts the owner agrees by typing the version, and the same policy must be on.
void StationRollbackTest::downgradeAtHome() {
  QVERIFY(station_->changeInfo(station_->info().name, station_->info().operatorName, true));
  const auto device = addDevice(vendor_->deviceConfig(kNew, 1));
  QVERIFY(device);
  QCOMPARE(ends(apply(back(), {}, kOld.toString())), QStringLiteral("policy.downgrade"));
  PolicyChange change;
  change.downgradeAllowed = true;
  QVERIFY(await(station_->changePolicy(change, {})));
  QCOMPARE(ends(apply(back(), {}, QStringLiteral("yes"))), QStringLiteral("consent.missing"));
  QVERIFY2(!await(station_->addOperator(kSupervisor, QStringLiteral("supervisor"), {})),
           "nobody sees accounts at home");
  QCOMPARE(ends(apply(back(), {}, kOld.toString())), QStringLiteral("succeeded"));
  QVERIFY(device->snapshot().running == kOld);
}

// Rules on releases -----------------------------------------------------------------------------

void StationRollbackTest::blockedByVersionAndByHash() {
  const auto device = addDevice(vendor_->deviceConfig(kOld, 1));
  QVERIFY(device);
  const UpdateWish wish{.release = kNew.toString()};
  ReleaseRuleChange block{QStringLiteral("block"), kNew.toString(), kDevice, {}, false, {}};
  QVERIFY2(!station_->setReleaseRule(block), "a block needs a reason");
  block.reason = QStringLiteral("it drains the battery");
  QVERIFY(station_->setReleaseRule(block));
  QVERIFY(!station_->device(kDevice)->offer);
  QCOMPARE(station_->device(kDevice)->rules.size(), 1);
  const quint64 written = device->snapshot().flashOperations;
  QCOMPARE(ends(apply(wish)), QStringLiteral("policy.blocked"));
  QCOMPARE(device->snapshot().flashOperations, written);
  const Result<PlanView> plan = await(station_->planUpdate(kDevice, wish));
  QVERIFY(plan);
  const Check* failed = firstFailure(plan->checks);
  QVERIFY(failed->detail.contains(block.reason));
  QVERIFY(failed->detail.contains(station_->info().operatorName));
  QVERIFY(failed->remedy.contains(QStringLiteral("release unblock 1.1.0")));

  // Other bytes under the same version are another build; by version they are caught, too.
  vendor_->release(kNew, {.payload = 31'000});
  QVERIFY(await(station_->refreshVendor(QStringLiteral("norrland"))));
  QVERIFY2(station_->device(kDevice)->offer, "the block was of the other build");
  block.everyBuild = true;
  QVERIFY(station_->setReleaseRule(block));
  QVERIFY(!station_->device(kDevice)->offer);
  station_.reset();
  open();
  QVERIFY(await(station_->lookAtDevice(kDevice)));
  QCOMPARE(failedCheck(wish), QStringLiteral("release-blocked policy.blocked"));
  ReleaseRuleChange lift = block;
  lift.reason.clear();
  QVERIFY2(!await(station_->liftReleaseRule(lift, {})), "lifting needs a reason, too");
  lift.reason = QStringLiteral("fixed at the vendor's");
  QVERIFY(await(station_->liftReleaseRule(lift, {})));
  QCOMPARE(failedCheck(wish), QString());
  QCOMPARE(events().count(QStringLiteral("release.blocked")), 2);
  QCOMPARE(events().count(QStringLiteral("release.unblocked")), 1);
}

void StationRollbackTest::blockForAModelIsLiftedByASupervisor() {
  makePeople();
  const auto device = addDevice(vendor_->deviceConfig(kOld, 1));
  QVERIFY(device);
  const ReleaseRuleChange block{QStringLiteral("block"), kNew.toString(), {}, kModel, true, kReason};
  QVERIFY(station_->setReleaseRule(block));
  QCOMPARE(failedCheck({.release = kNew.toString()}), QStringLiteral("release-blocked policy.blocked"));
  const Status nobody = await(station_->liftReleaseRule(block, {}));
  QVERIFY(!nobody && nobody.error().code == ErrorCode::PolicyRole);
  const Status technician = await(station_->liftReleaseRule(block, kTechnician));
  QVERIFY(!technician && technician.error().code == ErrorCode::PolicyRole);
  QCOMPARE(failedCheck({.release = kNew.toString()}), QStringLiteral("release-blocked policy.blocked"));
  QVERIFY(await(station_->liftReleaseRule(block, kSupervisor)));
  QVERIFY(station_->device(kDevice)->offer);
}

void StationRollbackTest::pinnedGoesNoFurther() {
  vendor_->release(kNewer);
  QVERIFY(await(station_->refreshVendor(QStringLiteral("norrland"))));
  const auto device = addDevice(vendor_->deviceConfig(kOld, 1));
  QVERIFY(device);
  QCOMPARE(station_->device(kDevice)->offer->version, kNewer.toString());
  QVERIFY(station_->setReleaseRule({QStringLiteral("pin"), kOld.toString(), {}, kModel, true, kReason}));
  QVERIFY(!station_->device(kDevice)->offer);
  QVERIFY(station_->setReleaseRule({QStringLiteral("pin"), kNew.toString(), kDevice, {}, true, kReason}));
  QVERIFY2(station_->device(kDevice)->offer, "a device's own pin stands above its model's");
  QCOMPARE(station_->device(kDevice)->offer->version, kNew.toString());
  const quint64 written = device->snapshot().flashOperations;
  QCOMPARE(ends(apply({.release = kNewer.toString()})), QStringLiteral("policy.pinned"));
  QCOMPARE(device->snapshot().flashOperations, written);
  QCOMPARE(failedCheck({.release = kNew.toString()}), QString());
  QVERIFY(await(station_->liftReleaseRule({QStringLiteral("pin"), kNew.toString(), kDevice, {}, true, kReason}, {})));
  QVERIFY(await(station_->liftReleaseRule({QStringLiteral("pin"), kOld.toString(), {}, kModel, true, kReason}, {})));
  QCOMPARE(station_->device(kDevice)->offer->version, kNewer.toString());
}

// Releases that go wrong ------------------------------------------------------------------------

void StationRollbackTest::returnedIsNotTriedAgainUnasked() {
  vendor_->release(kNewer, {.behaviour = "hang"});
  const auto device = addDevice(vendor_->deviceConfig(kNew, 1));
  QVERIFY(device);
  const Result<QString> first = apply({});
  QCOMPARE(ends(first), QStringLiteral("reverted"));
  QVERIFY(await(station_->lookAtDevice(kDevice)));
  const std::optional<OfferView> offer = station_->device(kDevice)->offer;
  QVERIFY(offer);
  QVERIFY2(offer->returned.contains(*first), "the offer must tell by which job it went back");
  const quint64 written = device->snapshot().flashOperations;
  QCOMPARE(ends(apply({})), QStringLiteral("policy.tried-before"));
  QCOMPARE(device->snapshot().flashOperations, written);
  const Result<PlanView> plan = await(station_->planUpdate(kDevice));
  QVERIFY(plan && plan->needsAgain);
  const UpdateWish again{.again = true};
  QCOMPARE(failedCheck(again), QString());
  QCOMPARE(ends(apply(again)), QStringLiteral("reverted"));
  QVERIFY(device->snapshot().flashOperations > written);
}

void StationRollbackTest::failuresPauseARelease() {
  makePeople();
  PolicyChange two;
  two.troubleDevices = 2;
  QVERIFY(await(station_->changePolicy(two, kSupervisor)));
  vendor_->release(kNewer, {.behaviour = "hang"});
  std::vector<std::unique_ptr<VirtualSmpDevice>> devices;
  QStringList ids;
  for (const char* serial : {"0001", "0002", "0003"}) {
    SmpDeviceConfig config = vendor_->deviceConfig(kNew, 1);
    config.serial = QString::fromLatin1(serial);
    devices.push_back(addDevice(config));
    QVERIFY(devices.back());
    ids << kModel + u'/' + QString::fromLatin1(serial);
  }
  const UpdateWish again{.again = true};
  QCOMPARE(ends(apply({}, {}, {}, ids[0])), QStringLiteral("reverted"));
  QCOMPARE(ends(apply(again, {}, {}, ids[0])), QStringLiteral("reverted"));
  QVERIFY2(station_->alerts().isEmpty(), "one device counts once");
  // What waits when the release is paused does not begin.
  const Result<PlanView> plan = await(station_->planUpdate(ids[2]));
  QVERIFY(plan && plan->allowed);
  QCOMPARE(ends(apply({}, {}, {}, ids[1])), QStringLiteral("reverted"));
  QCOMPARE(alertKinds(), QStringList{QStringLiteral("release-paused")});
  QCOMPARE(events().count(QStringLiteral("release.paused")), 1);
  const quint64 written = devices[2]->snapshot().flashOperations;
  const ConsentGiven consent{plan->digest, plan->notesHash, QStringLiteral("test")};
  QCOMPARE(ends(await(station_->applyUpdate(ids[2], consent))), QStringLiteral("policy.release-trouble"));
  QCOMPARE(devices[2]->snapshot().flashOperations, written);
  clock_->advanceSeconds(100LL * 24 * 3600);  // it stays so until somebody decides
  const QString release = station_->alerts().constFirst().subject;
  station_.reset();
  open();
  QCOMPARE(alertKinds(), QStringList{QStringLiteral("release-paused")});
  const Status technician = await(station_->resumeRelease(release, kReason, kTechnician));
  QVERIFY(!technician && technician.error().code == ErrorCode::PolicyRole);
  const Status unsaid = await(station_->resumeRelease(release, {}, kSupervisor));
  QVERIFY(!unsaid && unsaid.error().code == ErrorCode::InvalidArgument);
  QVERIFY(await(station_->resumeRelease(release, kReason, kSupervisor)));
  QVERIFY(station_->alerts().isEmpty());
  QVERIFY(events().contains(QStringLiteral("release.resumed")));
  // A clock that was set back does not bring the old failures back, nor hide new ones.
  clock_->advanceSeconds(-200LL * 24 * 3600);
  QVERIFY(await(station_->lookAtDevice(ids[2])));
  QCOMPARE(ends(apply({}, {}, {}, ids[2])), QStringLiteral("reverted"));
  QVERIFY2(station_->alerts().isEmpty(), "one new failure is not two");
}

// It was agreed to while nothing was known to stand against it; it is neither begun nor refused meanwhile.
void StationRollbackTest::whatWaitsOfAPausedReleaseWaitsOn() {
  PolicyChange one;
  one.troubleDevices = 1;
  makePeople();
  QVERIFY(await(station_->changePolicy(one, kSupervisor)));
  vendor_->release(kNewer, {.behaviour = "hang"});
  std::vector<std::unique_ptr<VirtualSmpDevice>> devices;
  QStringList ids;
  for (const char* serial : {"0001", "0002"}) {
    SmpDeviceConfig config = vendor_->deviceConfig(kNew, 1);
    config.serial = QString::fromLatin1(serial);
    devices.push_back(addDevice(config));
    QVERIFY(devices.back());
    ids << kModel + u'/' + QString::fromLatin1(serial);
  }
  const Result<PlanView> plan = await(station_->planUpdate(ids[1]));
  QVERIFY(plan && plan->allowed);
  const ConsentGiven consent{plan->digest, plan->notesHash, QStringLiteral("test")};
  const Result<QString> job = await(station_->scheduleUpdate(ids[1], consent, clock_->nowUtc().addSecs(3600)));
  QVERIFY(job);
  QCOMPARE(ends(apply({}, {}, {}, ids[0])), QStringLiteral("reverted"));
  QCOMPARE(alertKinds(), QStringList{QStringLiteral("release-paused")});
  const quint64 written = devices[1]->snapshot().flashOperations;
  clock_->advanceSeconds(3601);
  QTRY_VERIFY_WITH_TIMEOUT(station_->job(*job)->waitsFor.contains(QStringLiteral("went wrong")), kWaitMs);
  clock_->advanceSeconds(24LL * 3600);
  QTest::qWait(2500);  // several looks at the queue
  QVERIFY(station_->job(*job)->state != JobState::Running && !station_->job(*job)->outcome);
  QCOMPARE(devices[1]->snapshot().flashOperations, written);
  QVERIFY(await(station_->resumeRelease(station_->alerts().constFirst().subject, kReason, kSupervisor)));
  clock_->advanceSeconds(60);
  QCOMPARE(ends(job), QStringLiteral("reverted"));
}

QTEST_GUILESS_MAIN(StationRollbackTest)
#include "station_rollback_test.moc"
