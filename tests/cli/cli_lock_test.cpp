// Two runs of the tool, of one data folder or of two, never both touch a device; one that was killed holds nothing.
#include "tests/cli/cli_world.h"

#include <csignal>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kDeviceMs = 30'000;
constexpr qsizetype kLongPayload = 60'000;  // some seconds of slow flash
constexpr int kSlowFlashUsPerKiB = 25'000;
const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

}  // namespace

class CliLockTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void oneDataFolder();
  void twoDataFolders();
  void anotherWayToTheDevice();
  void killedHolderHoldsNothing();

 private:
  // A job that takes a while, and has begun to write.
  bool begin(CliWorld& world) {
    world.restartSeconds = 20;
    SmpDeviceConfig config = world.deviceConfig();
    config.programUsPerKiB = kSlowFlashUsPerKiB;
    device_ = world.ready({.payload = kLongPayload}, config);
    if (!device_) {
      return false;
    }
    second_ = world.file(QStringLiteral("second"));
    const QString digest = world.planDigest();
    if (runSecond({QStringLiteral("vendor"), QStringLiteral("add"), world.vendorFile(), QStringLiteral("--accept"),
                   world.fingerprint()})
                .status != 0 ||
        runSecond({QStringLiteral("device"), QStringLiteral("add"), device_->address().toString()}).status != 0) {
      return false;
    }
    tool_ = world.start(world.applyCommand(digest));
    return device_->waitUntil([](const auto& seen) { return seen.uploadedBytes > 4'000; }, kDeviceMs);
  }
  Ran runSecond(const QStringList& arguments) const {
    QProcess process;
    process.setProcessEnvironment(CliWorld::environment());
    process.start(QStringLiteral(SEALIFTCTL), QStringList{QStringLiteral("--data-dir"), second_} + arguments);
    process.closeWriteChannel();
    return CliWorld::finish(process);
  }
  // Says who has it.
  QString refusal(const Ran& ran) const {
    const QJsonObject error = ran.json().value(QLatin1String("error")).toObject();
    const QString message = error.value(QLatin1String("what")).toString();
    const bool names = message.contains(QStringLiteral("sealiftctl (process %1").arg(tool_->processId()));
    return ran.status != 0 && ran.errorCode() == QLatin1String("device.busy") && names
               ? QString()
               : QString::fromUtf8(ran.out + ran.err);
  }

  std::unique_ptr<VirtualSmpDevice> device_;
  std::unique_ptr<QProcess> tool_;
  QString second_;
};

void CliLockTest::oneDataFolder() {
  CliWorld world;
  QVERIFY(begin(world));
  const Ran looked = world.runJson("update plan 0001");
  QCOMPARE(refusal(looked), QString());
  VERIFY_SCHEMA("error", looked);
  const Ran done = CliWorld::finish(*tool_);
  VERIFY_STATUS(done, 0);
  QVERIFY(device_->snapshot().running == kNew);
  VERIFY_STATUS(world.run("audit verify"), 0);
}

void CliLockTest::twoDataFolders() {
  CliWorld world;
  QVERIFY(begin(world));
  const quint64 before = device_->snapshot().droppedPackets;
  QCOMPARE(refusal(runSecond(
               {QStringLiteral("update"), QStringLiteral("plan"), QStringLiteral("0001"), QStringLiteral("--json")})),
           QString());
  VERIFY_STATUS(CliWorld::finish(*tool_), 0);
  QCOMPARE(device_->snapshot().droppedPackets, before);
  VERIFY_STATUS(runSecond({QStringLiteral("device"), QStringLiteral("show"), QStringLiteral("0001")}), 0);
}

// By its name this time: another address, the same device.
void CliLockTest::anotherWayToTheDevice() {
  CliWorld world;
  QVERIFY(begin(world));
  const QString other = QStringLiteral("udp:localhost:%1").arg(device_->address().port);
  QCOMPARE(refusal(runSecond({QStringLiteral("device"), QStringLiteral("add"), other, QStringLiteral("--json")})),
           QString());
  VERIFY_STATUS(CliWorld::finish(*tool_), 0);
}

void CliLockTest::killedHolderHoldsNothing() {
  CliWorld world;
  QVERIFY(begin(world));
  QVERIFY(::kill(static_cast<pid_t>(tool_->processId()), SIGKILL) == 0);
  QVERIFY(tool_->waitForFinished(kToolMs));
  const Ran looked = runSecond({QStringLiteral("update"), QStringLiteral("plan"), QStringLiteral("0001")});
  VERIFY_STATUS(looked, 0);
  QVERIFY(device_->snapshot().running == kOld);
  VERIFY_STATUS(world.run("update resume"), 0);
  QVERIFY(device_->snapshot().running == kNew && device_->snapshot().confirmed);
}

QTEST_GUILESS_MAIN(CliLockTest)
#include "cli_lock_test.moc"
