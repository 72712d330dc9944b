// The station and the kernel's own USB: virtual devices come and go while it watches, two of them with one serial
// number, and serial converters of QEMU's own stand behind a hub.
#include "app/services/local_station.h"
#include "devices/registry.h"
#include "devices/virtual/usb_firmware.h"
#include "devices/virtual/usbip_server.h"
#include "devices/virtual/virtual_dfu_device.h"
#include "tests/support/vendor_folder.h"

#include <QProcess>
#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kWaitMs = 60'000;
const QString kUnit = QStringLiteral("norrland/u1/NU1-0001");

VirtualDfuDeviceConfig deviceConfig() {
  VirtualDfuDeviceConfig config;
  config.firmware = makeUsbFirmware(0x0100, 9000, 1);
  return config;
}

struct Plug {
  std::shared_ptr<VirtualDfuDevice> device = std::make_shared<VirtualDfuDevice>(deviceConfig());
  UsbipServer server{device};
  QString address() const { return QStringLiteral("usb:") + server.place(); }
};

bool modprobe(const QStringList& words) {
  QProcess process;
  process.start(QStringLiteral("modprobe"),
                QStringList{QStringLiteral("-d"), qEnvironmentVariable("SEALIFT_GUEST_KERNEL")} + words);
  return process.waitForFinished(kWaitMs) && process.exitCode() == 0;
}

}  // namespace

class HotPlugTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void cleanup() { station_.reset(); }
  void comesAndGoes();
  void twoOfOneSerialNumber();
  void portsBehindAHub();

 private:
  template <class T>
  static T await(QFuture<T> future) {
    if (!QTest::qWaitFor([&] { return future.isFinished(); }, kWaitMs)) {
      qFatal("nothing came back within %d ms", kWaitMs);
    }
    return future.result();
  }
  std::optional<DeviceView> waitFor(const QString& id, bool online) {
    std::optional<DeviceView> seen;
    (void)QTest::qWaitFor(
        [&] {
          seen = station_->device(id);
          return seen && seen->online == online;
        },
        kWaitMs);
    return seen && seen->online == online ? seen : std::nullopt;
  }

  std::unique_ptr<VendorFolder> vendor_;
  SystemClock clock_;
  SystemLinkOpener links_;
  std::unique_ptr<LocalStation> station_;
};

void HotPlugTest::init() {
  vendor_ = std::make_unique<VendorFolder>();
  vendor_->initRepository();
  ModelDescription model;
  model.id = QStringLiteral("u1");
  model.name = QStringLiteral("Norrland U1");
  model.driver = QStringLiteral("dfu");
  model.links = {LinkKind::Usb};
  model.usbIds = {{0x1209, 1}, {0x1209, 2}};
  model.deviceNames = {QStringLiteral("Norrland U1")};
  model.imageFormat = QStringLiteral("dfu");
  const QString path = vendor_->file(QStringLiteral("u1.json"));
  QVERIFY(writeFileAtomic(path, writeModel(model)));
  QVERIFY(vendor_->desk().addModel(path));
  vendor_->publish();
  StationSetup setup;
  setup.dataFolder = vendor_->file(QStringLiteral("station"));
  setup.lockFolder = setup.dataFolder;  // other tests have a bus with these places, too
  setup.clock = &clock_;
  setup.links = &links_;
  setup.drivers = &driverRegistry();
  setup.lookEvery = std::chrono::milliseconds(500);
  Result<std::unique_ptr<LocalStation>> opened = LocalStation::open(setup);
  QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
  station_ = std::move(*opened);
  station_->watchDevices();
  const Result<VendorCandidate> candidate = station_->readVendorFile(vendor_->vendorFile());
  QVERIFY(candidate);
  QVERIFY(await(station_->addVendor(*candidate, candidate->fingerprint)));
}

void HotPlugTest::comesAndGoes() {
  Plug plug;
  QVERIFY(plug.server.plugIn());
  const std::optional<DeviceView> seen = waitFor(kUnit, true);
  QVERIFY(seen);
  QCOMPARE(seen->name, QStringLiteral("Norrland U1"));
  QCOMPARE(seen->version, QStringLiteral("1.0.0"));
  QCOMPARE(seen->address, plug.address());
  plug.server.unplug();
  QVERIFY(waitFor(kUnit, false));
  QVERIFY(plug.server.plugIn());
  QVERIFY(waitFor(kUnit, true));
  QCOMPARE(station_->devices().size(), 1);
}

void HotPlugTest::twoOfOneSerialNumber() {
  Plug one;
  QVERIFY(one.server.plugIn());
  QVERIFY(waitFor(kUnit, true));
  Plug two;
  QVERIFY(two.server.plugIn());
  const QString twin = kUnit + u'@' + two.address();
  const auto known = [&] { return station_->device(twin) && station_->device(twin)->online; };
  QTRY_VERIFY_WITH_TIMEOUT(known(), kWaitMs);
  QCOMPARE(station_->devices().size(), 2);
  QVERIFY(station_->device(twin)->warning.contains(one.address()));
  QVERIFY(station_->device(kUnit)->warning.contains(two.address()));
  QCOMPARE(station_->device(kUnit)->address, one.address());
}

// The identity of the adapter and its place in the topology, without opening it.
void HotPlugTest::portsBehindAHub() {
  if (!modprobe({QStringLiteral("ftdi_sio")})) {
    QSKIP("The kernel package has no ftdi_sio.");
  }
  QList<FoundView> ports;
  const auto isConverter = [](const FoundView& each) {
    return each.kind == QLatin1String("serial") && each.detail.startsWith(QLatin1String("0403:6001"));
  };
  QTRY_COMPARE_WITH_TIMEOUT((ports.clear(),
                             [&] {
                               for (const FoundView& each : station_->found()) {
                                 if (isConverter(each)) {
                                   ports << each;
                                 }
                               }
                               return ports.size();
                             }()),
                            2, kWaitMs);
  QSet<QString> places;
  for (const FoundView& port : ports) {
    QVERIFY2(port.detail.contains(QStringLiteral("SAME")), qPrintable(port.detail));
    QVERIFY2(!port.opened && port.addable, qPrintable(port.note));
    places << port.place.section(QStringLiteral("(USB "), 1).chopped(1);
  }
  QCOMPARE(places.size(), 2);
  for (const QString& place : places) {
    QVERIFY2(place.endsWith(QStringLiteral("-1.2")) || place.endsWith(QStringLiteral("-1.3")), qPrintable(place));
  }
  QVERIFY(station_->devices().isEmpty());
  QVERIFY(modprobe({QStringLiteral("-r"), QStringLiteral("ftdi_sio")}));
  const auto none = [&] {
    const QList<FoundView> found = station_->found();
    return std::none_of(found.cbegin(), found.cend(), isConverter);
  };
  QTRY_VERIFY_WITH_TIMEOUT(none(), kWaitMs);
}

QTEST_GUILESS_MAIN(HotPlugTest)
#include "hot_plug_test.moc"
