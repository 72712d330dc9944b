// Maintenance windows and schedules over real time zones and both changes of daylight saving time.
#include "app/update/job_schedule.h"

#include <QTest>

using namespace sealift;

namespace {

QDateTime utc(const char* text) {
  const QDateTime time = QDateTime::fromString(QString::fromLatin1(text) + u'Z', Qt::ISODate);
  if (!time.isValid()) {
    qFatal("not a time: %s", text);
  }
  return time.toUTC();
}

MaintenanceWindow window(const char* text) {
  const Result<MaintenanceWindow> parsed = MaintenanceWindow::parse(QString::fromLatin1(text));
  if (!parsed) {
    qFatal("%s", qPrintable(parsed.error().message()));
  }
  return *parsed;
}

}  // namespace

class MaintenanceWindowTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void instantOfWallClock_data();
  void instantOfWallClock();
  void windowOf_data();
  void windowOf();
  void lengthIsElapsedTime();
  void windowsFollowOneAnother();
  void textAndJsonGoBothWays();
  void badTextIsRefused_data();
  void badTextIsRefused();
  void turnOfEachKind();
  void jobMustFit();
  void jobLongerThanItsWindow();
  void missedWindowsAreCounted();
  void tonightIsEveryNight();
  void damagedScheduleIsNeverNow();
};

void MaintenanceWindowTest::instantOfWallClock_data() {
  QTest::addColumn<QString>("zone");
  QTest::addColumn<QString>("wall");
  QTest::addColumn<QDateTime>("instant");
  const auto row = [](const char* name, const char* zone, const char* wall, const char* instant) {
    QTest::newRow(name) << QString::fromLatin1(zone) << QString::fromLatin1(wall) << utc(instant);
  };
  // Directive 2000/84/EC: last Sundays of March and October, 01:00 UTC.
  row("Berlin winter", "Europe/Berlin", "2026-01-15T02:30", "2026-01-15T01:30:00");
  row("Berlin summer", "Europe/Berlin", "2026-07-15T02:30", "2026-07-15T00:30:00");
  row("Berlin skipped", "Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00:00");
  row("Berlin first skipped", "Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00:00");
  row("Berlin after", "Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00:00");
  row("Berlin before", "Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59:00");
  row("Berlin twice", "Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00");
  row("Berlin after twice", "Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00:00");
  // Energy Policy Act of 2005, section 110: second Sunday of March, first of November, 2 o'clock.
  row("New York skipped", "America/New_York", "2026-03-08T02:15", "2026-03-08T07:00:00");
  row("New York twice", "America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00");
  // Half an hour: from 10:30 to 11 hours ahead, first Sundays of April and October, 2 o'clock.
  row("Lord Howe skipped", "Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00");
  row("Lord Howe after", "Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30:00");
  row("Lord Howe twice", "Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00");
  row("Lord Howe after twice", "Australia/Lord_Howe", "2026-04-05T02:00", "2026-04-04T15:30:00");
  row("Kolkata", "Asia/Kolkata", "2026-03-29T02:30", "2026-03-28T21:00:00");
  row("UTC", "UTC", "2026-03-29T02:30", "2026-03-29T02:30:00");
}

void MaintenanceWindowTest::instantOfWallClock() {
  QFETCH(QString, zone);
  QFETCH(QString, wall);
  QFETCH(QDateTime, instant);
  const QTimeZone known(zone.toLatin1());
  QVERIFY2(known.isValid(), "this computer has no tz database");
  const QDateTime time = QDateTime::fromString(wall, Qt::ISODate);
  QCOMPARE(instantOf(time.date(), time.time(), known), instant);
}

