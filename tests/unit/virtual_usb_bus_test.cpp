// The bus within the program, held to the same contract as the kernel's (tests/usb/usb_link_test.cpp).
#include "tests/support/usb_link_contract.h"
#include "tests/support/virtual_test_bus.h"
#include "transports/links/usb_devices.h"

#include <QTest>

namespace sealift {

class VirtualUsbBusTest final : public UsbLinkContract {
  Q_OBJECT

 public:
  VirtualUsbBusTest() : UsbLinkContract(std::make_unique<VirtualTestBus>()) {}

 private Q_SLOTS:
  void placesHaveAnOrder();
  void permissionCanBeMissing();
  void interfaceCanBeTaken();
  void linksOutliveTheirBus();
};

void VirtualUsbBusTest::placesHaveAnOrder() {
  VirtualUsbBus bus;
  const QStringList places{QStringLiteral("2-1"),    QStringLiteral("10-1"),  QStringLiteral("1-10"),
                           QStringLiteral("1-2.10"), QStringLiteral("1-2.9"), QStringLiteral("1-2")};
  for (const QString& place : places) {
    bus.plugIn(place, std::make_shared<UsbProbeDevice>(place));
  }
  QStringList seen;
  const auto devices = bus.usbDevices();
  QVERIFY(devices);
  for (const UsbDeviceInfo& device : *devices) {
    seen.append(device.place);
    QCOMPARE(device.serial, device.place);
  }
  const QStringList expected{QStringLiteral("1-2"),  QStringLiteral("1-2.9"), QStringLiteral("1-2.10"),
                             QStringLiteral("1-10"), QStringLiteral("2-1"),   QStringLiteral("10-1")};
  QCOMPARE(seen, expected);
}

void VirtualUsbBusTest::permissionCanBeMissing() {
  VirtualUsbBus bus;
  bus.plugIn(QStringLiteral("1-1"), std::make_shared<UsbProbeDevice>(QStringLiteral("P")));
  bus.denyPermission(QStringLiteral("1-1"), true);
  const auto link = bus.openUsb({LinkKind::Usb, QStringLiteral("1-1"), 0, {}}, CancelToken());
  QVERIFY(!link);
  QCOMPARE(link.error().code, ErrorCode::LinkPermission);
  QVERIFY(!bus.usbDevices()->first().readable);
}

void VirtualUsbBusTest::interfaceCanBeTaken() {
  VirtualUsbBus bus;
  bus.plugIn(QStringLiteral("1-1"), std::make_shared<UsbProbeDevice>(QStringLiteral("P")));
  bus.occupy(QStringLiteral("1-1"), 0, true);
  const auto link = bus.openUsb({LinkKind::Usb, QStringLiteral("1-1"), 0, {}}, CancelToken());
  QVERIFY(link);
  const Status taken = (*link)->claim(0, 0, CancelToken());
  QVERIFY(!taken);
  QCOMPARE(taken.error().code, ErrorCode::LinkOpen);
  bus.occupy(QStringLiteral("1-1"), 0, false);
  QVERIFY((*link)->claim(0, 0, CancelToken()));
}

void VirtualUsbBusTest::linksOutliveTheirBus() {
  auto bus = std::make_unique<VirtualUsbBus>();
  bus->plugIn(QStringLiteral("1-1"), std::make_shared<UsbProbeDevice>(QStringLiteral("P")));
  auto link = bus->openUsb({LinkKind::Usb, QStringLiteral("1-1"), 0, {}}, CancelToken());
  QVERIFY(link);
  bus.reset();
  const auto answer =
      (*link)->controlIn({0xc0, UsbProbeDevice::Store, 0, 0}, 8,
                         Deadline::in(std::chrono::seconds(5), QStringLiteral("anything")), CancelToken());
  QVERIFY(!answer);
  QCOMPARE(answer.error().code, ErrorCode::LinkLost);
}

}  // namespace sealift

QTEST_GUILESS_MAIN(sealift::VirtualUsbBusTest)
#include "virtual_usb_bus_test.moc"
