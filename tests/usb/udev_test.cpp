// installer/linux/70-sealift.rules, read by Debian's udevd: who gets the devices, and what ModemManager leaves alone.
// With udevd there are hot-plug events, too.
#include "devices/virtual/usbip_server.h"
#include "transports/links/usb_devices.h"
#include "transports/links/usb_platform.h"
#include "transports/links/usb_watcher.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTest>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace sealift {

namespace {

constexpr int kPlentyMs = 20'000;
const CancelToken kNever;

class Plain final : public UsbFunction {
 public:
  Plain(quint16 vendor, quint16 product, const QList<UsbAlternate>& alternates) {
    description_.vendorId = vendor;
    description_.productId = product;
    description_.alternates = alternates;
  }
  UsbDescription description() const override { return description_; }
  UsbAnswer control(const UsbSetup& /*setup*/, QByteArrayView /*data*/) override { return UsbAnswer::stall(); }

 private:
  UsbDescription description_;
};

UsbAlternate interfaceOf(quint8 classCode, quint8 subclass, quint8 protocol, int number = 0) {
  UsbAlternate alternate;
  alternate.interfaceNumber = number;
  alternate.classCode = classCode;
  alternate.subclass = subclass;
  alternate.protocol = protocol;
  // Something always follows; udev overlooks an interface that ends the descriptors.
  if (classCode == 0xfe) {
    alternate.extra = QByteArray::fromHex(
        "0921"
        "0b"
        "ff00"
        "0010"
        "1001");  // DFU 1.1, table 4.2
  } else {
    alternate.endpoints = {{0x01, 2, 512}, {0x81, 2, 512}};
  }
  return alternate;
}

QByteArray udevadm(const QStringList& arguments) {
  QProcess process;
  process.start(QStringLiteral("udevadm"), arguments);
  // Of a device that is not there yet, udevadm says so.
  const bool ended = process.waitForFinished(kPlentyMs);
  return ended && process.exitCode() == 0 ? process.readAllStandardOutput() : QByteArray();
}

// What udev knows of the device, once it is done with it.
QString properties(const QString& place) {
  const QString folder = QStringLiteral("/sys/bus/usb/devices/") + place;
  QString text;
  const bool known = QTest::qWaitFor(
      [&] {
        text = QString::fromUtf8(udevadm({QStringLiteral("info"), QStringLiteral("--query=property"), folder}));
        return text.contains(QLatin1String("ID_USB_INTERFACES="));
      },
      kPlentyMs);
  return known ? text : QString();
}

bool isForTheSeat(const QString& properties) {
  static const QRegularExpression tagged(QStringLiteral("(?m)^CURRENT_TAGS=.*:uaccess:"));
  return tagged.match(properties).hasMatch();
}

}  // namespace

class UdevTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void cleanupTestCase();
  void rules_data();
  void rules();
  void remedyIsARule();
  void hotPlugIsToldAtOnce();

 private:
  QString rulesFolder_ = QStringLiteral("/run/udev/rules.d");
};

void UdevTest::initTestCase() {
  const QString daemon = QStringLiteral("/lib/systemd/systemd-udevd");
  if (!QFile::exists(daemon)) {
    QSKIP("udev is missing");
  }
  QVERIFY(QDir().mkpath(rulesFolder_));
  QFile::remove(rulesFolder_ + QStringLiteral("/70-sealift.rules"));
  QVERIFY(QFile::copy(QStringLiteral(SEALIFT_SOURCE_DIR "/installer/linux/70-sealift.rules"),
                      rulesFolder_ + QStringLiteral("/70-sealift.rules")));
  QProcess process;
  process.start(daemon, {QStringLiteral("--daemon")});
  QVERIFY(process.waitForFinished(kPlentyMs));
  QCOMPARE(process.exitCode(), 0);
}

void UdevTest::cleanupTestCase() {
  if (QFile::exists(QStringLiteral("/run/udev/control"))) {
    (void)udevadm({QStringLiteral("control"), QStringLiteral("--exit")});
  }
  (void)QDir(rulesFolder_).removeRecursively();
}

