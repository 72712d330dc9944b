// A bus within the program: drivers and protocols meet virtual USB devices here as they would behind libusb, without
// a kernel. Places, claims, stalls, absences, re-enumeration and the loss of a device are those of a real bus; a
// transfer takes no longer than its device says.
//
// Threads: everything may be called from any thread; a link belongs to the thread that opened it. Links may outlive
// the bus (they are lost then).
#pragma once

#include "devices/virtual/usb_function.h"
#include "transports/links/link_opener.h"

#include <memory>

namespace sealift {

class VirtualUsbWire;

class VirtualUsbBus final : public LinkOpener {
 public:
  VirtualUsbBus();
  ~VirtualUsbBus() override;
  VirtualUsbBus(const VirtualUsbBus&) = delete;
  VirtualUsbBus& operator=(const VirtualUsbBus&) = delete;

  // A place as in usb:BUS-PORT.PORT. What was there before is unplugged.
  void plugIn(const QString& place, const std::shared_ptr<UsbFunction>& function);
  void unplug(const QString& place);
  // The nth transfer from now (1: the next one) finds the plug pulled. 0 takes it back.
  void unplugAtTransfer(const QString& place, quint64 n);
  quint64 transfers(const QString& place) const;  // that reached the device at this place so far
  // From now on opening gives LinkPermission, as without udev rule.
  void denyPermission(const QString& place, bool deny);
  // As if another program, or a driver of the system that does not let go, had the interface.
  void occupy(const QString& place, int interfaceNumber, bool occupied);

  Result<QList<UsbDeviceInfo>> usbDevices() override;
  Result<std::unique_ptr<UsbLink>> openUsb(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override;

 private:
  std::shared_ptr<VirtualUsbWire> wire_;
};

}  // namespace sealift