void MaintenanceWindowTest::windowOf_data() {
  QTest::addColumn<QString>("text");
  QTest::addColumn<QDateTime>("now");
  QTest::addColumn<QDateTime>("start");
  QTest::addColumn<QDateTime>("end");
  const auto row = [](const char* name, const char* text, const char* now, const char* start, const char* end) {
    QTest::newRow(name) << QString::fromLatin1(text) << utc(now) << utc(start) << utc(end);
  };
  // 2026-03-23 is a Monday.
  row("before", "mon 22:00 4h UTC", "2026-03-23T12:00:00", "2026-03-23T22:00:00", "2026-03-24T02:00:00");
  row("at its start", "mon 22:00 4h UTC", "2026-03-23T22:00:00", "2026-03-23T22:00:00", "2026-03-24T02:00:00");
  row("over midnight", "mon 22:00 4h UTC", "2026-03-24T01:59:59", "2026-03-23T22:00:00", "2026-03-24T02:00:00");
  row("at its end", "mon 22:00 4h UTC", "2026-03-24T02:00:00", "2026-03-30T22:00:00", "2026-03-31T02:00:00");
  row("whole day", "sun 00:00 24h UTC", "2026-03-29T23:59:59", "2026-03-29T00:00:00", "2026-03-30T00:00:00");
  row("other day there", "mon 00:30 1h Asia/Kolkata", "2026-03-22T18:00:00", "2026-03-22T19:00:00",
      "2026-03-22T20:00:00");
  row("Berlin, night of the change", "sun 02:30 2h Europe/Berlin", "2026-03-28T23:00:00", "2026-03-29T01:00:00",
      "2026-03-29T03:00:00");
  row("Berlin, hour that comes twice", "sun 02:00 1h Europe/Berlin", "2026-10-24T23:00:00", "2026-10-25T00:00:00",
      "2026-10-25T01:00:00");
  row("Berlin, its second time is not another window", "sun 02:00 1h Europe/Berlin", "2026-10-25T01:10:00",
      "2026-11-01T01:00:00", "2026-11-01T02:00:00");
  row("New York", "sun 01:00 3h America/New_York", "2026-03-08T06:30:00", "2026-03-08T06:00:00", "2026-03-08T09:00:00");
  row("Lord Howe", "sun 02:10 1h Australia/Lord_Howe", "2026-10-03T12:00:00", "2026-10-03T15:30:00",
      "2026-10-03T16:30:00");
}

void MaintenanceWindowTest::windowOf() {
  QFETCH(QString, text);
  QFETCH(QDateTime, now);
  QFETCH(QDateTime, start);
  QFETCH(QDateTime, end);
  const std::optional<WindowTime> found = window(qPrintable(text)).currentOrNext(now);
  QVERIFY(found);
  QCOMPARE(found->start, start);
  QCOMPARE(found->end, end);
}

void MaintenanceWindowTest::lengthIsElapsedTime() {
  for (const char* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}) {
    const MaintenanceWindow nightly = window(qPrintable(QStringLiteral("daily 01:00 4h %1").arg(QLatin1String(zone))));
    QDateTime now = utc("2026-01-01T12:00:00");
    for (int night = 0; night < 365; ++night) {
      const std::optional<WindowTime> next = nightly.currentOrNext(now);
      QVERIFY(next);
      QCOMPARE(next->start.secsTo(next->end), 4 * 3600);
      now = next->end;
    }
  }
}

// Through two years, minute by minute where it matters: each window begins at its wall clock's time on its day.
void MaintenanceWindowTest::windowsFollowOneAnother() {
  for (const char* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}) {
    const MaintenanceWindow weekly = window(qPrintable(QStringLiteral("wed,sun 02:30 2h %1").arg(QLatin1String(zone))));
    const QTimeZone known(zone);
    std::optional<WindowTime> at = weekly.currentOrNext(utc("2026-01-01T00:00:00"));
    for (int i = 0; i < 208; ++i) {
      QVERIFY(at);
      const QDateTime wall = at->start.toTimeZone(known);
      const bool onTime = wall.time() == QTime(2, 30) || wall.time() == QTime(3, 0);  // 3:00 where 2:30 is skipped
      QVERIFY2(onTime, qPrintable(wall.toString(Qt::ISODate)));
      QVERIFY(wall.date().dayOfWeek() == 3 || wall.date().dayOfWeek() == 7);
      const std::optional<WindowTime> next = weekly.after(*at);
      QVERIFY(next);
      const qint64 days = wall.date().daysTo(next->start.toTimeZone(known).date());
      QCOMPARE(days, wall.date().dayOfWeek() == 3 ? 4 : 3);
      at = next;
    }
  }
}

