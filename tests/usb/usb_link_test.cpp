// Sealift's USB over libusb and the kernel, in the guest: the contract that the bus within the program is held to, too
// (tests/unit/virtual_usb_bus_test.cpp), and what only a kernel has: drivers, hubs, users, hot-plug.
#include "tests/support/kernel_test_bus.h"
#include "tests/support/usb_link_contract.h"
#include "transports/links/usb_devices.h"
#include "transports/links/usb_watcher.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <unistd.h>

namespace sealift {

namespace {

const CancelToken kNever;

// A serial port of the kernel's own gadget drivers on dummy_hcd, by configfs (Linux, Documentation/usb/
// gadget_configfs.rst). Goes with its object.
class AcmGadget {
 public:
  AcmGadget() {
    QDir().mkpath(root() + QStringLiteral("/strings/0x409"));
    QDir().mkpath(root() + QStringLiteral("/configs/c.1"));
    QDir().mkpath(root() + QStringLiteral("/functions/acm.0"));
    write(QStringLiteral("/idVendor"), "0x1209");
    write(QStringLiteral("/idProduct"), "0x0003");
    write(QStringLiteral("/strings/0x409/serialnumber"), "ACM-1");
    QFile::link(root() + QStringLiteral("/functions/acm.0"), root() + QStringLiteral("/configs/c.1/acm.0"));
    write(QStringLiteral("/UDC"), "dummy_udc.0");
  }
  AcmGadget(const AcmGadget&) = delete;
  AcmGadget& operator=(const AcmGadget&) = delete;
  ~AcmGadget() {
    write(QStringLiteral("/UDC"), "\n");
    QFile::remove(root() + QStringLiteral("/configs/c.1/acm.0"));
    for (const char* folder : {"/configs/c.1", "/functions/acm.0", "/strings/0x409", ""}) {
      QDir().rmdir(root() + QLatin1String(folder));
    }
  }

 private:
  static QString root() { return QStringLiteral("/sys/kernel/config/usb_gadget/probe"); }
  static void write(const QString& name, const QByteArray& text) {
    QFile file(root() + name);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size()) {
      qWarning("%s: %s", qPrintable(file.fileName()), qPrintable(file.errorString()));
    }
  }
};

// Somebody without rights, for as long as this object lives. Real and effective user, so that access() says so, too.
class Nobody {
 public:
  Nobody() { ok_ = ::setresuid(kNobody, kNobody, 0) == 0; }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;
  ~Nobody() { ok_ = ::setresuid(0, 0, 0) == 0; }
  bool ok() const { return ok_; }

 private:
  static constexpr uid_t kNobody = 65534;
  bool ok_ = false;
};

bool hasTty() {
  return QFile::exists(QStringLiteral("/sys/class/tty/ttyACM0"));
}

// What the watcher told, for the thread of the test.
class Told {
 public:
  void add(const UsbWatcher::Change& change) {
    const std::scoped_lock lock(mutex_);
    ++calls_;
    departed_ += change.departed;
    arrived_ += change.arrived;
    changed_.notify_all();
  }
  bool wait(const std::function<bool(const Told&)>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return condition(*this); });
  }
  bool arrived(const QString& place, quint16 product) const { return contains(arrived_, place, product); }
  bool departed(const QString& place, quint16 product) const { return contains(departed_, place, product); }
  int calls() const { return calls_; }

 private:
  static bool contains(const QList<UsbDeviceInfo>& list, const QString& place, quint16 product) {
    return std::any_of(list.cbegin(), list.cend(), [&](const UsbDeviceInfo& device) {
      return device.place == place && device.productId == product;
    });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int calls_ = 0;
  QList<UsbDeviceInfo> departed_;
  QList<UsbDeviceInfo> arrived_;
};

}  // namespace

class UsbLinkTest final : public UsbLinkContract {
  Q_OBJECT

 public:
  UsbLinkTest() : UsbLinkContract(std::make_unique<KernelTestBus>()) {}

 private Q_SLOTS:
  void fullSpeed();
  void behindAHub();
  void permissionIsMissing();
  void kernelDriverIsGivenBack();
  void watcherTellsOfChanges();
};

void UsbLinkTest::fullSpeed() {
  const QString place = plugIn(std::make_shared<UsbProbeDevice>(QStringLiteral("F"), UsbSpeed::Full));
  const auto link = openClaimed(place);
  QVERIFY(link);
  QCOMPARE(int(link->device().alternates.first().endpoints.first().maxPacket), 64);
  const Deadline deadline = Deadline::in(std::chrono::seconds(20), QStringLiteral("echo"));
  QVERIFY(link->bulkOut(UsbProbeDevice::kOut, QByteArray(1000, 'x'), deadline, kNever));
  const auto back = link->bulkIn(UsbProbeDevice::kIn, 4096, deadline, kNever);
  QVERIFY(back);
  QCOMPARE(*back, QByteArray(1000, 'x'));
}

