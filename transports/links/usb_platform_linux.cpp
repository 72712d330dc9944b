// Linux keeps what it read itself when the device came, in sysfs (Documentation/ABI/stable/sysfs-bus-usb): to list
// devices nothing is opened, no permission is needed and no device is disturbed.
#include "transports/links/usb_devices.h"
#include "transports/links/usb_platform.h"

#include <QFile>
#include <QFileInfo>

#include <libusb.h>

namespace sealift {

namespace {

constexpr qint64 kMaxString = 1024;  // 126 UTF-16 units become at most 378 bytes

QString readAttribute(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    return {};
  }
  QByteArray text = file.read(kMaxString);
  if (text.endsWith('\n')) {
    text.chop(1);
  }
  return QString::fromUtf8(text);
}

}  // namespace

void fillUsbStrings(libusb_device* device, UsbDeviceInfo& info) {
  const QString folder = QStringLiteral("/sys/bus/usb/devices/") + info.place;
  const int address = libusb_get_device_address(device);
  const QString node = QStringLiteral("/dev/bus/usb/%1/%2")
                           .arg(libusb_get_bus_number(device), 3, 10, QLatin1Char('0'))
                           .arg(address, 3, 10, QLatin1Char('0'));
  const QFileInfo file(node);
  info.readable = file.isReadable() && file.isWritable();
  const QString configuration = readAttribute(folder + QStringLiteral("/bConfigurationValue"));
  UsbDeviceInfo named = info;
  named.manufacturer = readAttribute(folder + QStringLiteral("/manufacturer"));
  named.product = readAttribute(folder + QStringLiteral("/product"));
  named.serial = readAttribute(folder + QStringLiteral("/serial"));
  for (UsbAlternate& alternate : named.alternates) {
    const QString interfaceFolder =
        QStringLiteral("/sys/bus/usb/devices/%1:%2.%3").arg(info.place, configuration).arg(alternate.interfaceNumber);
    // The kernel has the name of the alternate setting in use only.
    if (readAttribute(interfaceFolder + QStringLiteral("/bAlternateSetting")).trimmed().toInt() ==
        alternate.alternate) {
      alternate.name = readAttribute(interfaceFolder + QStringLiteral("/interface"));
    }
  }
  // Last, so that the words are none of a device that came to this place meanwhile.
  if (readAttribute(folder + QStringLiteral("/devnum")).toInt() == address) {
    info = named;
  }
}

QString usbPermissionRemedy(const UsbDeviceInfo& device) {
  return QStringLiteral(
             "As root, write the line  SUBSYSTEM==\"usb\", ATTR{idVendor}==\"%1\", ATTR{idProduct}==\"%2\", "
             "TAG+=\"uaccess\"  into /etc/udev/rules.d/70-sealift-local.rules, run \"udevadm control "
             "--reload\", and plug the device in again.")
      .arg(device.vendorId, 4, 16, QLatin1Char('0'))
      .arg(device.productId, 4, 16, QLatin1Char('0'));
}

}  // namespace sealift
