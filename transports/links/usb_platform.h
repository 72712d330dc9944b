// What libusb leaves to the operating system: strings without opening the device, and who may open it. One file for
// each system. Within transports/links only.
#pragma once

#include "transports/links/usb_link.h"

struct libusb_device;

namespace sealift {

// Fills in strings and `readable`, as far as that goes without opening the device.
void fillUsbStrings(libusb_device* device, UsbDeviceInfo& info);
// What to do so that this person may open it.
QString usbPermissionRemedy(const UsbDeviceInfo& device);

}  // namespace sealift