// QEMU's own: a hub, and at two of its ports a serial converter (FT232BM) with the same serial number.
void UsbLinkTest::behindAHub() {
  const auto devices = bus().opener().usbDevices();
  QVERIFY(devices);
  QStringList places;
  for (const UsbDeviceInfo& device : *devices) {
    if (device.vendorId == 0x0403 && device.productId == 0x6001) {
      QCOMPARE(device.serial, QStringLiteral("SAME"));
      places.append(device.place);
    }
    QVERIFY(device.alternates.isEmpty() || device.alternates.first().classCode != 9);  // hubs are no devices of ours
  }
  QCOMPARE(places.size(), 2);
  QVERIFY2(places.first().endsWith(QLatin1String("-1.2")), qPrintable(places.first()));
  QVERIFY2(places.last().endsWith(QLatin1String("-1.3")), qPrintable(places.last()));
  for (const QString& place : std::as_const(places)) {
    const auto link = openClaimed(place);
    QVERIFY(link);
    QCOMPARE(link->device().place, place);
    // FT232: vendor request 5 tells the state of the modem's lines, in two bytes.
    const auto status =
        link->controlIn({0xc0, 5, 0, 1}, 2, Deadline::in(std::chrono::seconds(20), QStringLiteral("lines")), kNever);
    QVERIFY2(status, qPrintable(status ? QString() : status.error().message()));
    QCOMPARE(status->size(), 2);
  }
}

void UsbLinkTest::permissionIsMissing() {
  const QString place = plugIn(std::make_shared<UsbProbeDevice>(QStringLiteral("P")));
  Result<QList<UsbDeviceInfo>> devices;
  Result<std::unique_ptr<UsbLink>> link;
  {
    const Nobody nobody;
    QVERIFY(nobody.ok());
    devices = bus().opener().usbDevices();
    link = bus().opener().openUsb({LinkKind::Usb, place, 0, {}}, kNever);
  }
  QVERIFY(!link);
  QCOMPARE(link.error().code, ErrorCode::LinkPermission);
  QVERIFY2(link.error().remedy.contains(QLatin1String("SUBSYSTEM==\"usb\", ATTR{idVendor}==\"1209\", "
                                                      "ATTR{idProduct}==\"0001\", TAG+=\"uaccess\"")),
           qPrintable(link.error().remedy));
  QVERIFY(devices);
  const auto seen = std::find_if(devices->cbegin(), devices->cend(),
                                 [&](const UsbDeviceInfo& device) { return device.place == place; });
  QVERIFY(seen != devices->cend());
  QVERIFY(!seen->readable);
  QCOMPARE(seen->serial, QStringLiteral("P"));  // told without opening it
  QVERIFY(open(place));                         // root may
}

void UsbLinkTest::kernelDriverIsGivenBack() {
  const AcmGadget gadget;
  QTRY_VERIFY_WITH_TIMEOUT(hasTty(), 20'000);
  const auto devices = bus().opener().usbDevices();
  QVERIFY(devices);
  const auto acm = std::find_if(devices->cbegin(), devices->cend(), [](const UsbDeviceInfo& device) {
    return device.vendorId == 0x1209 && device.productId == 0x0003;
  });
  QVERIFY(acm != devices->cend());
  QCOMPARE(acm->serial, QStringLiteral("ACM-1"));
  {
    const auto link = open(acm->place);
    QVERIFY(link);
    QVERIFY(hasTty());  // opening takes nothing from anybody
    QVERIFY(link->claim(0, 0, kNever));
    QVERIFY(link->claim(1, 0, kNever));
    QTRY_VERIFY_WITH_TIMEOUT(!hasTty(), 20'000);
    // CDC 1.2 (PSTN), 6.3.11: GET_LINE_CODING, 7 bytes; 9600 baud at first.
    const auto coding = link->controlIn({0xa1, 0x21, 0, 0}, 7,
                                        Deadline::in(std::chrono::seconds(20), QStringLiteral("line coding")), kNever);
    QVERIFY2(coding, qPrintable(coding ? QString() : coding.error().message()));
    QCOMPARE(coding->size(), 7);
  }
  QTRY_VERIFY_WITH_TIMEOUT(hasTty(), 20'000);
}

void UsbLinkTest::watcherTellsOfChanges() {
  const auto device = std::make_shared<UsbProbeDevice>(QStringLiteral("W"));
  Told told;
  {
    const UsbWatcher watcher(
        bus().opener(), [&](const UsbWatcher::Change& change) { told.add(change); }, std::chrono::milliseconds(100));
    QVERIFY(told.wait([](const Told& all) { return all.calls() == 1; }));
    const QString place = bus().plugIn(device);
    QVERIFY(told.wait([&](const Told& all) { return all.arrived(place, UsbProbeDevice::kProduct); }));
    const auto link = open(waitFor(place, UsbProbeDevice::kProduct)->place);
    QVERIFY(link);
    QVERIFY(link->controlOut({0x40, UsbProbeDevice::BecomeOther, 10, 0}, {},
                             Deadline::in(std::chrono::seconds(20), QStringLiteral("change")), kNever));
    QVERIFY(told.wait([&](const Told& all) {
      return all.departed(place, UsbProbeDevice::kProduct) && all.arrived(place, UsbProbeDevice::kOtherProduct);
    }));
    bus().unplug(place);
    QVERIFY(told.wait([&](const Told& all) { return all.departed(place, UsbProbeDevice::kOtherProduct); }));
  }
  const int calls = told.calls();
  plugIn(device);
  QCOMPARE(told.calls(), calls);  // it has ended
}

}  // namespace sealift

QTEST_GUILESS_MAIN(sealift::UsbLinkTest)
#include "usb_link_test.moc"
