#include "devices/core/discovery.h"

#include "transports/links/dns_sd_browser.h"

#include <algorithm>

namespace sealift {
namespace {

template <class Accepts>
QList<ModelDescription> filtered(const QList<ModelDescription>& models, const Accepts& accepts) {
  QList<ModelDescription> named;
  std::copy_if(models.cbegin(), models.cend(), std::back_inserter(named), accepts);
  return named;
}

// Service types are DNS names: the same in any ASCII case (RFC 6763, section 7.2).
bool namesType(const ModelDescription& model, const QString& type) {
  return isServiceType(type) && model.serviceTypes.contains(type, Qt::CaseInsensitive);
}

}  // namespace

QList<ModelDescription> modelsForUsb(const QList<ModelDescription>& models, const UsbDeviceInfo& device) {
  return filtered(models, [id = UsbId{device.vendorId, device.productId}](const ModelDescription& model) {
    return model.links.contains(LinkKind::Usb) && model.usbIds.contains(id);
  });
}

QList<ModelDescription> modelsForSerialPort(const QList<ModelDescription>& models, const SerialPortInfo& port) {
  return filtered(models, [&](const ModelDescription& model) {
    return port.onUsb && model.links.contains(LinkKind::Serial) &&
           model.usbIds.contains(UsbId{port.vendorId, port.productId});
  });
}

QList<ModelDescription> modelsForService(const QList<ModelDescription>& models, const DnsSdService& service) {
  return filtered(models, [&](const ModelDescription& model) { return addressFor(model, service).has_value(); });
}

QStringList serviceTypesOf(const QList<ModelDescription>& models) {
  QStringList types;
  for (const ModelDescription& model : models) {
    for (const QString& type : model.serviceTypes) {
      if (isServiceType(type) && !types.contains(type, Qt::CaseInsensitive)) {
        types << type;
      }
    }
  }
  types.sort(Qt::CaseInsensitive);
  return types;
}

std::optional<LinkAddress> addressFor(const ModelDescription& model, const DnsSdService& service) {
  if (!namesType(model, service.type) || service.addresses.isEmpty() || service.port == 0) {
    return std::nullopt;
  }
  // RFC 6763, section 7: "_udp" for UDP, "_tcp" for TCP and whatever runs over it.
  const bool udp = service.type.endsWith(QLatin1String("._udp"), Qt::CaseInsensitive);
  for (const LinkKind kind : model.links) {
    const bool fits = udp ? kind == LinkKind::Udp : kind == LinkKind::Tcp || kind == LinkKind::Https;
    if (fits) {
      return LinkAddress{kind, service.addresses.first().toString(), service.port, {}};
    }
  }
  return std::nullopt;
}

}  // namespace sealift
