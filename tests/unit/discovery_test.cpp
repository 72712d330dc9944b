// Which models name what was found; where a serial port is on the USB; and what a watcher tells of comings and goings.
#include "devices/core/discovery.h"

#include "devices/core/device_watcher.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace sealift;

namespace {

constexpr int kPlentyMs = 20'000;

ModelDescription model(const char* id, const QList<LinkKind>& links, const QList<UsbId>& usbIds,
                       const QStringList& types = {}) {
  ModelDescription model;
  model.vendorId = QStringLiteral("norrland");
  model.id = QString::fromLatin1(id);
  model.links = links;
  model.usbIds = usbIds;
  model.serviceTypes = types;
  return model;
}

const QList<ModelDescription> kModels{
    model("usb", {LinkKind::Usb}, {{0x1209, 1}, {0x1209, 2}}),
    model("both", {LinkKind::Serial, LinkKind::Usb}, {{0x1209, 2}}),
    model("serial", {LinkKind::Serial}, {{0x0403, 0x6001}}),
    model("anything", {LinkKind::Serial, LinkKind::Usb}, {}),
    model("udp", {LinkKind::Serial, LinkKind::Udp}, {}, {QStringLiteral("_smp._udp")}),
    model("https", {LinkKind::Https}, {}, {QStringLiteral("_sealift._tcp"), QStringLiteral("_SMP._udp")}),
    model("tcp", {LinkKind::Tcp}, {}, {QStringLiteral("_sealift._tcp"), QStringLiteral("nonsense")}),
};

QString ids(const QList<ModelDescription>& models) {
  QStringList ids;
  for (const ModelDescription& model : models) {
    ids << model.id;
  }
  return ids.join(u' ');
}

// Lists that a test changes.
class ScriptedLists final : public LinkOpener {
 public:
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken&) override {
    return fail(ErrorCode::LinkOpen, address.toString());
  }
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken&) override {
    return fail(ErrorCode::LinkOpen, address.toString());
  }
  Result<QList<UsbDeviceInfo>> usbDevices() override {
    const std::scoped_lock lock(mutex);
    return usb;
  }
  Result<QList<SerialPortInfo>> serialPorts() override {
    const std::scoped_lock lock(mutex);
    return ports;
  }
  Result<std::unique_ptr<ServiceBrowsing>> browseServices(const QStringList& types,
                                                          const ServiceListener& told) override {
    if (noNetwork) {
      return fail(ErrorCode::LinkOpen, QStringLiteral("No network."));
    }
    asked << types;
    listener = told;
    return std::make_unique<ServiceBrowsing>();
  }

  std::mutex mutex;
  QList<UsbDeviceInfo> usb;
  QList<SerialPortInfo> ports;
  QList<QStringList> asked;
  ServiceListener listener;
  bool noNetwork = false;
};

// What a watcher told last, and how often it told something.
struct Told {
  DeviceWatcher::Listener listener() {
    return [this](const Surroundings& around) {
      const std::scoped_lock lock(mutex);
      last = around;
      ++times;
    };
  }
  template <class Holds>
  bool waitFor(const Holds& holds) {
    return QTest::qWaitFor(
        [&] {
          const std::scoped_lock lock(mutex);
          return holds(last);
        },
        kPlentyMs);
  }
  std::mutex mutex;
  Surroundings last;
  int times = 0;
};

}  // namespace

class DiscoveryTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void usbIsNamedByItsIdentity();
  void portIsNamedByItsAdapter();
  void serviceIsNamedByItsType();
  void typesAreAskedForOnce();
  void addressOfAService();
  void placeOfAPort();
  void watcherTellsChanges();
  void networkIsSearchedForNamedTypesOnly();
};

void DiscoveryTest::usbIsNamedByItsIdentity() {
  UsbDeviceInfo device;
  device.vendorId = 0x1209;
  device.productId = 1;
  QCOMPARE(ids(modelsForUsb(kModels, device)), QStringLiteral("usb"));
  device.productId = 2;
  QCOMPARE(ids(modelsForUsb(kModels, device)), QStringLiteral("usb both"));
  device.productId = 3;
  QCOMPARE(ids(modelsForUsb(kModels, device)), QString());
  device.vendorId = 0x0403;  // an adapter, which is no unit
  device.productId = 0x6001;
  QCOMPARE(ids(modelsForUsb(kModels, device)), QString());
}

