// Whole jobs on a virtual STM32, by the engine: what it concludes from what this driver can tell.
#include "tests/support/job_fixture.h"
#include "tests/support/stm32_world.h"

#include <QTest>

using namespace sealift;

namespace {

QJsonObject talkingByLines() {
  return {{QStringLiteral("lines"), QJsonObject{{QStringLiteral("reset"), QStringLiteral("dtr")},
                                                {QStringLiteral("boot0"), QStringLiteral("rts")}}},
          {QStringLiteral("application"),
           QJsonObject{{QStringLiteral("ask"), QStringLiteral("version")},
                       {QStringLiteral("pattern"), QStringLiteral("firmware (?<version>[0-9.]+)")}}}};
}

struct Stm32Job {
  explicit Stm32Job(bool talks, Stm32MachineConfig config = {})
      : port(prepared(std::move(config), talks), {talks, talks}), opener(port) {
    job.plan.model = stm32Model(talks ? talkingByLines() : QJsonObject());
    renewDriver();
    job.image = stm32Image(makeUsbFirmware(0x0213, 20'000, 2));
    job.plan.release.sha256 = QString::fromLatin1(job.image.sha256.toHex());
    job.plan.release.terms.modelId = job.plan.model.id;
    job.plan.release.terms.format = job.plan.model.imageFormat;
    job.plan.release.terms.version = Version{2, 1, 3, 0};
    job.plan.release.terms.bytes = job.image.bytes.size();
    job.plan.canFallBack = false;
    StepContext step;
    job.plan.device = driver->identify(step).value();
  }
  static Stm32MachineConfig prepared(Stm32MachineConfig config, bool talks) {
    config.boot0 = !talks;
    config.firmware = makeUsbFirmware(0x0100, 20'000, 1);
    return config;
  }
  // As when the program begins anew.
  void renewDriver() {
    driver = makeStm32Driver(job.plan.model, opener);
    job.device = driver.get();
  }
  std::optional<quint16> running() {
    std::optional<quint16> release;
    port.with([&](Stm32Machine& machine) { release = machine.runningRelease(); });
    return release;
  }

  JobFixture job;
  VirtualStm32Port port;
  Stm32Opener opener;
  std::unique_ptr<Stm32Driver> driver;
};

}  // namespace

class Stm32JobTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void claimsNoMoreThanItSaw();
  void tellsWhatRuns();
  void protectedDevicesNeedConsent();
  void lostInTheMiddleIsSettled_data();
  void lostInTheMiddleIsSettled();
  void otherUnitIsRefused();
};

void Stm32JobTest::claimsNoMoreThanItSaw() {
  Stm32Job it(false);
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Succeeded, qUtf8Printable(report.message));
  QCOMPARE(
      report.message,
      QStringLiteral("The device holds 2.1.3 (read back by the STM32 bootloader and compared with the image, byte by "
                     "byte) and was told to start it. It can't tell what it runs."));
  QCOMPARE(it.running(), std::optional<quint16>(0x0213));
  QCOMPARE(it.job.pointsOfNoReturn, 1);
  QCOMPARE(it.job.withoutIntent, QStringList());
}

void Stm32JobTest::tellsWhatRuns() {
  Stm32Job it(true);
  QCOMPARE(it.job.plan.device.runningSlot()->version, std::optional(Version{1, 0, 0, 0}));
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Succeeded, qUtf8Printable(report.message));
  QVERIFY2(report.message.startsWith(QStringLiteral("The device says that it runs 2.1.3.")),
           qUtf8Printable(report.message));
  QCOMPARE(it.running(), std::optional<quint16>(0x0213));
}

void Stm32JobTest::protectedDevicesNeedConsent() {
  Stm32MachineConfig config;
  config.readProtected = true;
  Stm32Job it(false, config);
  const JobReport refused = it.job.run();
  QVERIFY2(refused.outcome == Outcome::Refused, qUtf8Printable(refused.message));
  QCOMPARE(refused.error->code, ErrorCode::DeviceProtected);
  Stm32Job agreed(false, config);
  agreed.job.plan.eraseEverything = true;
  const JobReport report = agreed.job.run();
  QVERIFY2(report.outcome == Outcome::Succeeded, qUtf8Printable(report.message));
  QCOMPARE(agreed.running(), std::optional<quint16>(0x0213));
}

void Stm32JobTest::lostInTheMiddleIsSettled_data() {
  QTest::addColumn<bool>("talks");
  QTest::addColumn<int>("at");
  for (const int at : {1, 20, 60, 150, 400, 700, 950}) {
    QTest::addRow("by hand, at %d", at) << false << at;
    QTest::addRow("by lines, at %d", at) << true << at;
  }
}

void Stm32JobTest::lostInTheMiddleIsSettled() {
  QFETCH(const bool, talks);
  QFETCH(const int, at);
  Stm32Job it(talks);
  it.port.loseAt(static_cast<quint64>(at));
  const JobReport report = it.job.run();
  QVERIFY(it.port.operations() >= static_cast<quint64>(at));
  it.port.loseAt(0);
  it.renewDriver();
  if (report.outcome == Outcome::Unknown) {
    const JobReport settled = it.job.settle();
    QVERIFY2(settled.outcome == Outcome::Succeeded, qUtf8Printable(settled.message));
    QCOMPARE(it.running(), std::optional<quint16>(0x0213));
  } else {
    QVERIFY2(report.outcome == Outcome::Failed && report.message.startsWith(QStringLiteral("Nothing was written.")),
             qUtf8Printable(report.message));
  }
}

void Stm32JobTest::otherUnitIsRefused() {
  Stm32Job it(false);
  it.job.plan.device.serial = QStringLiteral("somebody");
  it.job.plan.model.driverSettings[QStringLiteral("uniqueId")] = QStringLiteral("0x1FFF7A10");
  it.renewDriver();
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Refused, qUtf8Printable(report.message));
  QCOMPARE(report.error->code, ErrorCode::DeviceChanged);
}

QTEST_GUILESS_MAIN(Stm32JobTest)
#include "stm32_job_test.moc"
