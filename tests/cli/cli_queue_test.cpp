// Jobs that wait, at a terminal: when they begin, what holds them, who carries them out.
#include "tests/cli/cli_world.h"

using namespace sealift;
using namespace sealift::test;

namespace {

const Version kOld{1, 0, 0, 0};
const Version kNew{1, 1, 0, 0};

}  // namespace

class CliQueueTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void scheduledJobWaitsForSomebodyToWork();
  void jobIsPausedAndCancelled();
  void queueIsPausedAsAWhole();
  void jobWaitsForItsDevice();
  void failedJobIsTriedAgain();
  void vendorLimitsDeferral();
  void limitsAndWindow();
  void badTimesAreRefused_data();
  void badTimesAreRefused();

 private:
  static QStringList apply(const CliWorld& world, const QString& when) {
    return world.applyCommand(world.planDigest()) + QStringList{QStringLiteral("--when"), when};
  }
  static QString inSeconds(qint64 seconds) {
    return QDateTime::currentDateTimeUtc().addSecs(seconds).toString(Qt::ISODate);
  }
  static QJsonObject onlyJob(const CliWorld& world) {
    const QJsonArray jobs = world.runJson("update queue").json().value(QLatin1String("jobs")).toArray();
    return jobs.size() == 1 ? jobs[0].toObject() : QJsonObject();
  }
};

void CliQueueTest::scheduledJobWaitsForSomebodyToWork() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  const Ran agreed = world.runJson(apply(world, inSeconds(3600)));
  VERIFY_STATUS(agreed, 0);
  VERIFY_SCHEMA("job", agreed);
  QCOMPARE(agreed.json().value(QLatin1String("state")).toString(), QStringLiteral("scheduled"));
  QCOMPARE(agreed.json().value(QLatin1String("schedule")).toString(), QStringLiteral("at"));
  QCOMPARE(agreed.json().value(QLatin1String("mostAttempts")).toInt(), 6);
  const Ran later = world.run("update work --due");
  VERIFY_STATUS(later, 0);
  QVERIFY2(device->snapshot().running == kOld, "it began before its time");
  VERIFY_STATUS(world.run({QStringLiteral("update"), QStringLiteral("cancel"),
                           onlyJob(world).value(QLatin1String("id")).toString()}),
                0);
  VERIFY_STATUS(world.run(apply(world, inSeconds(1))), 0);
  // Its time comes; who only looks begins nothing.
  QTRY_VERIFY_WITH_TIMEOUT(world.run("update queue").out.contains("a Sealift that works at the queue"), 20'000);
  const Ran queue = world.runJson("update queue");
  VERIFY_STATUS(queue, 0);
  VERIFY_SCHEMA("queue", queue);
  QVERIFY(device->snapshot().running == kOld);
  const Ran worked = world.runJson("update work");
  VERIFY_STATUS(worked, 0);
  VERIFY_SCHEMA("job", worked);
  QCOMPARE(worked.json().value(QLatin1String("jobs")).toArray().size(), 1);
  QVERIFY(device->snapshot().running == kNew);
  QVERIFY(world.run("update work").out.contains("Nothing had to be done."));
}

void CliQueueTest::jobIsPausedAndCancelled() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  VERIFY_STATUS(world.run(apply(world, inSeconds(1))), 0);
  const QString job = onlyJob(world).value(QLatin1String("id")).toString();
  QVERIFY(!job.isEmpty());
  const Ran paused = world.runJson({QStringLiteral("update"), QStringLiteral("pause"), job});
  VERIFY_STATUS(paused, 0);
  VERIFY_SCHEMA("job", paused);
  QCOMPARE(paused.json().value(QLatin1String("state")).toString(), QStringLiteral("paused"));
  QTest::qWait(1000);
  VERIFY_STATUS(world.run("update work"), 0);
  QVERIFY2(device->snapshot().running == kOld, "a paused job began");
  VERIFY_STATUS(world.run({QStringLiteral("update"), QStringLiteral("continue"), job}), 0);
  VERIFY_STATUS(world.run({QStringLiteral("update"), QStringLiteral("continue"), job}), 2);  // it is not paused
  VERIFY_STATUS(world.run({QStringLiteral("update"), QStringLiteral("cancel"), job}), 0);
  QVERIFY(onlyJob(world).isEmpty());
  VERIFY_STATUS(world.run("update work"), 0);
  QVERIFY(device->snapshot().running == kOld);
  VERIFY_STATUS(world.run("update pause nothing"), 1);
}

void CliQueueTest::queueIsPausedAsAWhole() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  VERIFY_STATUS(world.run(apply(world, inSeconds(1))), 0);
  const Ran paused = world.runJson("update pause");
  VERIFY_STATUS(paused, 0);
  VERIFY_SCHEMA("queue", paused);
  QTest::qWait(1000);
  VERIFY_STATUS(world.run("update work"), 0);
  QVERIFY2(device->snapshot().running == kOld, "a job began though the queue is paused");
  QVERIFY(world.run("update queue").out.contains("The queue is paused"));
  VERIFY_STATUS(world.run("update continue"), 0);
  VERIFY_STATUS(world.run("update work"), 0);
  QVERIFY(device->snapshot().running == kNew);
}

