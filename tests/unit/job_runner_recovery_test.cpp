// Walks app/update/RECOVERY.md: what a job does after an interruption of program, link or device.
#include "tests/support/job_fixture.h"

#include <QTest>

using namespace sealift;

namespace {

constexpr int kJournalRows = 22;  // of a job that succeeds

const QStringList kSteps{
    QStringLiteral("identify"), QStringLiteral("prove-identity"), QStringLiteral("enter-bootloader"),
    QStringLiteral("transfer"), QStringLiteral("verify"),         QStringLiteral("activate"),
    QStringLiteral("restart"),  QStringLiteral("wait"),           QStringLiteral("confirm")};

// The journal of a program that ended within `step`.
void interruptIn(JobFixture& job, const QString& step) {
  Journal journal = job.makeJournal();
  const QStringList begun = kSteps.first(kSteps.indexOf(step) + 1);
  for (const QString& name : begun) {
    if (!journal.intent(name) || (name != step && !journal.result(name, {}))) {
      qFatal("The journal could not be written.");
    }
  }
}

struct State {
  bool written = false;
  bool marked = false;
  bool runsNew = false;
  bool confirmed = false;
};

void setDevice(JobFixture& job, const State& state) {
  if (state.written || state.marked || state.runsNew) {
    job.driver.slots[1] = {job.image.facts.version, job.image.facts.digest};
  }
  job.driver.marked = state.marked;
  job.driver.running = state.runsNew ? 1 : 0;
  job.driver.onTrial = state.runsNew && !state.confirmed;
}

QString describe(const JobReport& report) {
  return QStringLiteral("%1 in %2: %3").arg(outcomeName(report.outcome), stageName(report.stage), report.message);
}

}  // namespace

#define COMPARE_SETTLED(job, report, expected)                                                   \
  do {                                                                                           \
    QVERIFY2((report).outcome == (expected), qUtf8Printable(describe(report)));                  \
    QCOMPARE((job).row().state, QStringLiteral("finished"));                                     \
    QCOMPARE((job).row().outcome, outcomeName(expected));                                        \
    QCOMPARE((job).auditedOutcomes().last(), QStringLiteral("update.") + outcomeName(expected)); \
    QCOMPARE((job).withoutIntent, QStringList());                                                \
  } while (false)

class JobRunnerRecoveryTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void table_data();
  void table();
  void programKilledAtEveryRow_data();
  void programKilledAtEveryRow();
  void programAndDeviceKilledAtEveryRow_data();
  void programAndDeviceKilledAtEveryRow();
  void deviceLostAtEveryStep_data();
  void deviceLostAtEveryStep();
  void cancelledJobIsNeverCarriedOn_data();
  void cancelledJobIsNeverCarriedOn();
  void cancelledWhileSettling();
  void anotherImageMarkedMeanwhileIsNotOurs();
  void carryingOnAsksEverythingAgain();
  void unknownUntilSeen();
  void journalThatCantBeRead();
};

void JobRunnerRecoveryTest::table_data() {
  QTest::addColumn<QString>("interruptedIn");
  QTest::addColumn<std::function<void(JobFixture&)>>("device");
  QTest::addColumn<Outcome>("outcome");
  QTest::addColumn<QStringList>("calls");
  const auto state = [](const State& wanted) {
    return std::function<void(JobFixture&)>([wanted](JobFixture& job) { setDevice(job, wanted); });
  };
  const QStringList look{QStringLiteral("identify")};
  const QStringList trial{QStringLiteral("restart"), QStringLiteral("wait"), QStringLiteral("confirm"),
                          QStringLiteral("identify")};
  const QStringList confirm = trial.mid(2);
  for (const QString& step : kSteps) {
    const QByteArray name = step.toLatin1();
    QTest::addRow("no-answer/%s", name.constData())
        << step << std::function<void(JobFixture&)>([](JobFixture& job) { job.driver.away = true; }) << Outcome::Unknown
        << look;
    QTest::addRow("another-unit/%s", name.constData()) << step << std::function<void(JobFixture&)>([](JobFixture& job) {
      setDevice(job, {.runsNew = true, .confirmed = true});
      job.driver.serial = QStringLiteral("gw-0002");
    }) << Outcome::Unknown << look;
    QTest::addRow("new-confirmed/%s", name.constData())
        << step << state({.runsNew = true, .confirmed = true}) << Outcome::Succeeded << look;
    QTest::addRow("new-on-trial/%s", name.constData())
        << step << state({.runsNew = true}) << Outcome::Succeeded << look + confirm;
    QTest::addRow("neither/%s", name.constData()) << step << std::function<void(JobFixture&)>([](JobFixture& job) {
      job.driver.slots[0] = {Version{7, 0, 0, 0}, QByteArrayLiteral("third")};
    }) << Outcome::Unknown << look;
  }
  for (const char* step : {"activate", "restart", "wait", "confirm"}) {
    QTest::addRow("old-marked/%s", step) << QString::fromLatin1(step) << state({.marked = true}) << Outcome::Succeeded
                                         << look + trial;
  }
  for (const char* step : {"restart", "wait", "confirm"}) {
    QTest::addRow("old-not-marked/%s", step)
        << QString::fromLatin1(step) << state({.written = true}) << Outcome::Reverted << look;
  }
  const QStringList whole = kSteps.first(kSteps.indexOf(QStringLiteral("restart"))) + look + trial;
  for (const char* step : {"identify", "prove-identity", "enter-bootloader", "transfer", "verify", "activate"}) {
    QTest::addRow("old-not-marked/%s", step)
        << QString::fromLatin1(step) << state({.written = true}) << Outcome::Succeeded << look + whole;
  }
}