void DiscoveryTest::portIsNamedByItsAdapter() {
  SerialPortInfo port;
  port.port = QStringLiteral("/dev/ttyUSB0");
  QCOMPARE(ids(modelsForSerialPort(kModels, port)), QString());
  port.onUsb = true;
  port.vendorId = 0x0403;
  port.productId = 0x6001;
  QCOMPARE(ids(modelsForSerialPort(kModels, port)), QStringLiteral("serial"));
  port.vendorId = 0x1209;
  port.productId = 2;
  QCOMPARE(ids(modelsForSerialPort(kModels, port)), QStringLiteral("both"));
  port.onUsb = false;  // the numbers say nothing then
  QCOMPARE(ids(modelsForSerialPort(kModels, port)), QString());
}

void DiscoveryTest::serviceIsNamedByItsType() {
  DnsSdService service;
  service.type = QStringLiteral("_smp._udp");
  service.port = 1337;
  service.addresses = {QHostAddress(QStringLiteral("192.168.4.30"))};
  QCOMPARE(ids(modelsForService(kModels, service)), QStringLiteral("udp"));  // "https" has no link that fits
  service.type = QStringLiteral("_SEALIFT._tcp");
  QCOMPARE(ids(modelsForService(kModels, service)), QStringLiteral("https tcp"));
  service.type = QStringLiteral("_ipp._tcp");
  QCOMPARE(ids(modelsForService(kModels, service)), QString());
  service.type = QStringLiteral("nonsense");
  QCOMPARE(ids(modelsForService(kModels, service)), QString());
}

void DiscoveryTest::typesAreAskedForOnce() {
  QCOMPARE(serviceTypesOf(kModels), (QStringList{QStringLiteral("_sealift._tcp"), QStringLiteral("_smp._udp")}));
  QVERIFY(serviceTypesOf({}).isEmpty());
}

void DiscoveryTest::addressOfAService() {
  DnsSdService service;
  service.type = QStringLiteral("_sealift._tcp");
  service.port = 8443;
  QVERIFY(!addressFor(kModels[6], service));
  service.addresses = {QHostAddress(QStringLiteral("fe80::1%eth0"))};
  const std::optional<LinkAddress> tcp = addressFor(kModels[6], service);
  QVERIFY(tcp);
  QCOMPARE(tcp->toString(), QStringLiteral("tcp:[fe80::1%eth0]:8443"));
  const Result<LinkAddress> back = LinkAddress::parse(tcp->toString());
  QVERIFY2(back, back ? "" : qPrintable(back.error().message()));
  QVERIFY(*back == *tcp);
  QCOMPARE(addressFor(kModels[5], service)->kind, LinkKind::Https);
  service.port = 0;
  QVERIFY(!addressFor(kModels[6], service));
}

