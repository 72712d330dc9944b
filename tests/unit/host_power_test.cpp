// This computer's battery and its sleep: what sysfs tells, what logind is asked for. logind is one of our own making,
// on a bus of our own; without dbus-daemon its tests are skipped.
#include "app/update/host_power.h"

#include "app/update/sleep_inhibitor.h"

#include <QDBusConnection>
#include <QDBusContext>
#include <QDBusUnixFileDescriptor>
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QSocketNotifier>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace sealift {

// What there is of org.freedesktop.login1.Manager here. A lock is the other end of a pipe, as logind's is.
class FakeLogind final : public QObject, protected QDBusContext {
  Q_OBJECT
  Q_CLASSINFO("D-Bus Interface", "org.freedesktop.login1.Manager")

 public:
  QStringList asked;
  bool refusesLid = false;
  bool refusesAll = false;

  ~FakeLogind() override {
    for (const int end : std::as_const(ends_)) {
      ::close(end);
    }
  }
  // Locks that somebody holds now.
  int held() const {
    int count = 0;
    for (const int end : ends_) {
      pollfd waiting{end, POLLIN, 0};
      count += ::poll(&waiting, 1, 0) == 0 ? 1 : 0;  // hung up once the last copy is closed
    }
    return count;
  }

 public Q_SLOTS:
  Q_SCRIPTABLE QDBusUnixFileDescriptor Inhibit(const QString& what, const QString& who,  // NOLINT: its own name
                                               const QString& why, const QString& mode) {
    asked << QStringList{what, who, why, mode}.join(u'|');
    if (refusesAll || (refusesLid && what.contains(QLatin1String("lid")))) {
      sendErrorReply(QStringLiteral("org.freedesktop.DBus.Error.AccessDenied"), QStringLiteral("Permission denied"));
      return {};
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      return {};
    }
    ends_ << ends[0];
    const QDBusUnixFileDescriptor lock(ends[1]);
    ::close(ends[1]);
    return lock;
  }

 private:
  QList<int> ends_;
};

class HostPowerTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void cleanupTestCase();
  void suppliesAreRead_data();
  void suppliesAreRead();
  void lowBatteryRefusesOrWarns_data();
  void lowBatteryRefusesOrWarns();
  void sleepIsInhibitedForAsLongAsItIsHeld();
  void oneHoldForAll();
  void withoutTheLidWhereThatIsRefused();
  void refusalIsToldAndNoError();

 private:
  void become(FakeLogind& logind);
  // Runs the body in another thread, as a job would, while this one serves the bus.
  void asJob(const std::function<void()>& body);

  QProcess daemon_;
  QTemporaryDir folder_;
  bool hasBus_ = false;
};

void HostPowerTest::initTestCase() {
  const QString program = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
  if (program.isEmpty()) {
    return;
  }
  const QString socket = folder_.filePath(QStringLiteral("bus"));
  daemon_.start(program, {QStringLiteral("--session"), QStringLiteral("--nofork"), QStringLiteral("--nopidfile"),
                          QStringLiteral("--address=unix:path=") + socket, QStringLiteral("--print-address")});
  QVERIFY(daemon_.waitForStarted());
  QTRY_VERIFY(daemon_.canReadLine());
  qputenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" + QFile::encodeName(socket));
  hasBus_ = QDBusConnection::systemBus().isConnected();
  QVERIFY(hasBus_);
}

void HostPowerTest::cleanupTestCase() {
  if (daemon_.state() != QProcess::NotRunning) {
    daemon_.kill();
    daemon_.waitForFinished();
  }
}

void HostPowerTest::become(FakeLogind& logind) {
  QDBusConnection bus = QDBusConnection::systemBus();
  bus.unregisterObject(QStringLiteral("/org/freedesktop/login1"));
  QVERIFY(
      bus.registerObject(QStringLiteral("/org/freedesktop/login1"), &logind, QDBusConnection::ExportScriptableSlots));
  QVERIFY(bus.registerService(QStringLiteral("org.freedesktop.login1")));
}

