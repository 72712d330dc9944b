#include "transports/links/usb_devices.h"

#include <QStringList>
#include <QThread>

#include <algorithm>

namespace sealift {

namespace {

constexpr int kLookAgainMs = 50;

QList<int> numbersOf(const QString& place) {
  QList<int> numbers;
  const QStringList parts = QString(place).replace(QLatin1Char('-'), QLatin1Char('.')).split(QLatin1Char('.'));
  for (const QString& part : parts) {
    numbers.append(part.toInt());
  }
  return numbers;
}

QString told(const UsbDeviceInfo& device) {
  const QString serial = device.serial.isEmpty() ? QStringLiteral("without serial number")
                                                 : QStringLiteral("serial number %1").arg(device.serial);
  return QStringLiteral("%1, %2").arg(usbIdText(device), serial);
}

}  // namespace

bool usbPlaceBefore(const QString& a, const QString& b) {
  const QList<int> left = numbersOf(a);
  const QList<int> right = numbersOf(b);
  return std::lexicographical_compare(left.cbegin(), left.cend(), right.cbegin(), right.cend());
}

const UsbDeviceInfo* findUsbDevice(const QList<UsbDeviceInfo>& devices, const QString& place) {
  const auto found = std::find_if(devices.cbegin(), devices.cend(),
                                  [&](const UsbDeviceInfo& device) { return device.place == place; });
  return found != devices.cend() ? &*found : nullptr;
}

QString usbIdText(const UsbDeviceInfo& device) {
  return QStringLiteral("%1:%2")
      .arg(device.vendorId, 4, 16, QLatin1Char('0'))
      .arg(device.productId, 4, 16, QLatin1Char('0'));
}

QString usbLinkName(const UsbDeviceInfo& device) {
  return QStringLiteral("USB %1 (%2)").arg(device.place, usbIdText(device));
}

Status checkSameUsbDevice(const UsbDeviceInfo& expected, const UsbDeviceInfo& found) {
  if (expected.place == found.place && expected.vendorId == found.vendorId && expected.productId == found.productId &&
      expected.serial == found.serial) {
    return {};
  }
  return fail(ErrorCode::DeviceChanged, QStringLiteral("At USB %1 there is another device now: %2; it was %3 at %4.")
                                            .arg(found.place, told(found), told(expected), expected.place));
}

Result<UsbDeviceInfo> waitForUsbDevice(LinkOpener& opener, const QString& place,
                                       const std::function<bool(const UsbDeviceInfo&)>& wanted,
                                       const Deadline& deadline, const CancelToken& cancel) {
  while (true) {
    SEALIFT_CHECK(cancel.check());
    SEALIFT_TRY(const QList<UsbDeviceInfo> devices, opener.usbDevices());
    const auto found = std::find_if(devices.cbegin(), devices.cend(), [&](const UsbDeviceInfo& device) {
      return device.place == place && wanted(device);
    });
    if (found != devices.cend()) {
      return *found;
    }
    if (deadline.passed()) {
      return deadline.timeout();
    }
    QThread::msleep(static_cast<unsigned long>(std::max(deadline.sliceMs(kLookAgainMs), 1)));
  }
}

}  // namespace sealift
