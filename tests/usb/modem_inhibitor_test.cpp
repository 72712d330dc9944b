// ModemManager is kept away: one of our own making, on a bus of our own, in the guest with QEMU's USB devices.
// Skipped without dbus-daemon.
#include "transports/links/modem_inhibitor.h"

#include <QDBusConnection>
#include <QDBusContext>
#include <QDBusError>
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <functional>

namespace sealift {

// What there is of org.freedesktop.ModemManager1 here: one device after another may become known.
class FakeModemManager final : public QObject, protected QDBusContext {
  Q_OBJECT
  Q_CLASSINFO("D-Bus Interface", "org.freedesktop.ModemManager1")

 public:
  QStringList known;
  QStringList calls;

 public Q_SLOTS:
  Q_SCRIPTABLE void InhibitDevice(const QString& uid, bool inhibit) {  // NOLINT: the interface's own name
    calls.append(uid + (inhibit ? QStringLiteral(" on") : QStringLiteral(" off")));
    if (!known.contains(uid)) {
      sendErrorReply(QStringLiteral("org.freedesktop.ModemManager1.Error.Core.NotFound"),
                     QStringLiteral("No device found with uid"));
    }
  }
};

class ModemInhibitorTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void cleanupTestCase();
  void cleanup();
  void findsTheDeviceInSysfs_data();
  void findsTheDeviceInSysfs();
  void inhibitsForItsLifetime();
  void asksUntilTheDeviceIsKnown();
  void nothingWithoutModemManager();
  void nothingForTheNetwork();

 private:
  void become(FakeModemManager& manager);
  // Runs the body in another thread, as a job would, while this one serves the bus.
  void asJob(const std::function<void()>& body);
  // Any device that this computer has: the inhibitor reads the real sysfs.
  std::optional<LinkAddress> someUsbDevice();

  QProcess daemon_;
  QTemporaryDir folder_;
};

void ModemInhibitorTest::initTestCase() {
  const QString program = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
  if (program.isEmpty()) {
    QSKIP("dbus-daemon is missing");
  }
  const QString socket = folder_.filePath(QStringLiteral("bus"));
  daemon_.start(program, {QStringLiteral("--session"), QStringLiteral("--nofork"), QStringLiteral("--nopidfile"),
                          QStringLiteral("--address=unix:path=") + socket, QStringLiteral("--print-address")});
  QVERIFY(daemon_.waitForStarted());
  QTRY_VERIFY(daemon_.canReadLine());
  qputenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" + QFile::encodeName(socket));
  QVERIFY(QDBusConnection::systemBus().isConnected());
}

void ModemInhibitorTest::cleanupTestCase() {
  daemon_.kill();
  daemon_.waitForFinished();
}

void ModemInhibitorTest::cleanup() {
  QDBusConnection::systemBus().unregisterService(QStringLiteral("org.freedesktop.ModemManager1"));
  QDBusConnection::systemBus().unregisterObject(QStringLiteral("/org/freedesktop/ModemManager1"));
}

void ModemInhibitorTest::become(FakeModemManager& manager) {
  QDBusConnection bus = QDBusConnection::systemBus();
  QVERIFY(bus.registerObject(QStringLiteral("/org/freedesktop/ModemManager1"), &manager,
                             QDBusConnection::ExportScriptableSlots));
  QVERIFY(bus.registerService(QStringLiteral("org.freedesktop.ModemManager1")));
}

void ModemInhibitorTest::asJob(const std::function<void()>& body) {
  const std::unique_ptr<QThread> job(QThread::create(body));
  QEventLoop loop;
  connect(job.get(), &QThread::finished, &loop, &QEventLoop::quit);
  job->start();
  loop.exec();
  job->wait();
}

void ModemInhibitorTest::findsTheDeviceInSysfs_data() {
  QTest::addColumn<QString>("address");
  QTest::addColumn<QString>("device");
  QTest::newRow("usb") << "usb:1-2.3"
                       << "/devices/pci0/usb1/1-2/1-2.3";
  QTest::newRow("serial, by its path") << "serial:/dev/ttyACM77"
                                       << "/devices/pci0/usb1/1-2/1-2.3";
  QTest::newRow("serial, by its name") << "serial:ttyACM77"
                                       << "/devices/pci0/usb1/1-2/1-2.3";
  QTest::newRow("serial, not on the USB") << "serial:/dev/ttyS77"
                                          << "";
  QTest::newRow("no such place") << "usb:1-9"
                                 << "";
  QTest::newRow("network") << "udp:192.0.2.1:1337"
                           << "";
}

