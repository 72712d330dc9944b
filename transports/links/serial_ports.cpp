#include "transports/links/serial_ports.h"

#include <QCollator>
#include <QFile>
#include <QFileInfo>
#include <QSerialPortInfo>

#include <algorithm>
#include <optional>

namespace sealift {
namespace {

constexpr qint64 kMaxAttribute = 1024;  // 126 UTF-16 units become at most 378 bytes

QString readAttribute(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.read(kMaxAttribute)).trimmed() : QString();
}

std::optional<quint16> readHex(const QString& path) {
  bool ok = false;
  const quint16 number = readAttribute(path).toUShort(&ok, 16);
  return ok ? std::optional(number) : std::nullopt;
}

SerialPortInfo describe(const QSerialPortInfo& found) {
  SerialPortInfo info;
#ifdef Q_OS_WIN
  info.port = found.portName();  // COM7, which the location hides in \\.\COM7
#else
  info.port = found.systemLocation();
#endif
  // Qt's answer depends on udev's database where there is one; sysfs has it always.
  if (!fillUsbAdapter(found.portName(), QStringLiteral("/sys"), info) && found.hasVendorIdentifier() &&
      found.hasProductIdentifier()) {
    info.onUsb = true;
    info.vendorId = found.vendorIdentifier();
    info.productId = found.productIdentifier();
    info.manufacturer = found.manufacturer();
    info.product = found.description();
    info.serial = found.serialNumber();
  }
  return info;
}

}  // namespace

bool fillUsbAdapter(const QString& terminal, const QString& sysfs, SerialPortInfo& info) {
  const QString top = QFileInfo(sysfs).canonicalFilePath();
  const QFileInfo node(sysfs + QStringLiteral("/class/tty/") + terminal + QStringLiteral("/device"));
  QString folder = node.canonicalFilePath();
  int interfaceNumber = -1;
  while (!top.isEmpty() && folder.startsWith(top + u'/')) {
    if (const std::optional<quint16> number = readHex(folder + QStringLiteral("/bInterfaceNumber"))) {
      interfaceNumber = *number;
    }
    const std::optional<quint16> vendor = readHex(folder + QStringLiteral("/idVendor"));
    const std::optional<quint16> product = readHex(folder + QStringLiteral("/idProduct"));
    if (vendor && product) {
      info.onUsb = true;
      info.vendorId = *vendor;
      info.productId = *product;
      info.manufacturer = readAttribute(folder + QStringLiteral("/manufacturer"));
      info.product = readAttribute(folder + QStringLiteral("/product"));
      info.serial = readAttribute(folder + QStringLiteral("/serial"));
      info.place = QFileInfo(folder).fileName();  // the kernel names the folder of a device by its place
      info.interfaceNumber = interfaceNumber;
      return true;
    }
    folder = QFileInfo(folder).path();
  }
  return false;
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
