// How updates end, as scripts see it: the exit status, the job, and what the device runs then.
#include "tests/cli/cli_world.h"

#include <csignal>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kDeviceMs = 30'000;
const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

// Long enough to be interrupted: about 40 ms a kilobyte, so some 4 s.
constexpr qsizetype kLongPayload = 100'000;
constexpr int kSlowFlashUsPerKiB = 40'000;
constexpr int kSlowRestartSeconds = 20;  // the bootloader swaps in the same slow flash
constexpr qint64 kInTheMiddle = 20'000;

QString outcomeOf(const Ran& ran) {
  return ran.json().value(QLatin1String("outcome")).toString();
}

}  // namespace

class CliOutcomeTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void firmwareThatHangsReverts();
  void deviceThatStaysAwayIsUnknown();
  void deviceThatFallsSilentIsUnknownUntilItIsSeen();
  void deviceThatRefusesFails();
  void deviceThatPretendsFails();
  void interruptedByPersonIsCancelled_data();
  void interruptedByPersonIsCancelled();
  void interruptedWhilePlanning();
  void killedInTransferIsResumed();
  void killedOnTrialIsConfirmed();
  void killedAndForgottenByTheVendor();

 private:
  // Starts the update and waits until the device holds a part of the image.
  std::unique_ptr<QProcess> inTransfer(CliWorld& world, VirtualSmpDevice& device, const QStringList& more = {}) {
    auto tool = world.start(world.applyCommand(world.planDigest()) + more);
    const bool there = device.waitUntil([](const auto& seen) { return seen.uploadedBytes > kInTheMiddle; }, kDeviceMs);
    return there ? std::move(tool) : nullptr;
  }
  static SmpDeviceConfig slow(SmpDeviceConfig config) {
    config.programUsPerKiB = kSlowFlashUsPerKiB;
    return config;
  }
};

void CliOutcomeTest::firmwareThatHangsReverts() {
  CliWorld world;
  const auto device = world.ready({.behaviour = "hang"}, world.deviceConfig());
  QVERIFY(device);
  const Ran ran = world.runJson(world.applyCommand(world.planDigest()));
  VERIFY_STATUS(ran, 5);
  VERIFY_SCHEMA("job", ran);
  QCOMPARE(outcomeOf(ran), QStringLiteral("reverted"));
  QVERIFY(device->snapshot().running == kOld);
  QVERIFY(world.run("audit list --outcome reverted").out.contains("update.reverted"));
}

void CliOutcomeTest::deviceThatStaysAwayIsUnknown() {
  CliWorld world;
  SmpDeviceConfig config = world.deviceConfig();
  config.bootMs = 1000;
  const auto device = world.ready({}, config);
  QVERIFY(device);
  const quint32 boots = device->snapshot().boots;
  const auto tool = world.start(world.applyCommand(world.planDigest()) + QStringList{QStringLiteral("--json")});
  QVERIFY(device->waitUntil([&](const auto& seen) { return seen.boots > boots; }, kDeviceMs));
  device->powerOff();
  const Ran ran = CliWorld::finish(*tool);
  VERIFY_STATUS(ran, 6);
  VERIFY_SCHEMA("job", ran);
  QCOMPARE(outcomeOf(ran), QStringLiteral("unknown"));

  VERIFY_STATUS(world.run("update resume"), 6);  // still away
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kDeviceMs));
  const Ran settled = world.runJson("update resume");  // it had its trial, and nobody confirmed
  VERIFY_STATUS(settled, 5);
  VERIFY_SCHEMA("job", settled);
  QVERIFY(device->snapshot().running == kOld);
  QVERIFY(world.runJson("update resume").json().value(QLatin1String("jobs")).toArray().isEmpty());
}

void CliOutcomeTest::deviceThatFallsSilentIsUnknownUntilItIsSeen() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  device->goSilentAfterBytes(10'000);
  VERIFY_STATUS(world.run(world.applyCommand(world.planDigest())), 6);
  device->powerOff();
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running == kOld; }, kDeviceMs));
  VERIFY_STATUS(world.run("update resume"), 0);
  QVERIFY(device->snapshot().running == kNew && device->snapshot().confirmed);
}

void CliOutcomeTest::deviceThatRefusesFails() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  device->refuseUploads(true);
  const Ran ran = world.runJson(world.applyCommand(world.planDigest()));
  VERIFY_STATUS(ran, 4);
  VERIFY_SCHEMA("job", ran);
  QCOMPARE(outcomeOf(ran), QStringLiteral("failed"));
  QVERIFY(device->snapshot().running == kOld);
  device->refuseUploads(false);
  VERIFY_STATUS(world.run(world.applyCommand(world.planDigest())), 0);
}

// "Done" from the device is no proof: what it holds is looked at.
void CliOutcomeTest::deviceThatPretendsFails() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  device->pretendToWrite(true);
  const Ran ran = world.runJson(world.applyCommand(world.planDigest()));
  VERIFY_STATUS(ran, 4);
  QVERIFY(device->snapshot().running == kOld);
  QCOMPARE(device->snapshot().boots, 1U);  // never restarted
}

