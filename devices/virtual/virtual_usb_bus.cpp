#include "devices/virtual/virtual_usb_bus.h"

#include "devices/virtual/virtual_usb_link.h"
#include "transports/links/usb_devices.h"

#include <algorithm>

namespace sealift {

namespace {

UsbDeviceInfo infoOf(const QString& place, const UsbDescription& description, bool readable) {
  UsbDeviceInfo info;
  info.place = place;
  info.vendorId = description.vendorId;
  info.productId = description.productId;
  info.release = description.release;
  info.manufacturer = description.manufacturer;
  info.product = description.product;
  info.serial = description.serial;
  info.extra = description.extra;
  info.alternates = description.alternates;
  info.readable = readable;
  return info;
}

// As usb_link.h says of what was not opened: names only of the alternate settings that are chosen at first.
UsbDeviceInfo withoutHiddenNames(UsbDeviceInfo info) {
  for (UsbAlternate& alternate : info.alternates) {
    if (alternate.alternate != 0) {
      alternate.name.clear();
    }
  }
  return info;
}

}  // namespace

VirtualUsbBus::VirtualUsbBus() : wire_(std::make_shared<VirtualUsbWire>()) {}

VirtualUsbBus::~VirtualUsbBus() {
  const std::scoped_lock lock(wire_->mutex);
  wire_->unplugAll();
}

void VirtualUsbBus::plugIn(const QString& place, const std::shared_ptr<UsbFunction>& function) {
  const std::scoped_lock lock(wire_->mutex);
  wire_->plugIn(place, function);
}

void VirtualUsbBus::unplug(const QString& place) {
  const std::scoped_lock lock(wire_->mutex);
  wire_->unplug(place);
}

void VirtualUsbBus::unplugAtTransfer(const QString& place, quint64 n) {
  const std::scoped_lock lock(wire_->mutex);
  VirtualUsbWire::Place& at = wire_->at(place);
  at.unplugAt = n == 0 ? 0 : at.transfers + n;
}

quint64 VirtualUsbBus::transfers(const QString& place) const {
  const std::scoped_lock lock(wire_->mutex);
  return wire_->at(place).transfers;
}

void VirtualUsbBus::denyPermission(const QString& place, bool deny) {
  const std::scoped_lock lock(wire_->mutex);
  wire_->at(place).denied = deny;
}

void VirtualUsbBus::occupy(const QString& place, int interfaceNumber, bool occupied) {
  const std::scoped_lock lock(wire_->mutex);
  if (occupied) {
    wire_->at(place).occupied.insert(interfaceNumber);
  } else {
    wire_->at(place).occupied.remove(interfaceNumber);
  }
}

Result<QList<UsbDeviceInfo>> VirtualUsbBus::usbDevices() {
  const std::scoped_lock lock(wire_->mutex);
  QList<UsbDeviceInfo> devices;
  for (const QString& place : wire_->places()) {
    const UsbDeviceInfo info = infoOf(place, wire_->present(place)->core.description(), !wire_->at(place).denied);
    devices.append(withoutHiddenNames(info));
  }
  std::sort(devices.begin(), devices.end(),
            [](const UsbDeviceInfo& a, const UsbDeviceInfo& b) { return usbPlaceBefore(a.place, b.place); });
  return devices;
}

Result<std::unique_ptr<UsbLink>> VirtualUsbBus::openUsb(const LinkAddress& address, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  if (address.kind != LinkKind::Usb) {
    return fail(ErrorCode::NotSupported, QStringLiteral("%1 is not a place on the USB.").arg(address.toString()));
  }
  const std::scoped_lock lock(wire_->mutex);
  VirtualUsbSocket* socket = wire_->present(address.target);
  if (socket == nullptr) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("Nothing is plugged in at %1.").arg(address.toString()));
  }
  const UsbDeviceInfo info = infoOf(address.target, socket->core.description(), true);
  if (wire_->at(address.target).denied) {
    return fail(ErrorCode::LinkPermission,
                QStringLiteral("You may not open the USB device at %1.").arg(address.target));
  }
  return std::make_unique<VirtualUsbLink>(wire_, info, socket->visit, wire_->newLink());
}

Result<std::unique_ptr<ByteLink>> VirtualUsbBus::openBytes(const LinkAddress& address, const CancelToken& /*cancel*/) {
  return fail(ErrorCode::NotSupported, QStringLiteral("%1 is not on the virtual USB.").arg(address.toString()));
}

Result<std::unique_ptr<DatagramLink>> VirtualUsbBus::openDatagrams(const LinkAddress& address,
                                                                   const CancelToken& /*cancel*/) {
  return fail(ErrorCode::NotSupported, QStringLiteral("%1 is not on the virtual USB.").arg(address.toString()));
}

}  // namespace sealift