void JobRunnerRecoveryTest::table() {
  QFETCH(QString, interruptedIn);
  QFETCH(std::function<void(JobFixture&)>, device);
  QFETCH(Outcome, outcome);
  QFETCH(QStringList, calls);
  JobFixture job;
  interruptIn(job, interruptedIn);
  device(job);
  const JobReport report = job.settle();
  COMPARE_SETTLED(job, report, outcome);
  QCOMPARE(job.auditedOutcomes().size(), 1);
  QCOMPARE(job.driver.calls, calls);
}

void JobRunnerRecoveryTest::programKilledAtEveryRow_data() {
  QTest::addColumn<int>("rows");
  for (int rows = 0; rows <= kJournalRows; ++rows) {
    QTest::addRow("%02d-rows", rows) << rows;
  }
}

// Only the program ends: whatever the device did goes on, and so does the job.
void JobRunnerRecoveryTest::programKilledAtEveryRow() {
  QFETCH(int, rows);
  JobFixture job;
  QVERIFY(job.stopStoreAfter(rows));
  (void)job.run();
  QVERIFY(job.letStoreGoOn());
  const JobReport report = job.settle();
  COMPARE_SETTLED(job, report, Outcome::Succeeded);
  QCOMPARE(job.auditedOutcomes().size(), 1);
  QCOMPARE(job.driver.running, 1);
  QVERIFY(!job.driver.onTrial);
  const auto audit = job.station.verify();
  QVERIFY(audit && audit->isIntact());
}

void JobRunnerRecoveryTest::programAndDeviceKilledAtEveryRow_data() {
  programKilledAtEveryRow_data();
}

// The device restarts, too, before it is looked at again: a trial that was not confirmed is over.
void JobRunnerRecoveryTest::programAndDeviceKilledAtEveryRow() {
  QFETCH(int, rows);
  JobFixture job;
  QVERIFY(job.stopStoreAfter(rows));
  (void)job.run();
  QVERIFY(job.letStoreGoOn());
  job.driver.powerCycle();
  const JobReport report = job.settle();
  constexpr int kRestartIntended = 15;
  constexpr int kConfirmIntended = 19;
  const bool wasOnTrial = rows >= kRestartIntended && rows < kConfirmIntended;
  COMPARE_SETTLED(job, report, wasOnTrial ? Outcome::Reverted : Outcome::Succeeded);
  QCOMPARE(job.driver.running, wasOnTrial ? 0 : 1);
  QVERIFY(!job.driver.onTrial);
}

void JobRunnerRecoveryTest::deviceLostAtEveryStep_data() {
  QTest::addColumn<QString>("step");
  QTest::addColumn<bool>("powerCycled");
  for (const QString& step : kSteps.mid(2)) {
    QTest::addRow("%s-link", qPrintable(step)) << step << false;
    QTest::addRow("%s-power", qPrintable(step)) << step << true;
  }
}

