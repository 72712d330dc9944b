// A device with one place for firmware: no way back while it is written, so what was begun is finished.
#include "tests/support/in_place_driver.h"
#include "tests/support/job_fixture.h"

#include <QTest>

using namespace sealift;

namespace {

const QStringList kOrder{QStringLiteral("identify"),         QStringLiteral("prove-identity"),
                         QStringLiteral("enter-bootloader"), QStringLiteral("transfer"),
                         QStringLiteral("verify"),           QStringLiteral("activate"),
                         QStringLiteral("restart"),          QStringLiteral("wait")};
constexpr int kJournalRows = 16;
const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

struct InPlaceJob {
  InPlaceJob() {
    device.inside = job.driver.inside;
    job.device = &device;
    job.plan.device = device.snapshot();
    job.plan.canFallBack = false;
  }
  JobFixture job;
  InPlaceDriver device;
};

Status lost() {
  return fail(ErrorCode::LinkLost, QStringLiteral("The device went away."));
}

}  // namespace

class JobRunnerInPlaceTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void succeedsAndClaimsNoMoreThanItSaw();
  void startsFromTheBootloader();
  void endsUnseenWhereNobodyTells();
  void cancelBeforeTheFirstWriteLeavesTheOldFirmware();
  void cancelAfterTheFirstWriteIsNotHeard_data();
  void cancelAfterTheFirstWriteIsNotHeard();
  void interruptedWriteIsFinishedAtTheNextSight_data();
  void interruptedWriteIsFinishedAtTheNextSight();
  void firmwareThatDoesNotStartIsNotWrittenAgain();
  void deviceThatStaysOldIsNotSaidToHaveGoneBack();
  void otherUnitInTheBootloaderIsNotWritten();
  void onlyAnAgreedPlanErases_data();
  void onlyAnAgreedPlanErases();
  void programKilledAtEveryRow_data();
  void programKilledAtEveryRow();
};

void JobRunnerInPlaceTest::succeedsAndClaimsNoMoreThanItSaw() {
  InPlaceJob it;
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Succeeded, qUtf8Printable(report.message));
  QCOMPARE(it.device.calls, kOrder);
  QCOMPARE(it.job.withoutIntent, QStringList());
  QVERIFY(it.device.firmware == kNew && !it.device.inBootloader);
  QCOMPARE(report.message,
           QStringLiteral("The device says that it runs 1.1.0. What it holds: read back and compared."));
}

void JobRunnerInPlaceTest::startsFromTheBootloader() {
  InPlaceJob it;
  it.device.firmware.reset();
  it.device.inBootloader = true;
  it.job.plan.device = it.device.snapshot();
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Succeeded, qUtf8Printable(report.message));
  QVERIFY(it.device.firmware == kNew);
}

void JobRunnerInPlaceTest::endsUnseenWhereNobodyTells() {
  InPlaceJob it;
  it.device.can.runningVersion = false;
  it.device.inBootloader = true;
  it.job.plan.device = it.device.snapshot();
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Succeeded, qUtf8Printable(report.message));
  QVERIFY(!it.device.calls.contains(QStringLiteral("wait")));
  QCOMPARE(report.message, QStringLiteral("The device holds 1.1.0 (read back and compared) and was told to start it. "
                                          "It can't tell what it runs."));
}

void JobRunnerInPlaceTest::cancelBeforeTheFirstWriteLeavesTheOldFirmware() {
  InPlaceJob it;
  it.device.mishap = [&](const QString& step) {
    if (step == QLatin1String("enter-bootloader")) {
      it.job.cancel.cancel();
    }
    return Status();
  };
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Cancelled, qUtf8Printable(report.message));
  QVERIFY(!it.device.calls.contains(QStringLiteral("transfer")));
  QVERIFY(it.device.firmware == kOld && !it.device.inBootloader);
  QCOMPARE(it.job.pointsOfNoReturn, 0);
}

void JobRunnerInPlaceTest::cancelAfterTheFirstWriteIsNotHeard_data() {
  QTest::addColumn<QString>("step");
  for (const QString& step : kOrder.mid(3)) {
    QTest::newRow(qPrintable(step)) << step;
  }
}

void JobRunnerInPlaceTest::cancelAfterTheFirstWriteIsNotHeard() {
  QFETCH(const QString, step);
  InPlaceJob it;
  it.device.mishap = [&](const QString& now) {
    if (now == step) {
      it.job.cancel.cancel();
    }
    return Status();
  };
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Succeeded, qUtf8Printable(report.message));
  QCOMPARE(it.job.pointsOfNoReturn, 1);
  QVERIFY(it.device.firmware == kNew);
}