void MaintenanceWindowTest::textAndJsonGoBothWays() {
  for (const auto& [text, normal] :
       {std::pair{"mon-fri 1:30 2h30m Europe/Berlin", "mon,tue,wed,thu,fri 01:30 2h30m Europe/Berlin"},
        {"daily 02:00 90m UTC", "daily 02:00 1h30m UTC"},
        {"fri-mon 22:00 4h Asia/Kolkata", "mon,fri,sat,sun 22:00 4h Asia/Kolkata"},
        {"SUN,sun 00:00 45m UTC", "sun 00:00 45m UTC"}}) {
    const MaintenanceWindow parsed = window(text);
    QCOMPARE(parsed.toString(), QString::fromLatin1(normal));
    QVERIFY(window(qPrintable(parsed.toString())) == parsed);
    const Result<MaintenanceWindow> again = MaintenanceWindow::fromJson(parsed.toJson());
    QVERIFY(again && *again == parsed);
  }
}

void MaintenanceWindowTest::badTextIsRefused_data() {
  QTest::addColumn<QString>("text");
  for (const char* text :
       {"", "mon", "mon 22:00 4h", "mon 22:00 4h Europe/Atlantis", "mon 22:00 4h Nowhere", "mon 22:00 4h CET-1CEST",
        "mon 25:00 4h UTC", "mon 22:00 0m UTC", "mon 22:00 25h UTC", "mon 22:00 -1h UTC", "mon 22:00 4 UTC",
        "xyz 22:00 4h UTC", "mon- 22:00 4h UTC", "mon-tue-wed 22:00 4h UTC", "mon 22:00 4h UTC more",
        "mon, 22:00 4h UTC", "mon 22:00 99h9999m UTC", "mon 22:00 4h ../../etc/passwd"}) {
    QTest::newRow(text) << QString::fromLatin1(text);
  }
}

void MaintenanceWindowTest::badTextIsRefused() {
  QFETCH(QString, text);
  const Result<MaintenanceWindow> parsed = MaintenanceWindow::parse(text);
  QVERIFY2(!parsed, "was taken");
  QVERIFY(parsed.error().code == ErrorCode::InvalidArgument);
  QVERIFY(!parsed.error().remedy.isEmpty());
}

void MaintenanceWindowTest::turnOfEachKind() {
  const QDateTime now = utc("2026-03-23T12:00:00");
  QVERIFY(turnAt(JobSchedule::now(), now, 60).due);
  QVERIFY(turnAt(JobSchedule::whenIdle(), now, 60).due);
  QVERIFY(!turnAt(JobSchedule::onConnect(), now, 60).due);
  QVERIFY(turnAt(JobSchedule::atTime(now), now, 60).due);
  const Turn later = turnAt(JobSchedule::atTime(now.addSecs(1)), now, 60);
  QVERIFY(!later.due);
  QCOMPARE(later.next, now.addSecs(1));
  const Turn night = turnAt(JobSchedule::inWindow(window("mon 22:00 4h Europe/Berlin")), now, 60);
  QVERIFY(!night.due);
  QCOMPARE(night.next, utc("2026-03-23T21:00:00"));
  QCOMPARE(night.reason, QStringLiteral("the maintenance window begins 2026-03-23 22:00 CET"));
  QVERIFY(turnAt(JobSchedule::inWindow(window("mon 22:00 4h Europe/Berlin")), utc("2026-03-23T21:00:00"), 60).due);
}