void ModemInhibitorTest::findsTheDeviceInSysfs() {
  QFETCH(QString, address);
  QFETCH(QString, device);
  QTemporaryDir sysfs;
  const QDir top(sysfs.path());
  for (const char* folder : {"devices/pci0/usb1/1-2/1-2.3/1-2.3:1.0/tty/ttyACM77", "devices/platform/serial/ttyS77",
                             "bus/usb/devices", "class/tty/ttyACM77", "class/tty/ttyS77"}) {
    QVERIFY(top.mkpath(QLatin1String(folder)));
  }
  QFile id(top.filePath(QStringLiteral("devices/pci0/usb1/1-2/1-2.3/idVendor")));
  QVERIFY(id.open(QIODevice::WriteOnly));
  QVERIFY(QFile::link(top.filePath(QStringLiteral("devices/pci0/usb1/1-2/1-2.3")),
                      top.filePath(QStringLiteral("bus/usb/devices/1-2.3"))));
  QVERIFY(QFile::link(top.filePath(QStringLiteral("devices/pci0/usb1/1-2/1-2.3/1-2.3:1.0")),
                      top.filePath(QStringLiteral("class/tty/ttyACM77/device"))));
  QVERIFY(QFile::link(top.filePath(QStringLiteral("devices/platform/serial")),
                      top.filePath(QStringLiteral("class/tty/ttyS77/device"))));
  const auto parsed = LinkAddress::parse(address);
  QVERIFY(parsed);
  const QString canonical = QFileInfo(sysfs.path()).canonicalFilePath();
  const auto uid = ModemInhibitor::deviceUid(*parsed, sysfs.path());
  QCOMPARE(uid.value_or(QString()), device.isEmpty() ? QString() : canonical + device);
}

std::optional<LinkAddress> ModemInhibitorTest::someUsbDevice() {
  const QStringList places =
      QDir(QStringLiteral("/sys/bus/usb/devices")).entryList({QStringLiteral("*-*")}, QDir::Dirs);
  for (const QString& place : places) {
    if (!place.contains(QLatin1Char(':'))) {
      return LinkAddress{LinkKind::Usb, place, 0, {}};
    }
  }
  return std::nullopt;
}

void ModemInhibitorTest::inhibitsForItsLifetime() {
  const auto address = someUsbDevice();
  QVERIFY2(address, "no USB device is here: is this the guest?");
  const QString uid = *ModemInhibitor::deviceUid(*address);
  FakeModemManager manager;
  manager.known.append(uid);
  become(manager);
  bool inhibited = false;
  asJob([&] {
    const ModemInhibitor inhibitor(*address);
    inhibited = inhibitor.isInhibited();
  });
  QVERIFY(inhibited);
  const QStringList expected{uid + QStringLiteral(" on"), uid + QStringLiteral(" off")};
  QCOMPARE(manager.calls, expected);
}

void ModemInhibitorTest::asksUntilTheDeviceIsKnown() {
  const auto address = someUsbDevice();
  QVERIFY2(address, "no USB device is here: is this the guest?");
  const QString uid = *ModemInhibitor::deviceUid(*address);
  FakeModemManager manager;
  become(manager);
  bool atFirst = true;
  bool later = false;
  asJob([&] {
    const ModemInhibitor inhibitor(*address);
    atFirst = inhibitor.isInhibited();
    QMetaObject::invokeMethod(
        &manager, [&] { manager.known.append(uid); }, Qt::BlockingQueuedConnection);
    later = QTest::qWaitFor([&] { return inhibitor.isInhibited(); }, 20'000);
  });
  QVERIFY(!atFirst);
  QVERIFY(later);
  QCOMPARE(manager.calls.last(), uid + QStringLiteral(" off"));
  QVERIFY(manager.calls.size() >= 3);
}

void ModemInhibitorTest::nothingWithoutModemManager() {
  const LinkAddress address = someUsbDevice().value_or(LinkAddress{LinkKind::Usb, QStringLiteral("1-1"), 0, {}});
  bool inhibited = true;
  asJob([&] {
    const ModemInhibitor inhibitor(address);
    inhibited = inhibitor.isInhibited();
  });
  QVERIFY(!inhibited);
}

void ModemInhibitorTest::nothingForTheNetwork() {
  FakeModemManager manager;
  become(manager);
  bool inhibited = true;
  asJob([&] {
    const ModemInhibitor inhibitor(*LinkAddress::parse(QStringLiteral("udp:192.0.2.1:1337")));
    inhibited = inhibitor.isInhibited();
  });
  QVERIFY(!inhibited);
  QVERIFY(manager.calls.isEmpty());
}

}  // namespace sealift

QTEST_GUILESS_MAIN(sealift::ModemInhibitorTest)
#include "modem_inhibitor_test.moc"
