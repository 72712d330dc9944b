// Windows and macOS: strings are the device's own, and it is opened to ask for them; that takes it from nobody.
#include "transports/links/usb_devices.h"
#include "transports/links/usb_platform.h"

#include <libusb.h>

namespace sealift {

namespace {

QString readString(libusb_device_handle* handle, quint8 index) {
  unsigned char text[256] = {};
  const int length = index == 0 ? 0 : libusb_get_string_descriptor_ascii(handle, index, text, sizeof text);
  return length <= 0 ? QString() : QString::fromLatin1(reinterpret_cast<const char*>(text), length);
}

}  // namespace

void fillUsbStrings(libusb_device* device, UsbDeviceInfo& info) {
  libusb_device_descriptor descriptor{};
  libusb_device_handle* handle = nullptr;
  if (libusb_get_device_descriptor(device, &descriptor) != 0 || libusb_open(device, &handle) != 0) {
    info.readable = false;
    return;
  }
  info.manufacturer = readString(handle, descriptor.iManufacturer);
  info.product = readString(handle, descriptor.iProduct);
  info.serial = readString(handle, descriptor.iSerialNumber);
  libusb_close(handle);
}

QString usbPermissionRemedy(const UsbDeviceInfo& device) {
#ifdef Q_OS_WIN
  return QStringLiteral(
             "Windows has no driver for %1 that lets programs speak with it. Install the one that its vendor "
             "publishes, "
             "or give it \"WinUsb Device\" in the Device Manager (Update driver, Let me pick, Universal Serial Bus "
             "devices). Then plug it in again.")
      .arg(usbIdText(device));
#else
  return QStringLiteral("Close other programs that use the device %1, and plug it in again.").arg(usbIdText(device));
#endif
}

}  // namespace sealift