void HostPowerTest::asJob(const std::function<void()>& body) {
  const std::unique_ptr<QThread> job(QThread::create(body));
  QEventLoop loop;
  connect(job.get(), &QThread::finished, &loop, &QEventLoop::quit);
  job->start();
  loop.exec();
  job->wait();
}

// Battery ---------------------------------------------------------------------------------------

void HostPowerTest::suppliesAreRead_data() {
  using Values = QList<std::pair<const char*, const char*>>;
  QTest::addColumn<Values>("files");
  QTest::addColumn<bool>("there");
  QTest::addColumn<bool>("onBattery");
  QTest::addColumn<int>("percent");
  const auto row = [](const char* name, const Values& files, bool there, bool onBattery, int percent) {
    QTest::newRow(name) << files << there << onBattery << percent;
  };
  row("no supplies", {}, false, false, 0);
  row("mains alone", {{"AC/type", "Mains"}, {"AC/online", "1"}}, false, false, 0);
  row("laptop on mains",
      {{"AC/type", "Mains"},
       {"AC/online", "1"},
       {"BAT0/type", "Battery"},
       {"BAT0/capacity", "12"},
       {"BAT0/status", "Charging"}},
      true, false, 12);
  row("laptop on battery",
      {{"AC/type", "Mains"},
       {"AC/online", "0"},
       {"BAT0/type", "Battery"},
       {"BAT0/capacity", "12"},
       {"BAT0/status", "Discharging"}},
      true, true, 12);
  row("two batteries",
      {{"BAT0/type", "Battery"},
       {"BAT0/capacity", "0"},
       {"BAT0/status", "Not charging"},
       {"BAT1/type", "Battery"},
       {"BAT1/capacity", "80"},
       {"BAT1/status", "Discharging"}},
      true, true, 40);
  row("a mouse",
      {{"hid/type", "Battery"}, {"hid/scope", "Device"}, {"hid/capacity", "3"}, {"hid/status", "Discharging"}}, false,
      false, 0);
  row("empty bay", {{"BAT1/type", "Battery"}, {"BAT1/present", "0"}, {"BAT1/capacity", "0"}}, false, false, 0);
  row("a word for a number", {{"BAT0/type", "Battery"}, {"BAT0/capacity", "full"}}, false, false, 0);
  row("more than full", {{"BAT0/type", "Battery"}, {"BAT0/capacity", "4000"}, {"BAT0/status", "Discharging"}}, true,
      true, 100);
  row("charged through USB",
      {{"ucsi/type", "USB"},
       {"ucsi/online", "1"},
       {"BAT0/type", "Battery"},
       {"BAT0/capacity", "50"},
       {"BAT0/status", "Discharging"}},
      true, false, 50);
}

void HostPowerTest::suppliesAreRead() {
  using Values = QList<std::pair<const char*, const char*>>;
  QFETCH(Values, files);
  QTemporaryDir folder;
  for (const auto& [path, value] : files) {
    const QString full = folder.filePath(QString::fromLatin1(path));
    QVERIFY(QDir().mkpath(QFileInfo(full).path()));
    QFile file(full);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(value) + '\n');
  }
  const std::optional<HostPower> power = readPowerSupplies(folder.path());
  QTEST(power.has_value(), "there");
  QTEST(power.value_or(HostPower()).onBattery, "onBattery");
  QTEST(power.value_or(HostPower()).percent, "percent");
}

void HostPowerTest::lowBatteryRefusesOrWarns_data() {
  QTest::addColumn<bool>("onBattery");
  QTest::addColumn<int>("percent");
  QTest::addColumn<int>("state");
  const auto row = [](const char* name, bool onBattery, int percent, CheckState state) {
    QTest::newRow(name) << onBattery << percent << static_cast<int>(state);
  };
  row("plugged in and empty", false, 1, CheckState::Passed);
  row("empty", true, 0, CheckState::Failed);
  row("below the limit", true, kRefuseHostBattery - 1, CheckState::Failed);
  row("at the limit", true, kRefuseHostBattery, CheckState::Warning);
  row("low", true, kWarnHostBattery - 1, CheckState::Warning);
  row("enough", true, kWarnHostBattery, CheckState::Passed);
}