void JobRunnerInPlaceTest::interruptedWriteIsFinishedAtTheNextSight_data() {
  QTest::addColumn<QString>("step");
  QTest::addColumn<bool>("staysAway");
  for (const char* step : {"transfer", "verify"}) {
    QTest::addRow("%s, answers again", step) << QString::fromLatin1(step) << false;
    QTest::addRow("%s, gone", step) << QString::fromLatin1(step) << true;
  }
}

void JobRunnerInPlaceTest::interruptedWriteIsFinishedAtTheNextSight() {
  QFETCH(const QString, step);
  QFETCH(const bool, staysAway);
  InPlaceJob it;
  bool broken = false;
  it.device.mishap = [&](const QString& now) {
    if (now == step) {
      broken = true;
      it.device.firmware.reset();
      return lost();
    }
    return broken && staysAway ? lost() : Status();
  };
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Unknown, qUtf8Printable(report.message));
  QVERIFY2(report.message.contains(QStringLiteral("may be incomplete")), qUtf8Printable(report.message));
  QVERIFY(!it.device.firmware && it.device.inBootloader);

  it.device.mishap = [](const QString&) { return Status(); };
  const JobReport settled = it.job.settle();
  QVERIFY2(settled.outcome == Outcome::Succeeded, qUtf8Printable(settled.message));
  QVERIFY(it.device.firmware == kNew && !it.device.inBootloader);
}

void JobRunnerInPlaceTest::firmwareThatDoesNotStartIsNotWrittenAgain() {
  InPlaceJob it;
  it.device.newFirmwareStarts = false;
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Unknown, qUtf8Printable(report.message));
  QCOMPARE(report.message, QStringLiteral("The device is in its bootloader and runs no firmware."));
  it.device.calls.clear();
  const JobReport settled = it.job.settle();
  QVERIFY2(settled.outcome == Outcome::Unknown, qUtf8Printable(settled.message));
  QCOMPARE(it.device.calls.count(QStringLiteral("transfer")), 0);
  QCOMPARE(it.device.calls.count(QStringLiteral("restart")), 1);
}

void JobRunnerInPlaceTest::deviceThatStaysOldIsNotSaidToHaveGoneBack() {
  InPlaceJob it;
  it.device.tellsOldVersion = true;
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Failed, qUtf8Printable(report.message));
  QVERIFY2(report.message.contains(QStringLiteral("still says that it runs 1.0.0")), qUtf8Printable(report.message));
}

// A bootloader that tells no serial number is met by its place; one that tells another's is somebody else.
void JobRunnerInPlaceTest::otherUnitInTheBootloaderIsNotWritten() {
  InPlaceJob it;
  it.job.plan.device.serial = QStringLiteral("gw-0002");
  const JobReport report = it.job.run();
  QVERIFY2(report.outcome == Outcome::Refused, qUtf8Printable(report.message));
  QCOMPARE(it.device.calls, QStringList{QStringLiteral("identify")});
}

void JobRunnerInPlaceTest::onlyAnAgreedPlanErases_data() {
  QTest::addColumn<bool>("agreed");
  QTest::newRow("agreed") << true;
  QTest::newRow("not agreed") << false;
}

void JobRunnerInPlaceTest::onlyAnAgreedPlanErases() {
  QFETCH(const bool, agreed);
  InPlaceJob it;
  it.job.plan.eraseEverything = agreed;
  QCOMPARE(it.job.run().outcome, Outcome::Succeeded);
  QCOMPARE(it.device.wasToldToErase, agreed);
}

void JobRunnerInPlaceTest::programKilledAtEveryRow_data() {
  QTest::addColumn<int>("rows");
  for (int rows = 0; rows <= kJournalRows; ++rows) {
    QTest::addRow("%02d-rows", rows) << rows;
  }
}

void JobRunnerInPlaceTest::programKilledAtEveryRow() {
  QFETCH(const int, rows);
  InPlaceJob it;
  QVERIFY(it.job.stopStoreAfter(rows));
  (void)it.job.run();
  QVERIFY(it.job.letStoreGoOn());
  const JobReport settled = it.job.settle();
  QVERIFY2(settled.outcome == Outcome::Succeeded, qUtf8Printable(settled.message));
  QVERIFY(it.device.firmware == kNew && !it.device.inBootloader);
  QCOMPARE(it.job.withoutIntent, QStringList());
}

QTEST_GUILESS_MAIN(JobRunnerInPlaceTest)
#include "job_runner_in_place_test.moc"
