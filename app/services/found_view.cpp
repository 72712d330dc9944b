#include "app/services/found_view.h"

#include "devices/core/discovery.h"
#include "transports/links/usb_devices.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kMaxWords = 80;

void setModels(Found& found, const QList<ModelDescription>& models) {
  for (const ModelDescription& model : models) {
    found.modelIds << model.vendorId + u'/' + model.id;
    found.view.models << model.name;
  }
}

QString usbDetail(quint16 vendor, quint16 product, const QString& serial) {
  const QString id = UsbId{vendor, product}.toString();
  return serial.isEmpty() ? id : QStringLiteral("%1, serial number %2").arg(id, shownWords(serial));
}

QString firstOf(const QStringList& words) {
  for (const QString& each : words) {
    if (const QString shown = shownWords(each); !shown.isEmpty()) {
      return shown;
    }
  }
  return {};
}

Found foundOnUsb(const UsbDeviceInfo& device, const QList<ModelDescription>& models) {
  Found found;
  found.address = device.address();
  found.serial = device.serial;
  found.usbPlace = device.place;
  found.identity =
      QStringLiteral("%1 %2 %3 %4").arg(usbIdText(device), device.serial, device.product).arg(device.readable);
  setModels(found, modelsForUsb(models, device));
  found.view.kind = QStringLiteral("usb");
  found.view.name = firstOf({device.product, device.manufacturer, QStringLiteral("USB device")});
  found.view.detail = usbDetail(device.vendorId, device.productId, device.serial);
  found.view.place = QStringLiteral("USB %1").arg(device.place);
  found.view.addable = !found.modelIds.isEmpty();
  if (found.modelIds.isEmpty()) {
    found.view.note =
        QStringLiteral("Sealift has not opened it: no model of an added vendor names %1.").arg(usbIdText(device));
  }
  return found;
}

Found foundPort(const SerialPortInfo& port, const QList<ModelDescription>& models) {
  Found found;
  found.address = port.address();
  found.usbPlace = port.place;
  found.identity = QStringLiteral("%1 %2 %3 %4")
                       .arg(UsbId{port.vendorId, port.productId}.toString(), port.serial, port.place)
                       .arg(port.interfaceNumber);
  setModels(found, modelsForSerialPort(models, port));
  found.view.kind = QStringLiteral("serial");
  found.view.name = firstOf({port.product, port.manufacturer, QStringLiteral("Serial port")});
  found.view.detail =
      port.onUsb ? usbDetail(port.vendorId, port.productId, port.serial) : QStringLiteral("built-in or unknown");
  QString name = port.port;
  if (name.startsWith(QLatin1String("/dev/"))) {
    name = name.mid(5);
  }
  found.view.place = port.place.isEmpty() ? QStringLiteral("serial %1").arg(name)
                                          : QStringLiteral("serial %1 (USB %2)").arg(name, port.place);
  found.view.addable = true;
  if (found.modelIds.isEmpty()) {
    found.view.note = port.onUsb ? QStringLiteral(
                                       "Sealift has not opened it: no model of an added vendor names the "
                                       "adapter %1.")
                                       .arg(UsbId{port.vendorId, port.productId}.toString())
                                 : QStringLiteral("Sealift has not opened it: nothing tells what is behind it.");
  }
  return found;
}

std::optional<Found> foundService(const DnsSdService& service, const QList<ModelDescription>& models) {
  Found found;
  const QList<ModelDescription> named = modelsForService(models, service);
  if (named.isEmpty()) {
    return std::nullopt;  // of a vendor that was removed meanwhile
  }
  setModels(found, named);
  found.address = *addressFor(named.first(), service);
  found.identity = QStringLiteral("%1 %2 %3").arg(service.type, service.instance, service.host);
  found.view.kind = QStringLiteral("network");
  found.view.name = firstOf({service.instance, service.host});
  found.view.detail = QStringLiteral("%1, %2").arg(service.type, shownWords(service.host));
  found.view.place = QStringLiteral("network");
  found.view.addable = true;
  return found;
}

}  // namespace

QString shownWords(const QString& words) {
  QString shown;
  for (const QChar c : words.simplified()) {
    const bool steers = c.category() == QChar::Other_Control || c.category() == QChar::Other_Format ||
                        c.category() == QChar::Separator_Line || c.category() == QChar::Separator_Paragraph;
    shown += steers ? QChar(QChar::ReplacementCharacter) : c;
  }
  return shown.size() > kMaxWords ? shown.left(kMaxWords - 1) + QChar(0x2026) : shown;
}

QList<Found> listFound(const Surroundings& around, const QList<ModelDescription>& models) {
  QList<Found> all;
  for (const UsbDeviceInfo& device : around.usb) {
    const bool isPort = std::any_of(around.ports.cbegin(), around.ports.cend(),
                                    [&](const SerialPortInfo& port) { return port.place == device.place; });
    const Found found = foundOnUsb(device, models);
    if (!isPort || !found.modelIds.isEmpty()) {
      all << found;
    }
  }
  for (const SerialPortInfo& port : around.ports) {
    all << foundPort(port, models);
  }
  for (const DnsSdService& service : around.services) {
    const std::optional<Found> found = foundService(service, models);
    // A service may be heard on several interfaces.
    const auto same = [&](const Found& other) {
      return other.address == found->address ||
             (other.view.kind == found->view.kind && other.identity == found->identity);
    };
    if (found && std::none_of(all.cbegin(), all.cend(), same)) {
      all << *found;
    }
  }
  for (Found& found : all) {
    found.view.address = found.address.toString();
  }
  return all;
}

}  // namespace sealift