void HostPowerTest::lowBatteryRefusesOrWarns() {
  QFETCH(bool, onBattery);
  QFETCH(int, percent);
  const std::optional<Check> check = checkHostPower(HostPower{onBattery, percent});
  QVERIFY(check);
  QTEST(static_cast<int>(check->state), "state");
  if (check->state == CheckState::Failed) {
    QCOMPARE(check->code, QStringLiteral("policy.power"));
    QVERIFY(!check->remedy.isEmpty());
  }
  QVERIFY(!checkHostPower(std::nullopt));
}

// Sleep -----------------------------------------------------------------------------------------

void HostPowerTest::sleepIsInhibitedForAsLongAsItIsHeld() {
  if (!hasBus_) {
    QSKIP("dbus-daemon is missing");
  }
  FakeLogind logind;
  become(logind);
  std::unique_ptr<SleepHold> hold;
  asJob([&] {
    Result<std::unique_ptr<SleepHold>> held = makeSystemSleepInhibitor()->inhibit(QStringLiteral("because"));
    if (held) {
      hold = std::move(*held);
    }
  });
  QVERIFY2(hold, "logind was not asked, or its answer not taken");
  QCOMPARE(logind.asked, QStringList{QStringLiteral("sleep:idle:handle-lid-switch|Sealift|because|block")});
  QCOMPARE(logind.held(), 1);  // also now that the connection of the request is gone
  hold.reset();
  QTRY_COMPARE(logind.held(), 0);
}

void HostPowerTest::oneHoldForAll() {
  if (!hasBus_) {
    QSKIP("dbus-daemon is missing");
  }
  FakeLogind logind;
  become(logind);
  SharedSleepHold shared(makeSystemSleepInhibitor());
  std::shared_ptr<SleepHold> first;
  std::shared_ptr<SleepHold> second;
  asJob([&] {
    first = shared.hold(QStringLiteral("one")).value_or(nullptr);
    second = shared.hold(QStringLiteral("two")).value_or(nullptr);
  });
  QVERIFY(first && second);
  QCOMPARE(logind.asked.size(), 1);
  first.reset();
  QCOMPARE(logind.held(), 1);
  second.reset();
  QTRY_COMPARE(logind.held(), 0);
  asJob([&] { first = shared.hold(QStringLiteral("three")).value_or(nullptr); });
  QCOMPARE(logind.held(), 1);
}

void HostPowerTest::withoutTheLidWhereThatIsRefused() {
  if (!hasBus_) {
    QSKIP("dbus-daemon is missing");
  }
  FakeLogind logind;
  logind.refusesLid = true;
  become(logind);
  std::unique_ptr<SleepHold> hold;
  asJob([&] {
    if (auto held = makeSystemSleepInhibitor()->inhibit(QStringLiteral("because"))) {
      hold = std::move(*held);
    }
  });
  QVERIFY(hold);
  QCOMPARE(logind.asked.size(), 2);
  QVERIFY(logind.asked[1].startsWith(QLatin1String("sleep:idle|")));
}

void HostPowerTest::refusalIsToldAndNoError() {
  if (!hasBus_) {
    QSKIP("dbus-daemon is missing");
  }
  FakeLogind logind;
  logind.refusesAll = true;
  become(logind);
  std::optional<Error> error;
  asJob([&] {
    if (auto held = makeSystemSleepInhibitor()->inhibit(QStringLiteral("because")); !held) {
      error = held.error();
    }
  });
  QVERIFY(error);
  QCOMPARE(error->code, ErrorCode::NotSupported);
  QVERIFY2(error->what.contains(QStringLiteral("Permission denied")), qPrintable(error->what));
}

}  // namespace sealift

QTEST_GUILESS_MAIN(sealift::HostPowerTest)
#include "host_power_test.moc"
