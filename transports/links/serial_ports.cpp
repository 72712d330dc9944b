#include "transports/links/serial_ports.h"

#include <QCollator>
#include <QFile>
#include <QFileInfo>
#include <QSerialPortInfo>

#include <algorithm>

namespace sealift {
namespace {

constexpr qint64 kMaxNumber = 16;

std::optional<int> readHex(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    return std::nullopt;
  }
  bool ok = false;
  const int number = file.read(kMaxNumber).trimmed().toInt(&ok, 16);
  return ok ? std::optional(number) : std::nullopt;
}

SerialPortInfo describe(const QSerialPortInfo& found) {
  SerialPortInfo info;
  info.port = found.systemLocation();
#ifdef Q_OS_WIN
  info.port = found.portName();  // COM7, which the location hides in \\.\COM7
#endif
  info.onUsb = found.hasVendorIdentifier() && found.hasProductIdentifier();
  if (info.onUsb) {
    info.vendorId = found.vendorIdentifier();
    info.productId = found.productIdentifier();
    info.manufacturer = found.manufacturer();
    info.product = found.description();
    info.serial = found.serialNumber();
    const UsbPlaceOfPort place = usbPlaceOfPort(found.portName(), QStringLiteral("/sys"));
    info.place = place.place;
    info.interfaceNumber = place.interfaceNumber;
  }
  return info;
}

}  // namespace

UsbPlaceOfPort usbPlaceOfPort(const QString& terminal, const QString& sysfs) {
  UsbPlaceOfPort found;
  const QString top = QFileInfo(sysfs).canonicalFilePath();
  QString folder =
      QFileInfo(sysfs + QStringLiteral("/class/tty/") + terminal + QStringLiteral("/device")).canonicalFilePath();
  while (!top.isEmpty() && folder.startsWith(top + u'/')) {
    if (found.interfaceNumber < 0) {
      found.interfaceNumber = readHex(folder + QStringLiteral("/bInterfaceNumber")).value_or(-1);
    }
    if (QFileInfo::exists(folder + QStringLiteral("/idVendor"))) {
      found.place = QFileInfo(folder).fileName();  // the kernel names the folder of a device by its place
      return found;
    }
    folder = QFileInfo(folder).path();
  }
  return {};
}

Result<QList<SerialPortInfo>> listSerialPorts() {
  QList<SerialPortInfo> ports;
  const QList<QSerialPortInfo> found = QSerialPortInfo::availablePorts();
  std::transform(found.cbegin(), found.cend(), std::back_inserter(ports), describe);
  QCollator order;
  order.setNumericMode(true);
  std::sort(ports.begin(), ports.end(),
            [&](const SerialPortInfo& a, const SerialPortInfo& b) { return order.compare(a.port, b.port) < 0; });
  return ports;
}

}  // namespace sealift