void JobRunnerRecoveryTest::deviceLostAtEveryStep() {
  QFETCH(QString, step);
  QFETCH(bool, powerCycled);
  JobFixture job;
  job.driver.script(step, Mishap::Loses);
  QCOMPARE(job.run().outcome, Outcome::Unknown);
  QCOMPARE(job.settle().outcome, Outcome::Unknown);  // still away
  job.driver.away = false;
  if (powerCycled) {
    job.driver.powerCycle();
  }
  const JobReport report = job.settle();
  const bool wasOnTrial = step == QLatin1String("wait") || step == QLatin1String("confirm");
  COMPARE_SETTLED(job, report, wasOnTrial && powerCycled ? Outcome::Reverted : Outcome::Succeeded);
  QCOMPARE(job.auditedOutcomes(), (QStringList{QStringLiteral("update.unknown"), QStringLiteral("update.unknown"),
                                               QStringLiteral("update.") + outcomeName(report.outcome)}));
}

void JobRunnerRecoveryTest::cancelledJobIsNeverCarriedOn_data() {
  QTest::addColumn<QString>("step");
  for (const QString& step : kSteps.mid(2)) {
    QTest::addRow("%s", qPrintable(step)) << step;
  }
}

// Cancelled and lost at once: when the device is seen again, what somebody stopped does not begin anew.
void JobRunnerRecoveryTest::cancelledJobIsNeverCarriedOn() {
  QFETCH(QString, step);
  JobFixture job;
  job.driver.script(step, Mishap::Cancels);
  job.driver.script(QStringLiteral("abandon"), Mishap::Loses);
  QCOMPARE(job.run().outcome, Outcome::Unknown);
  QCOMPARE(job.settle().outcome, Outcome::Unknown);  // still away: that must not forget the cancelling
  job.driver.away = false;
  const qsizetype before = job.driver.calls.size();
  const JobReport report = job.settle();
  COMPARE_SETTLED(job, report, Outcome::Cancelled);
  QCOMPARE(job.driver.running, 0);
  QVERIFY(!job.driver.marked);
  for (const char* forward : {"transfer", "activate", "confirm"}) {
    QVERIFY(!job.driver.calls.mid(before).contains(QString::fromLatin1(forward)));
  }
}

void JobRunnerRecoveryTest::cancelledWhileSettling() {
  JobFixture job;
  interruptIn(job, QStringLiteral("restart"));
  setDevice(job, {.runsNew = true});
  job.driver.script(QStringLiteral("identify"), Mishap::Cancels);
  QCOMPARE(job.settle().outcome, Outcome::Unknown);
  const JobReport report = job.settle();
  COMPARE_SETTLED(job, report, Outcome::Cancelled);
  QCOMPARE(job.driver.running, 0);
}

void JobRunnerRecoveryTest::anotherImageMarkedMeanwhileIsNotOurs() {
  JobFixture job;
  interruptIn(job, QStringLiteral("activate"));
  setDevice(job, {.marked = true});
  job.driver.slots[1] = {Version{1, 1, 0, 0}, QByteArrayLiteral("of another image")};
  const JobReport report = job.settle();
  COMPARE_SETTLED(job, report, Outcome::Succeeded);
  // Never started as it was: sent again and verified first.
  QVERIFY(job.driver.calls.indexOf(QStringLiteral("transfer")) > 0);
  QVERIFY(job.driver.calls.indexOf(QStringLiteral("verify")) < job.driver.calls.indexOf(QStringLiteral("restart")));
}

void JobRunnerRecoveryTest::carryingOnAsksEverythingAgain() {
  JobFixture job;
  interruptIn(job, QStringLiteral("transfer"));
  job.image.bytes[0] = 'x';  // the file changed while the program was away
  const JobReport report = job.settle();
  COMPARE_SETTLED(job, report, Outcome::Refused);
  QCOMPARE(report.error->code, ErrorCode::ImageHashMismatch);
  QVERIFY(!job.driver.calls.contains(QStringLiteral("transfer")));
}

void JobRunnerRecoveryTest::unknownUntilSeen() {
  JobFixture job;
  interruptIn(job, QStringLiteral("wait"));
  job.driver.away = true;
  const JobReport report = job.settle();
  COMPARE_SETTLED(job, report, Outcome::Unknown);
  QCOMPARE(report.stage, Stage::Restart);  // as far as it had come
  QCOMPARE(report.error->code, ErrorCode::LinkLost);
}

void JobRunnerRecoveryTest::journalThatCantBeRead() {
  JobFixture job;
  QVERIFY(job.execute(QStringLiteral("DROP TABLE journal")));
  const JobReport report = job.settle();
  QVERIFY(report.outcome == Outcome::Unknown);
  QCOMPARE(job.driver.calls, QStringList());
}

QTEST_GUILESS_MAIN(JobRunnerRecoveryTest)
#include "job_runner_recovery_test.moc"
