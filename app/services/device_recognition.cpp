#include "app/services/device_recognition.h"

#include "devices/core/discovery.h"
#include "transports/links/usb_devices.h"

#include <algorithm>

namespace sealift {
namespace {

// One look for each way of speaking, however many models share it.
struct Way {
  const DriverEntry* entry;
  QList<ModelDescription> models;
};

QList<Way> waysOf(const QList<ModelDescription>& models, const DriverRegistry& drivers) {
  QList<Way> ways;
  for (const ModelDescription& model : models) {
    const DriverEntry* entry = drivers.find(model.driver);
    const auto same = [&](const Way& way) {
      const ModelDescription& first = way.models.first();
      return way.entry == entry && first.driverSettings == model.driverSettings && first.usbIds == model.usbIds;
    };
    const auto it = std::find_if(ways.begin(), ways.end(), same);
    if (it != ways.end()) {
      it->models << model;
    } else {
      ways << Way{entry, {model}};
    }
  }
  return ways;
}

// Nothing spoke this protocol: another driver may be understood.
bool maybeAnotherProtocol(const Error& error) {
  return error.code == ErrorCode::DeviceNotRecognised || error.code == ErrorCode::Timeout ||
         error.code == ErrorCode::ProtocolMalformed || error.code == ErrorCode::ProtocolUnexpected ||
         error.code == ErrorCode::ProtocolRefused;
}

}  // namespace

QList<ModelDescription> DeviceRecognition::models() const {
  QList<ModelDescription> all;
  for (const std::shared_ptr<VendorRepository>& repository : vendors_.repositories()) {
    all += repository->contents().models;
  }
  return all;
}

Result<QList<ModelDescription>> DeviceRecognition::namedOnUsb(const LinkAddress& address,
                                                              const QList<ModelDescription>& models) const {
  SEALIFT_TRY(const QList<UsbDeviceInfo> devices, core_.links->usbDevices());
  const UsbDeviceInfo* device = findUsbDevice(devices, address.target);
  if (device == nullptr) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("Nothing is plugged in at USB %1.").arg(address.target));
  }
  const QList<ModelDescription> named = modelsForUsb(models, *device);
  if (named.isEmpty()) {
    return fail(ErrorCode::DeviceNotRecognised,
                QStringLiteral("The device at USB %1 is %2, which no model of an added vendor names, so it was not "
                               "opened.")
                    .arg(address.target, usbIdText(*device)));
  }
  return named;
}

Result<QList<ModelDescription>> DeviceRecognition::namedOnPort(const LinkAddress& address,
                                                               const QList<ModelDescription>& models) const {
  SEALIFT_TRY(const QList<SerialPortInfo> ports, core_.links->serialPorts());
  const auto port = std::find_if(ports.cbegin(), ports.cend(),
                                 [&](const SerialPortInfo& each) { return each.port == address.target; });
  if (port == ports.cend()) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("There is no serial port %1.").arg(address.target));
  }
  const QList<ModelDescription> named = modelsForSerialPort(models, *port);
  if (named.isEmpty()) {
    return fail(ErrorCode::DeviceNotRecognised,
                QStringLiteral("No model names what is in front of the serial port %1, so it was not opened.")
                    .arg(address.target),
                QStringLiteral("When you know that it is one of these devices, add it by its address."));
  }
  return named;
}

Result<QList<ModelDescription>> DeviceRecognition::candidates(const LinkAddress& address, const QStringList& among,
                                                              Asked asked) const {
  QList<ModelDescription> candidates;
  for (const ModelDescription& model : models()) {
    const DriverEntry* entry = core_.drivers->find(model.driver);
    const bool wanted = among.isEmpty() || among.contains(model.vendorId + u'/' + model.id) || among.contains(model.id);
    if (wanted && entry != nullptr && model.links.contains(address.kind) && entry->links.contains(address.kind)) {
      candidates << model;
    }
  }
  if (candidates.isEmpty()) {
    return fail(
        ErrorCode::DeviceNotRecognised,
        among.isEmpty()
            ? QStringLiteral("No added vendor has a model that is reached over %1.").arg(linkKindName(address.kind))
            : QStringLiteral("No added vendor has a model \"%1\" that is reached over %2.")
                  .arg(among.join(QStringLiteral("\" or \"")), linkKindName(address.kind)));
  }
  if (address.kind == LinkKind::Usb) {
    return namedOnUsb(address, candidates);
  }
  return address.kind == LinkKind::Serial && asked == Asked::ByItself ? namedOnPort(address, candidates) : candidates;
}

Result<Recognised> DeviceRecognition::recognise(const LinkAddress& address, const QStringList& among, Asked asked,
                                                const CancelToken& cancel) const {
  SEALIFT_TRY(const QList<ModelDescription> named, candidates(address, among, asked));
  std::optional<Error> lastError;
  std::optional<DeviceSnapshot> stranger;
  for (const Way& way : waysOf(named, *core_.drivers)) {
    ModelDescription anyModel = way.models.first();
    // Which of the models it is, is told by the device's own name, below; where its identity on the USB names one
    // model only, by that.
    if (address.kind != LinkKind::Usb || way.models.size() > 1) {
      anyModel.deviceNames.clear();
    }
    SEALIFT_TRY(const std::unique_ptr<Driver> driver, way.entry->make(anyModel, address, *core_.links));
    StepContext step{.cancel = cancel, .progress = Progress()};
    Result<DeviceSnapshot> snapshot = driver->identify(step);
    if (!snapshot) {
      if (!maybeAnotherProtocol(snapshot.error())) {
        return tl::unexpected<Error>(snapshot.error());
      }
      lastError = snapshot.error();
      continue;
    }
    for (const ModelDescription& model : way.models) {
      if (model.deviceNames.isEmpty() || model.deviceNames.contains(snapshot->deviceName)) {
        return Recognised{model.vendorId, model.id, *snapshot};
      }
    }
    stranger = *snapshot;
  }
  if (stranger) {
    return Recognised{{}, {}, *stranger};
  }
  return failBecause(ErrorCode::DeviceNotRecognised,
                     QStringLiteral("Nothing that a known model speaks answers at %1.").arg(address.toString()),
                     *lastError);
}

}  // namespace sealift
