// sealiftctl killed (SIGKILL) at seeded moments of an update, then told to go on: the device ends on the new firmware,
// or nothing had begun; the log is whole.
#include "tests/cli/cli_world.h"
#include "tests/support/soak.h"

#include <QElapsedTimer>
#include <QThread>

#include <csignal>
#include <random>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kBrief = 8;
constexpr int kSoak = 200;
constexpr quint32 kSeed = 20'261'121;
const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

}  // namespace

class CliKillTest : public QObject {
  Q_OBJECT

 public:
  CliKillTest() { qputenv("QTEST_FUNCTION_TIMEOUT", "3500000"); }  // ms; ctest has the limit

 private Q_SLOTS:
  void killedAtAnyMoment();

 private:
  // Each unit has its own serial number and place, as they come off a belt.
  QString killAndGoOn(CliWorld& world, int number, std::chrono::microseconds after);
  std::chrono::microseconds whole_{0};
  QMap<QString, int> ends_;
};

// Empty, or what is wrong.
QString CliKillTest::killAndGoOn(CliWorld& world, int number, std::chrono::microseconds after) {
  const QString serial = QStringLiteral("K%1").arg(number, 4, 10, QLatin1Char('0'));
  SmpDeviceConfig config = world.deviceConfig();
  config.serial = serial;
  config.programUsPerKiB = 3'000;
  config.bootMs = 100;
  VirtualSmpDevice device(config);
  if (!device.start()) {
    return QStringLiteral("the device does not start");
  }
  const Ran added = world.run({QStringLiteral("device"), QStringLiteral("add"), device.address().toString()});
  const QString digest = world.planDigest(serial);
  if (added.status != 0 || digest.isEmpty()) {
    return QString::fromUtf8(added.err) + QStringLiteral("there is no plan");
  }
  QElapsedTimer timer;
  timer.start();
  const auto tool =
      world.start({QStringLiteral("update"), QStringLiteral("apply"), serial, QStringLiteral("--accept"), digest});
  if (after.count() == 0) {  // to measure how long it takes
    const Ran ran = CliWorld::finish(*tool);
    whole_ = std::chrono::microseconds(timer.nsecsElapsed() / 1000);
    return ran.status == 0 ? QString() : QString::fromUtf8(ran.err);
  }
  QThread::usleep(static_cast<unsigned long>(after.count()));
  (void)::kill(static_cast<pid_t>(tool->processId()), SIGKILL);
  (void)tool->waitForFinished(kToolMs);
  const Ran resumed = world.runJson("update resume");
  const bool there = device.waitUntil([](const auto& seen) { return seen.running.has_value(); }, kToolMs);
  const auto now = device.snapshot();
  const QJsonArray jobs = resumed.json().value(QLatin1String("jobs")).toArray();
  const QString outcome = jobs.isEmpty() ? QStringLiteral("not begun, or over")
                                         : jobs.last().toObject().value(QLatin1String("outcome")).toString();
  ++ends_[outcome];
  const bool isNew = there && now.running == kNew && now.confirmed;
  const bool isUntouched = there && now.running == kOld && jobs.isEmpty();
  if (resumed.status != 0 || !(isNew || isUntouched)) {
    return QStringLiteral("%1, and the device runs %2: %3")
        .arg(outcome, now.running ? now.running->toString() : QStringLiteral("nothing"),
             QString::fromUtf8(resumed.out + resumed.err));
  }
  const Ran again = world.run("update resume");
  return again.out.contains("No job was interrupted") ? QString() : QStringLiteral("it is still to be settled");
}

void CliKillTest::killedAtAnyMoment() {
  CliWorld world;
  world.initRepository();
  world.release(kNew, {.payload = 20'000});
  world.addVendor();
  QVERIFY(!QTest::currentTestFailed());
  const QString measured = killAndGoOn(world, 0, std::chrono::microseconds(0));
  QVERIFY2(measured.isEmpty(), qPrintable(measured));
  std::mt19937 random(kSeed);
  const int cases = isSoak() ? kSoak : kBrief;
  for (int i = 1; i <= cases; ++i) {
    // Evenly over the update, each somewhere in its part.
    const double at = (i - 1 + std::uniform_real_distribution<double>(0.01, 1)(random)) / cases;
    const auto after = std::chrono::microseconds(static_cast<qint64>(static_cast<double>(whole_.count()) * at) + 1);
    const QString problem = killAndGoOn(world, i, after);
    QVERIFY2(problem.isEmpty(), qPrintable(QStringLiteral("killed after %1 µs: %2").arg(after.count()).arg(problem)));
  }
  VERIFY_STATUS(world.run("audit verify"), 0);
  QStringList told;
  for (auto it = ends_.cbegin(); it != ends_.cend(); ++it) {
    told << QStringLiteral("%1 %2").arg(it.value()).arg(it.key());
  }
  tellCases(cases, QStringLiteral("sealiftctl killed: ") + told.join(QStringLiteral(", ")));
  qInfo("%d cases: %s", cases, qUtf8Printable(told.join(QStringLiteral(", "))));
}

QTEST_GUILESS_MAIN(CliKillTest)
#include "cli_kill_test.moc"
