// A clock that jumps by years, back and forth, and time zones that change: nothing waits for the wrong time, nothing is
// lost or told in another order, and what has expired is by the clock that there is now.
#include "app/base/deadline.h"
#include "tests/support/job_fixture.h"

#include <QTest>

#include <ctime>

using namespace sealift;

class ClockJumpTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void cleanup();
  void jobGoesOn_data();
  void jobGoesOn();
  void logKeepsItsOrder();
  void settledWithAnotherClock_data();
  void settledWithAnotherClock();
  void deadlinesKnowNoClock();
  void timeZonesChangeNothing();
};

namespace {

constexpr qint64 kYear = 365LL * 24 * 3600;

void setZone(const char* zone) {
  qputenv("TZ", zone);
  ::tzset();
}

}  // namespace

void ClockJumpTest::cleanup() {
  setZone("UTC");
}

void ClockJumpTest::jobGoesOn_data() {
  QTest::addColumn<qint64>("seconds");
  QTest::newRow("five years ahead") << 5 * kYear;
  QTest::newRow("five years back") << -5 * kYear;
  QTest::newRow("to before 1970") << -60 * kYear;
  QTest::newRow("an hour back") << qint64{-3600};
}

// At every step, there and back again.
void ClockJumpTest::jobGoesOn() {
  QFETCH(qint64, seconds);
  JobFixture job;
  qint64 jump = seconds;
  const auto check = job.driver.inside;
  job.driver.inside = [&](const QString& step) {
    check(step);
    job.station.clock().advanceSeconds(jump);
    jump = -jump;
  };
  const JobReport report = job.run();
  QVERIFY2(report.outcome == Outcome::Succeeded, qPrintable(report.message));
  QCOMPARE(job.withoutIntent, QStringList());
  QCOMPARE(job.row().outcome, outcomeName(Outcome::Succeeded));
  // The order of the journal is its numbers', whatever the times say.
  QStringList steps;
  for (const JournalRow& row : job.journal()) {
    if (row.phase == JournalPhase::Intent) {
      steps << row.step;
    }
  }
  QCOMPARE(steps.first(), QStringLiteral("identify"));
  QVERIFY(steps.indexOf(QStringLiteral("transfer")) < steps.indexOf(QStringLiteral("activate")));
  const auto audit = job.station.verify();
  QVERIFY(audit && audit->isIntact());
}

void ClockJumpTest::logKeepsItsOrder() {
  AuditStation station;
  QVERIFY(station.isOpen());
  qint64 last = 0;
  for (const qint64 jump : {kYear, -3 * kYear, qint64{0}, 50 * kYear, -80 * kYear}) {
    station.clock().advanceSeconds(jump);
    const Result<qint64> appended = station.log().append(makeAuditEntry(QStringLiteral("entry")));
    QVERIFY2(appended, qPrintable(messageOf(appended)));
    QCOMPARE(*appended, ++last);
  }
  const auto report = station.verify();
  QVERIFY(report && report->isIntact());
  station.reopen();
  QVERIFY(station.isOpen());
  QCOMPARE(station.log().size().value_or(0), last);
}

void ClockJumpTest::settledWithAnotherClock_data() {
  jobGoesOn_data();
}

// Interrupted, and settled by a computer whose clock is elsewhere.
void ClockJumpTest::settledWithAnotherClock() {
  QFETCH(qint64, seconds);
  JobFixture job;
  job.driver.script(QStringLiteral("transfer"), Mishap::Loses);
  QVERIFY(job.run().outcome == Outcome::Unknown);
  job.driver.away = false;
  job.station.clock().advanceSeconds(seconds);
  const JobReport report = job.settle();
  QVERIFY2(report.outcome == Outcome::Succeeded, qPrintable(report.message));
  const auto audit = job.station.verify();
  QVERIFY(audit && audit->isIntact());
}

void ClockJumpTest::deadlinesKnowNoClock() {
  ManualClock clock(QDateTime::currentDateTimeUtc());
  const Deadline deadline = Deadline::in(std::chrono::minutes(1), QStringLiteral("an answer"));
  clock.advanceSeconds(10 * kYear);
  QVERIFY(!deadline.passed());
  setZone("Pacific/Kiritimati");
  QVERIFY(deadline.remaining() > std::chrono::seconds(30));
}

// What is kept is UTC: a zone that changes in the middle of a job changes no time.
void ClockJumpTest::timeZonesChangeNothing() {
  setZone("Europe/Stockholm");
  JobFixture job;
  const qint64 now = job.station.clock().nowUtc().toMSecsSinceEpoch();
  int steps = 0;
  const auto check = job.driver.inside;
  job.driver.inside = [&](const QString& step) {
    check(step);
    setZone(++steps % 2 == 0 ? "America/Los_Angeles" : "Pacific/Kiritimati");
  };
  QVERIFY(job.run().outcome == Outcome::Succeeded);
  for (const JournalRow& row : job.journal()) {
    QCOMPARE(row.timeMs, now);
  }
  const JobRow row = job.row();
  QCOMPARE(row.startedMs, now);
  QCOMPARE(row.endedMs.value_or(0), now);
  const auto records = AuditQuery(job.station.database()).pageAfter({}, 0, AuditQuery::kMaxPage);
  QVERIFY(records && !records->isEmpty());
  for (const AuditRecord& record : *records) {
    QCOMPARE(record.timeMs, now);
  }
}

QTEST_GUILESS_MAIN(ClockJumpTest)
#include "clock_jump_test.moc"
