// Devices as libusb lists them. Within transports/links only.
#pragma once

#include "transports/links/usb_link.h"

#include <functional>
#include <libusb.h>
#include <memory>

namespace sealift {

using LibusbContext = std::unique_ptr<libusb_context, decltype(&libusb_exit)>;

// One for each piece of work: a fresh one looks at the bus itself, and does not depend on who tells of changes.
Result<LibusbContext> makeLibusbContext();

// "1-2.3"; empty for a root hub.
QString usbPlaceOf(libusb_device* device);
// What is known of it without opening it. Strings are missing.
UsbDeviceInfo describeUsbDevice(libusb_device* device);
// Calls `visit` for every device that is no hub; the pointer is good during the call only. Stops when `visit` says
// true.
Status forEachUsbDevice(libusb_context* context, const std::function<bool(libusb_device*)>& visit);
// Everything on the bus, in the order of places.
Result<QList<UsbDeviceInfo>> listUsbDevices();

}  // namespace sealift