void UdevTest::rules_data() {
  QTest::addColumn<int>("vendor");
  QTest::addColumn<int>("product");
  QTest::addColumn<QList<UsbAlternate>>("interfaces");
  QTest::addColumn<bool>("seat");
  QTest::addColumn<bool>("noModem");
  const UsbAlternate other = interfaceOf(0xff, 0x01, 0x02);
  QTest::newRow("DFU, application") << 0x1209 << 1 << QList<UsbAlternate>{other, interfaceOf(0xfe, 1, 1, 1)} << true
                                    << false;
  QTest::newRow("DFU mode") << 0x1209 << 1 << QList<UsbAlternate>{interfaceOf(0xfe, 1, 2)} << true << false;
  QTest::newRow("fastboot") << 0x1209 << 1 << QList<UsbAlternate>{interfaceOf(0xff, 0x42, 3)} << true << false;
  QTest::newRow("STM32 bootloader") << 0x0483 << 0xdf11 << QList<UsbAlternate>{interfaceOf(0xfe, 1, 2)} << true << true;
  QTest::newRow("anything else") << 0x1209 << 1 << QList<UsbAlternate>{other} << false << false;
}

void UdevTest::rules() {
  QFETCH(int, vendor);
  QFETCH(int, product);
  QFETCH(QList<UsbAlternate>, interfaces);
  QFETCH(bool, seat);
  QFETCH(bool, noModem);
  UsbipServer server(std::make_shared<Plain>(static_cast<quint16>(vendor), static_cast<quint16>(product), interfaces));
  const Status plugged = server.plugIn();
  QVERIFY2(plugged, qPrintable(plugged ? QString() : plugged.error().message()));
  const QString told = properties(server.place());
  QVERIFY(!told.isEmpty());
  QVERIFY2(isForTheSeat(told) == seat, qPrintable(told));
  QVERIFY2(told.contains(QLatin1String("ID_MM_DEVICE_IGNORE=1")) == noModem, qPrintable(told));
}

// The line that a person is told to write does what it is for.
void UdevTest::remedyIsARule() {
  const auto device = std::make_shared<Plain>(0x1209, 0x00ab, QList<UsbAlternate>{interfaceOf(0xff, 1, 2)});
  UsbipServer server(device);
  QVERIFY(server.plugIn());
  QVERIFY(!isForTheSeat(properties(server.place())));
  UsbDeviceInfo info;
  info.vendorId = 0x1209;
  info.productId = 0x00ab;
  static const QRegularExpression line(QStringLiteral("SUBSYSTEM.*\"uaccess\""));
  const QString rule = line.match(usbPermissionRemedy(info)).captured();
  QVERIFY(!rule.isEmpty());
  QFile file(rulesFolder_ + QStringLiteral("/70-sealift-local.rules"));
  QVERIFY(file.open(QIODevice::WriteOnly));
  QVERIFY(file.write(rule.toUtf8() + '\n') > 0);
  file.close();
  (void)udevadm({QStringLiteral("control"), QStringLiteral("--reload")});
  server.unplug();
  QVERIFY(server.plugIn());
  const auto forTheSeat = [&] { return isForTheSeat(properties(server.place())); };
  QTRY_VERIFY_WITH_TIMEOUT(forTheSeat(), kPlentyMs);
}

void UdevTest::hotPlugIsToldAtOnce() {
  std::mutex mutex;
  std::condition_variable changed;
  QList<UsbDeviceInfo> arrived;
  QList<UsbDeviceInfo> departed;
  int calls = 0;
  SystemLinkOpener opener;
  // So seldom that a look by the clock can't be what sees it.
  const UsbWatcher watcher(
      opener,
      [&](const UsbWatcher::Change& change) {
        const std::scoped_lock lock(mutex);
        ++calls;
        arrived += change.arrived;
        departed += change.departed;
        changed.notify_all();
      },
      std::chrono::hours(1));
  UsbipServer server(std::make_shared<Plain>(0x1209, 0x00cd, QList<UsbAlternate>{interfaceOf(0xff, 1, 2)}));
  const auto waitFor = [&](const QList<UsbDeviceInfo>& list) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::milliseconds(kPlentyMs), [&] {
      return std::any_of(list.cbegin(), list.cend(),
                         [](const UsbDeviceInfo& device) { return device.productId == 0x00cd; });
    });
  };
  {
    std::unique_lock lock(mutex);
    QVERIFY(changed.wait_for(lock, std::chrono::milliseconds(kPlentyMs), [&] { return calls > 0; }));
  }
  QVERIFY(server.plugIn());
  QVERIFY(waitFor(arrived));
  server.unplug();
  QVERIFY(waitFor(departed));
}

}  // namespace sealift

QTEST_GUILESS_MAIN(sealift::UdevTest)
#include "udev_test.moc"
