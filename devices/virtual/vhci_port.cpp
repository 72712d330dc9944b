#include "devices/virtual/vhci_port.h"

#include "app/base/file_io.h"

#include <QDir>
#include <QFile>

namespace sealift {

namespace {

constexpr int kPortFree = 4;              // VDEV_ST_NULL (drivers/usb/usbip/usbip_common.h)
constexpr int kDeviceId = (1 << 16) | 2;  // busnum << 16 | devnum on the side of the device: any will do
constexpr int kSpeedFull = 2;             // enum usb_device_speed (include/uapi/linux/usb/ch9.h)
constexpr int kSpeedHigh = 3;
constexpr qint64 kMaxStatus = 64 * 1024;

QString controller() {
  return QStringLiteral("/sys/devices/platform/vhci_hcd.0");
}

struct PortStatus {
  int number = 0;
  int status = 0;
};

// "hub port sta spd dev      sockfd local_busid", then a line a port; "hs" is the root hub up to high speed.
Result<QList<PortStatus>> readPorts() {
  const Result<QByteArray> text = readFile(controller() + QStringLiteral("/status"), kMaxStatus);
  if (!text) {
    return fail(ErrorCode::NotSupported, QStringLiteral("This computer has no virtual USB host controller."),
                QStringLiteral("Load the kernel module vhci-hcd (modprobe vhci-hcd)."));
  }
  QList<PortStatus> ports;
  const QList<QByteArray> lines = text->split('\n');
  for (const QByteArray& line : lines) {
    const QList<QByteArray> words = line.simplified().split(' ');
    if (words.size() >= 3 && words.at(0) == "hs") {
      ports.append({words.at(1).toInt(), words.at(2).toInt()});
    }
  }
  return ports;
}

// The root hub up to high speed is the one with USB 2.0 beside the one with USB 3.0.
Result<QString> busNumber() {
  const QStringList hubs = QDir(controller()).entryList({QStringLiteral("usb*")}, QDir::Dirs);
  for (const QString& hub : hubs) {
    const QString folder = controller() + QLatin1Char('/') + hub;
    const Result<QByteArray> speed = readFile(folder + QStringLiteral("/speed"), kMaxStatus);
    const Result<QByteArray> number = readFile(folder + QStringLiteral("/busnum"), kMaxStatus);
    if (speed && number && speed->trimmed() == "480") {
      return QString::fromLatin1(number->trimmed());
    }
  }
  return fail(ErrorCode::NotSupported, QStringLiteral("The virtual USB host controller has no root hub."));
}

}  // namespace

Result<VhciPort> VhciPort::findFree() {
  SEALIFT_TRY(const QList<PortStatus> ports, readPorts());
  SEALIFT_TRY(const QString bus, busNumber());
  for (const PortStatus& port : ports) {
    if (port.status == kPortFree) {
      VhciPort free;
      free.number_ = port.number;
      free.place_ = QStringLiteral("%1-%2").arg(bus).arg(port.number + 1);  // ports count from 1 on the bus
      return free;
    }
  }
  return fail(ErrorCode::LinkOpen, QStringLiteral("All ports of the virtual USB host controller are in use."));
}

Status VhciPort::attach(int socket, UsbSpeed speed) const {
  QFile file(controller() + QStringLiteral("/attach"));
  const QByteArray words = QByteArray::number(number_) + ' ' + QByteArray::number(socket) + ' ' +
                           QByteArray::number(kDeviceId) + ' ' +
                           QByteArray::number(speed == UsbSpeed::High ? kSpeedHigh : kSpeedFull);
  if (!file.open(QIODevice::WriteOnly | QIODevice::Unbuffered) || file.write(words) != words.size()) {
    return fail(
        ErrorCode::LinkOpen,
        QStringLiteral("The kernel does not take a virtual device at USB %1: %2.").arg(place_, file.errorString()));
  }
  return {};
}

Result<bool> VhciPort::isFree() const {
  SEALIFT_TRY(const QList<PortStatus> ports, readPorts());
  for (const PortStatus& port : ports) {
    if (port.number == number_) {
      return port.status == kPortFree;
    }
  }
  return fail(ErrorCode::NotFound, QStringLiteral("USB %1 is no port any more.").arg(place_));
}

}  // namespace sealift
