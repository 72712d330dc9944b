#include "app/services/unit_identity.h"

#include "transports/links/usb_devices.h"

#include <algorithm>

namespace sealift {
namespace {

QString collisionKey(const QString& id) {
  return QStringLiteral("serial-collision.") + id;
}

}  // namespace

QString UnitIdentity::idFor(const QString& vendorId, const QString& modelId, const QString& serial,
                            const LinkAddress& address) {
  if (vendorId.isEmpty() || serial.isEmpty()) {
    return address.toString();
  }
  QString written = serial;
  written.replace(u'%', QLatin1String("%25")).replace(u'@', QLatin1String("%40"));
  return QStringLiteral("%1/%2/%3").arg(vendorId, modelId, written);
}

QString UnitIdentity::idAtPlace(const QString& id, const LinkAddress& address) const {
  const QString place = placeOf(address);
  return id + u'@' + (place.isEmpty() ? address.toString() : QStringLiteral("usb:") + place);
}

QString UnitIdentity::placeOf(const LinkAddress& address) const {
  if (address.kind == LinkKind::Usb) {
    const Result<QList<UsbDeviceInfo>> devices = core_.links->usbDevices();
    return devices && findUsbDevice(*devices, address.target) != nullptr ? address.target : QString();
  }
  if (address.kind == LinkKind::Serial) {
    const Result<QList<SerialPortInfo>> ports = core_.links->serialPorts();
    for (const SerialPortInfo& port : ports.value_or(QList<SerialPortInfo>())) {
      if (port.port == address.target) {
        return port.place;
      }
    }
  }
  return {};
}

bool UnitIdentity::hasTwin(const LinkAddress& address) const {
  const Result<QList<UsbDeviceInfo>> devices = core_.links->usbDevices();
  if (address.kind != LinkKind::Usb || !devices) {
    return false;
  }
  const UsbDeviceInfo* self = findUsbDevice(*devices, address.target);
  return self != nullptr && !self->serial.isEmpty() &&
         std::any_of(devices->cbegin(), devices->cend(), [&](const UsbDeviceInfo& other) {
           return other.place != self->place && other.vendorId == self->vendorId &&
                  other.productId == self->productId && other.serial == self->serial;
         });
}

Status UnitIdentity::rememberCollision(const QString& id) {
  return SettingTable(*core_.database).set(collisionKey(id), QStringLiteral("1"));
}

bool UnitIdentity::everCollided(const QString& id) const {
  const Result<std::optional<QString>> kept = SettingTable(*core_.database).find(collisionKey(id));
  return kept && kept->has_value();
}

}  // namespace sealift