void MaintenanceWindowTest::jobMustFit() {
  const JobSchedule schedule = JobSchedule::inWindow(window("mon 22:00 1h UTC"));
  QVERIFY(turnAt(schedule, utc("2026-03-23T22:50:00"), 600).due);
  const Turn late = turnAt(schedule, utc("2026-03-23T22:50:01"), 600);
  QVERIFY2(!late.due, "would still run when the window has ended");
  QCOMPARE(late.next, utc("2026-03-30T22:00:00"));
  QCOMPARE(late.reason, QStringLiteral("9 min are left of the maintenance window and the update takes about 10 min; "
                                       "next: 2026-03-30 22:00 UTC"));
}

void MaintenanceWindowTest::jobLongerThanItsWindow() {
  const JobSchedule schedule = JobSchedule::inWindow(window("mon 22:00 1h UTC"));
  QVERIFY(turnAt(schedule, utc("2026-03-23T22:00:30"), 2 * 3600).due);
  QVERIFY(!turnAt(schedule, utc("2026-03-23T22:30:00"), 2 * 3600).due);
}

void MaintenanceWindowTest::missedWindowsAreCounted() {
  const JobSchedule schedule = JobSchedule::inWindow(window("daily 02:00 2h UTC"));
  QCOMPARE(missedWindows(schedule, utc("2026-03-23T12:00:00"), utc("2026-03-23T18:00:00")), 0);
  QCOMPARE(missedWindows(schedule, utc("2026-03-23T12:00:00"), utc("2026-03-24T03:59:59")), 0);
  QCOMPARE(missedWindows(schedule, utc("2026-03-23T12:00:00"), utc("2026-03-24T04:00:00")), 1);
  QCOMPARE(missedWindows(schedule, utc("2026-03-23T12:00:00"), utc("2026-03-26T12:00:00")), 3);
  QCOMPARE(missedWindows(schedule, utc("2026-03-23T12:00:00"), utc("2126-03-26T12:00:00")), 99);
  QCOMPARE(missedWindows(schedule, utc("2026-03-26T12:00:00"), utc("2026-03-23T12:00:00")), 0);  // the clock went back
  QCOMPARE(missedWindows(JobSchedule::now(), utc("2026-03-23T12:00:00"), utc("2026-03-26T12:00:00")), 0);
}

void MaintenanceWindowTest::tonightIsEveryNight() {
  const Result<JobSchedule> tonight = JobSchedule::tonight(QStringLiteral("Europe/Berlin"));
  QVERIFY(tonight);
  QCOMPARE(turnAt(*tonight, utc("2026-07-15T12:00:00"), 60).next, utc("2026-07-16T00:00:00"));
  QVERIFY(turnAt(*tonight, utc("2026-07-16T01:00:00"), 60).due);
  QVERIFY(!turnAt(*tonight, utc("2026-07-16T07:00:00"), 60).due);  // Sealift was opened in the morning
  QCOMPARE(turnAt(*tonight, utc("2026-07-16T07:00:00"), 60).next, utc("2026-07-17T00:00:00"));
  QVERIFY(!JobSchedule::tonight(QStringLiteral("Nowhere")));
}

void MaintenanceWindowTest::damagedScheduleIsNeverNow() {
  const JobSchedule at = JobSchedule::atTime(utc("2026-03-23T12:00:00.250"));
  for (const JobSchedule& schedule : {JobSchedule::now(), at, JobSchedule::onConnect(), JobSchedule::whenIdle(),
                                      JobSchedule::inWindow(window("daily 02:00 2h UTC"))}) {
    const Result<JobSchedule> again = JobSchedule::fromJson(schedule.toJson());
    QVERIFY(again && *again == schedule);
  }
  QVERIFY(!JobSchedule::fromJson({}));
  QVERIFY(!JobSchedule::fromJson({{QStringLiteral("kind"), QStringLiteral("at")}}));
  QVERIFY(!JobSchedule::fromJson({{QStringLiteral("kind"), QStringLiteral("window")}}));
  QVERIFY(!JobSchedule::fromJson({{QStringLiteral("kind"), QStringLiteral("soon")}}));
}

QTEST_GUILESS_MAIN(MaintenanceWindowTest)
#include "maintenance_window_test.moc"