void CliQueueTest::jobWaitsForItsDevice() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  const QString digest = world.planDigest();
  device->powerOff();
  const Ran agreed =
      world.runJson(world.applyCommand(digest) + QStringList{QStringLiteral("--when"), QStringLiteral("connect")});
  VERIFY_STATUS(agreed, 0);
  QCOMPARE(agreed.json().value(QLatin1String("schedule")).toString(), QStringLiteral("connect"));
  const std::unique_ptr<QProcess> worker = world.start({QStringLiteral("update"), QStringLiteral("work")});
  QTest::qWait(500);
  device->powerOn();
  const Ran worked = CliWorld::finish(*worker);
  VERIFY_STATUS(worked, 0);
  QVERIFY(device->snapshot().running == kNew);
}

void CliQueueTest::failedJobIsTriedAgain() {
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  VERIFY_STATUS(world.run(apply(world, inSeconds(1)) + QStringList{QStringLiteral("--attempts"), QStringLiteral("1")}),
                0);
  const QString job = onlyJob(world).value(QLatin1String("id")).toString();
  device->powerOff();
  QTest::qWait(1000);
  VERIFY_STATUS(world.run("update work"), 4);
  device->powerOn();
  QVERIFY(device->waitUntil([](const auto& seen) { return seen.running.has_value(); }, kToolMs));
  const Ran again = world.runJson({QStringLiteral("update"), QStringLiteral("retry"), job});
  VERIFY_STATUS(again, 0);
  VERIFY_SCHEMA("job", again);
  QVERIFY(device->snapshot().running == kNew);
  VERIFY_STATUS(world.run({QStringLiteral("update"), QStringLiteral("retry"), job}), 2);  // it has succeeded
}

void CliQueueTest::vendorLimitsDeferral() {
  CliWorld world;
  world.deferralDays = 3;
  const auto device = world.ready();
  QVERIFY(device);
  const Ran plan = world.runJson("update plan 0001");
  VERIFY_SCHEMA("plan", plan);
  const QString last = plan.json().value(QLatin1String("deferrableUntil")).toString();
  QCOMPARE(QDate::fromString(plan.json().value(QLatin1String("released")).toString(), Qt::ISODate).addDays(3),
           QDate::fromString(last, Qt::ISODate));
  const Ran tooLate = world.runJson(apply(world, inSeconds(5 * 86'400)));
  QVERIFY2(tooLate.status == 3, tooLate.out.constData());
  QVERIFY2(tooLate.out.contains(last.toUtf8()), tooLate.out.constData());
  VERIFY_STATUS(world.runJson(apply(world, inSeconds(86'400))), 0);
}

void CliQueueTest::limitsAndWindow() {
  CliWorld world;
  const Ran limits = world.runJson("station limits --all 12 --per-hub 2");
  VERIFY_STATUS(limits, 0);
  VERIFY_SCHEMA("queue", limits);
  const QJsonObject told =
      limits.json().value(QLatin1String("queue")).toObject().value(QLatin1String("limits")).toObject();
  QCOMPARE(told.value(QLatin1String("all")).toInt(), 12);
  QCOMPARE(told.value(QLatin1String("perHub")).toInt(), 2);
  QVERIFY(world.run("station limits").out.contains("12"));
  VERIFY_STATUS(world.run("station limits --per-host 0"), 2);
  const Ran window = world.runJson({QStringLiteral("station"), QStringLiteral("window"), QStringLiteral("--set"),
                                    QStringLiteral("mon-fri 22:00 4h Europe/Berlin")});
  VERIFY_STATUS(window, 0);
  VERIFY_SCHEMA("queue", window);
  QVERIFY(world.run("station window").out.contains("mon,tue,wed,thu,fri 22:00 4h Europe/Berlin"));
  VERIFY_STATUS(world.run({QStringLiteral("station"), QStringLiteral("window"), QStringLiteral("--set"),
                           QStringLiteral("mon 22:00 4h Europe/Atlantis")}),
                2);
  VERIFY_STATUS(world.run("station window --clear"), 0);
  QVERIFY(world.run("station window").out.contains("no maintenance window"));
}

void CliQueueTest::badTimesAreRefused_data() {
  QTest::addColumn<QStringList>("options");
  QTest::addColumn<int>("status");
  const auto row = [](const char* name, const QStringList& options, int status) {
    QTest::newRow(name) << options << status;
  };
  const QString when = QStringLiteral("--when");
  row("a word", {when, QStringLiteral("soon")}, 2);
  row("no day", {when, QStringLiteral("2026-02-30T10:00")}, 2);
  row("a window without being asked for one", {QStringLiteral("--window"), QStringLiteral("daily 02:00 1h UTC")}, 2);
  row("a window that is none", {when, QStringLiteral("window"), QStringLiteral("--window"), QStringLiteral("daily")},
      2);
  row("no window anywhere", {when, QStringLiteral("window")}, 1);
  row("too many attempts", {QStringLiteral("--attempts"), QStringLiteral("7")}, 2);
  row("idle, and the device does not tell", {when, QStringLiteral("idle")}, 1);
}

void CliQueueTest::badTimesAreRefused() {
  QFETCH(QStringList, options);
  QFETCH(int, status);
  CliWorld world;
  const auto device = world.ready();
  QVERIFY(device);
  const Ran ran = world.runJson(world.applyCommand(world.planDigest()) + options);
  VERIFY_STATUS(ran, status);
  QVERIFY(onlyJob(world).isEmpty());
  QVERIFY(device->snapshot().running == kOld);
}

QTEST_GUILESS_MAIN(CliQueueTest)
#include "cli_queue_test.moc"
