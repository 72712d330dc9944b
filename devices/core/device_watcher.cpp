#include "devices/core/device_watcher.h"

#include "transports/links/usb_devices.h"

#include <algorithm>

namespace sealift {

DeviceWatcher::~DeviceWatcher() {
  stop();
}

void DeviceWatcher::stop() {
  network_.reset();
  ports_.reset();
  usb_.reset();
}

void DeviceWatcher::change(const std::function<void(Surroundings&)>& how) {
  const std::scoped_lock telling(telling_);
  Surroundings after;
  {
    const std::scoped_lock lock(mutex_);
    after = now_;
    how(after);
    if (after == now_) {
      return;
    }
    now_ = after;
  }
  listener_(after);
}

void DeviceWatcher::tellAgain() {
  const std::scoped_lock telling(telling_);
  Surroundings now;
  {
    const std::scoped_lock lock(mutex_);
    now = now_;
  }
  listener_(now);
}

void DeviceWatcher::watchPorts(std::chrono::milliseconds lookEvery) {
  watchesPorts_ = true;
  usb_ = std::make_unique<UsbWatcher>(
      opener_,
      [this](const UsbWatcher::Change& told) {
        change([&](Surroundings& now) {
          now.usb.removeIf([&](const UsbDeviceInfo& device) {
            return told.departed.contains(device) || findUsbDevice(told.arrived, device.place) != nullptr;
          });
          now.usb += told.arrived;
          std::sort(now.usb.begin(), now.usb.end(),
                    [](const UsbDeviceInfo& a, const UsbDeviceInfo& b) { return usbPlaceBefore(a.place, b.place); });
        });
      },
      lookEvery);
  ports_ = std::make_unique<SerialPortWatcher>(
      opener_, [this](const QList<SerialPortInfo>& ports) { change([&](Surroundings& now) { now.ports = ports; }); },
      lookEvery / 2);
}

Status DeviceWatcher::watchNetwork(const QStringList& serviceTypes) {
  if (serviceTypes == serviceTypes_) {
    return {};
  }
  serviceTypes_.clear();
  network_.reset();
  change([](Surroundings& now) { now.services.clear(); });
  if (serviceTypes.isEmpty()) {
    return {};
  }
  SEALIFT_TRY(network_, opener_.browseServices(serviceTypes, [this](const QList<DnsSdService>& services) {
    change([&](Surroundings& now) { now.services = services; });
  }));
  serviceTypes_ = serviceTypes;
  return {};
}

void DeviceWatcher::lookOnce() {
  if (watchesPorts_) {
    return;
  }
  const Result<QList<UsbDeviceInfo>> usb = opener_.usbDevices();
  const Result<QList<SerialPortInfo>> ports = opener_.serialPorts();
  change([&](Surroundings& now) {
    now.usb = usb ? *usb : now.usb;
    now.ports = ports ? *ports : now.ports;
  });
}

}  // namespace sealift