// As Linux lays out sysfs: the terminal's folder leads to the interface, and the device is above that.
void DiscoveryTest::placeOfAPort() {
  QTemporaryDir sysfs;
  const auto make = [&](const char* path) { QVERIFY(QDir().mkpath(sysfs.filePath(QString::fromLatin1(path)))); };
  const auto write = [&](const char* path, const char* text) {
    QFile file(sysfs.filePath(QString::fromLatin1(path)));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) > 0);
  };
  const auto link = [&](const char* terminal, const char* to) {
    make(qPrintable(QStringLiteral("class/tty/%1").arg(QLatin1String(terminal))));
    QVERIFY(QFile::link(sysfs.filePath(QString::fromLatin1(to)),
                        sysfs.filePath(QStringLiteral("class/tty/%1/device").arg(QLatin1String(terminal)))));
  };
  make("devices/pci0/usb1/1-2/1-2.3/1-2.3:1.2/ttyUSB4");
  write("devices/pci0/usb1/1-2/idVendor", "1d6b\n");  // the hub
  write("devices/pci0/usb1/1-2/idProduct", "0002\n");
  write("devices/pci0/usb1/1-2/1-2.3/idVendor", "0403\n");
  write("devices/pci0/usb1/1-2/1-2.3/idProduct", "6011\n");
  write("devices/pci0/usb1/1-2/1-2.3/product", "Quad RS232\n");
  write("devices/pci0/usb1/1-2/1-2.3/serial", "SAME\n");
  write("devices/pci0/usb1/1-2/1-2.3/1-2.3:1.2/bInterfaceNumber", "02\n");
  link("ttyUSB4", "devices/pci0/usb1/1-2/1-2.3/1-2.3:1.2/ttyUSB4");
  link("ttyACM0", "devices/pci0/usb1/1-2/1-2.3/1-2.3:1.2");
  make("devices/platform/serial8250");
  link("ttyS0", "devices/platform/serial8250");
  link("ttyX0", "../nothing");

  for (const char* terminal : {"ttyUSB4", "ttyACM0"}) {
    SerialPortInfo found;
    QVERIFY(fillUsbAdapter(QString::fromLatin1(terminal), sysfs.path(), found));
    QVERIFY(found.onUsb);
    QCOMPARE(found.vendorId, 0x0403);
    QCOMPARE(found.productId, 0x6011);
    QCOMPARE(found.product, QStringLiteral("Quad RS232"));
    QCOMPARE(found.serial, QStringLiteral("SAME"));
    QCOMPARE(found.manufacturer, QString());
    QCOMPARE(found.place, QStringLiteral("1-2.3"));
    QCOMPARE(found.interfaceNumber, 2);
  }
  for (const char* terminal : {"ttyS0", "ttyX0", "ttyS9", "../../devices"}) {
    SerialPortInfo found;
    QVERIFY(!fillUsbAdapter(QString::fromLatin1(terminal), sysfs.path(), found));
    QVERIFY(!found.onUsb && found.place.isEmpty());
  }
}

void DiscoveryTest::watcherTellsChanges() {
  ScriptedLists lists;
  Told told;
  DeviceWatcher watcher(lists, told.listener());
  watcher.watchPorts(std::chrono::milliseconds(10));
  const auto set = [&](const QList<UsbDeviceInfo>& usb, const QList<SerialPortInfo>& ports) {
    const std::scoped_lock lock(lists.mutex);
    lists.usb = usb;
    lists.ports = ports;
  };
  UsbDeviceInfo one;
  one.place = QStringLiteral("1-10");
  UsbDeviceInfo two = one;
  two.place = QStringLiteral("1-2");
  SerialPortInfo port;
  port.port = QStringLiteral("/dev/ttyUSB0");
  set({two, one}, {port});
  QVERIFY(told.waitFor([&](const Surroundings& around) {
    return around.usb == QList<UsbDeviceInfo>{two, one} && around.ports == QList<SerialPortInfo>{port};
  }));
  UsbDeviceInfo another = two;  // in the same socket
  another.serial = QStringLiteral("2");
  set({another, one}, {});
  QVERIFY(told.waitFor([&](const Surroundings& around) {
    return around.usb == QList<UsbDeviceInfo>{another, one} && around.ports.isEmpty();
  }));
  int before = 0;
  {
    const std::scoped_lock lock(told.mutex);
    before = told.times;
  }
  QTest::qWait(100);  // many looks at what stays as it is
  const std::scoped_lock lock(told.mutex);
  QCOMPARE(told.times, before);
}

void DiscoveryTest::networkIsSearchedForNamedTypesOnly() {
  ScriptedLists lists;
  Told told;
  DeviceWatcher watcher(lists, told.listener());
  QVERIFY(watcher.watchNetwork({}));
  QVERIFY(lists.asked.isEmpty());
  const QStringList types{QStringLiteral("_smp._udp")};
  QVERIFY(watcher.watchNetwork(types));
  QVERIFY(watcher.watchNetwork(types));  // goes on as it is
  QCOMPARE(lists.asked, QList<QStringList>{types});
  DnsSdService service;
  service.instance = QStringLiteral("Boiler");
  lists.listener({service});
  QCOMPARE(told.last.services.size(), 1);
  QVERIFY(watcher.watchNetwork({}));
  QVERIFY(told.last.services.isEmpty());
  lists.noNetwork = true;
  QVERIFY(!watcher.watchNetwork(types));
  lists.noNetwork = false;
  QVERIFY(watcher.watchNetwork(types));  // a failure is not taken for a search
  QCOMPARE(lists.asked.size(), 2);
}

QTEST_GUILESS_MAIN(DiscoveryTest)
#include "discovery_test.moc"