void CliOutcomeTest::interruptedByPersonIsCancelled_data() {
  QTest::addColumn<int>("signal");
  QTest::newRow("ctrl-c") << SIGINT;
  QTest::newRow("terminate") << SIGTERM;
  QTest::newRow("terminal closed") << SIGHUP;
}

void CliOutcomeTest::interruptedByPersonIsCancelled() {
  QFETCH(const int, signal);
  CliWorld world;
  world.restartSeconds = kSlowRestartSeconds;
  const auto device = world.ready({.payload = kLongPayload}, slow(world.deviceConfig()));
  QVERIFY(device);
  const auto tool = inTransfer(world, *device, {QStringLiteral("--json")});
  QVERIFY(tool);
  QCOMPARE(kill(static_cast<pid_t>(tool->processId()), signal), 0);
  const Ran ran = CliWorld::finish(*tool);
  VERIFY_STATUS(ran, 7);
  VERIFY_SCHEMA("job", ran);
  QCOMPARE(outcomeOf(ran), QStringLiteral("cancelled"));
  QVERIFY2(ran.err.contains("Stopping"), ran.err.constData());
  QVERIFY(device->snapshot().running == kOld);
  QCOMPARE(device->snapshot().boots, 1U);
  QVERIFY(world.run("audit list --outcome cancelled").out.contains("update.cancelled"));
  VERIFY_STATUS(world.run("update resume"), 0);  // cancelled is an end: nothing is to be resumed
  QVERIFY(device->snapshot().running == kOld);
}

void CliOutcomeTest::interruptedWhilePlanning() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  device->powerOff();  // so that looking at it takes its time
  const auto tool =
      world.start({QStringLiteral("update"), QStringLiteral("plan"), QStringLiteral("0001"), QStringLiteral("--json")});
  // The station is open, so the program is at work; the device's silence keeps it there.
  QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(world.dataFolder() + QStringLiteral("/sealift.db-wal")), kDeviceMs);
  QCOMPARE(kill(static_cast<pid_t>(tool->processId()), SIGINT), 0);
  const Ran ran = CliWorld::finish(*tool);
  VERIFY_STATUS(ran, 7);
  VERIFY_SCHEMA("error", ran);
}

void CliOutcomeTest::killedInTransferIsResumed() {
  CliWorld world;
  world.restartSeconds = kSlowRestartSeconds;
  const auto device = world.ready({.payload = kLongPayload}, slow(world.deviceConfig()));
  QVERIFY(device);
  const auto tool = inTransfer(world, *device);
  QVERIFY(tool);
  tool->kill();
  QVERIFY(tool->waitForFinished(kToolMs));
  QVERIFY(device->snapshot().running == kOld);
  const Ran left = world.runJson("update list");
  VERIFY_SCHEMA("job", left);
  const QJsonObject job = left.json().value(QLatin1String("jobs")).toArray().first().toObject();
  QCOMPARE(job.value(QLatin1String("state")).toString(), QStringLiteral("running"));

  const qint64 before = device->snapshot().uploadedBytes;
  const Ran resumed = world.runJson("update resume");
  VERIFY_STATUS(resumed, 0);
  VERIFY_SCHEMA("job", resumed);
  QVERIFY(device->snapshot().running == kNew && device->snapshot().confirmed);
  // It went on at the device's own offset instead of sending everything again.
  const qint64 sent = device->snapshot().uploadedBytes - before;
  QVERIFY2(sent < kLongPayload, qPrintable(QString::number(sent)));
  const QByteArray log = world.run("audit list --text update.resumed").out;
  QVERIFY2(log.contains("update.resumed"), log.constData());
  VERIFY_STATUS(world.run("audit verify"), 0);
}

void CliOutcomeTest::killedOnTrialIsConfirmed() {
  CliWorld world;
  SmpDeviceConfig config = world.deviceConfig();
  config.bootMs = 500;
  const auto device = world.ready({}, config);
  QVERIFY(device);
  const auto tool = world.start(world.applyCommand(world.planDigest()));
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.boots > 1; }, kDeviceMs));
  tool->kill();
  QVERIFY(tool->waitForFinished(kToolMs));
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running == kNew; }, kDeviceMs));
  QVERIFY(!device->snapshot().confirmed);
  VERIFY_STATUS(world.run("update resume"), 0);
  QVERIFY(device->snapshot().running == kNew && device->snapshot().confirmed);
}

// The release was withdrawn meanwhile: it isn't installed any more.
void CliOutcomeTest::killedAndForgottenByTheVendor() {
  CliWorld world;
  world.restartSeconds = kSlowRestartSeconds;
  const auto device = world.ready({.payload = kLongPayload}, slow(world.deviceConfig()));
  QVERIFY(device);
  const auto tool = inTransfer(world, *device);
  QVERIFY(tool);
  tool->kill();
  QVERIFY(tool->waitForFinished(kToolMs));
  world.release(kNew, {.payload = 20'000, .notes = "Another image in its place.\n"});
  VERIFY_STATUS(world.run("vendor refresh"), 0);
  const Ran resumed = world.runJson("update resume");
  QVERIFY2(resumed.status != 0, resumed.out.constData());
  VERIFY_SCHEMA("job", resumed);
  QVERIFY(device->snapshot().running == kOld);
}

QTEST_GUILESS_MAIN(CliOutcomeTest)
#include "cli_outcome_test.moc"
