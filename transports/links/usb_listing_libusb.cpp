#include "transports/links/usb_listing_libusb.h"

#include "transports/links/usb_devices.h"
#include "transports/links/usb_platform.h"

#include <algorithm>

namespace sealift {

namespace {

constexpr int kMaxDepth = 7;                 // USB 2.0, 4.1.1: tiers below the root hub
constexpr quint16 kPacketSizeMask = 0x07ff;  // 9.6.6: bits 10..0 of wMaxPacketSize

QByteArray bytesOf(const unsigned char* extra, int length) {
  return extra == nullptr || length <= 0 ? QByteArray() : QByteArray(reinterpret_cast<const char*>(extra), length);
}

UsbAlternate describeAlternate(const libusb_interface_descriptor& descriptor) {
  UsbAlternate alternate;
  alternate.interfaceNumber = descriptor.bInterfaceNumber;
  alternate.alternate = descriptor.bAlternateSetting;
  alternate.classCode = descriptor.bInterfaceClass;
  alternate.subclass = descriptor.bInterfaceSubClass;
  alternate.protocol = descriptor.bInterfaceProtocol;
  alternate.extra = bytesOf(descriptor.extra, descriptor.extra_length);
  for (int i = 0; i < descriptor.bNumEndpoints; ++i) {
    const libusb_endpoint_descriptor& endpoint = descriptor.endpoint[i];
    alternate.endpoints.append({endpoint.bEndpointAddress, endpoint.bmAttributes,
                                static_cast<quint16>(endpoint.wMaxPacketSize & kPacketSizeMask)});
  }
  return alternate;
}

void describeConfiguration(libusb_device* device, UsbDeviceInfo& info) {
  libusb_config_descriptor* raw = nullptr;
  // A device that nobody configured yet has no active one.
  if (libusb_get_active_config_descriptor(device, &raw) != 0 && libusb_get_config_descriptor(device, 0, &raw) != 0) {
    return;
  }
  const std::unique_ptr<libusb_config_descriptor, decltype(&libusb_free_config_descriptor)> configuration(
      raw, &libusb_free_config_descriptor);
  info.extra = bytesOf(configuration->extra, configuration->extra_length);
  for (int i = 0; i < configuration->bNumInterfaces; ++i) {
    const libusb_interface& one = configuration->interface[i];
    for (int j = 0; j < one.num_altsetting; ++j) {
      info.alternates.append(describeAlternate(one.altsetting[j]));
    }
  }
}

}  // namespace

Result<LibusbContext> makeLibusbContext() {
  libusb_context* raw = nullptr;
  const int status = libusb_init(&raw);
  if (status != 0) {
    return fail(ErrorCode::NotSupported,
                QStringLiteral("The USB can't be used here: %1.").arg(QString::fromLatin1(libusb_error_name(status))));
  }
  return LibusbContext(raw, &libusb_exit);
}

QString usbPlaceOf(libusb_device* device) {
  quint8 ports[kMaxDepth] = {};
  const int depth = libusb_get_port_numbers(device, ports, kMaxDepth);
  QString place;
  for (int i = 0; i < depth; ++i) {
    place += place.isEmpty() ? QStringLiteral("%1-%2").arg(libusb_get_bus_number(device)).arg(ports[i])
                             : QStringLiteral(".%1").arg(ports[i]);
  }
  return place;
}

UsbDeviceInfo describeUsbDevice(libusb_device* device) {
  UsbDeviceInfo info;
  info.place = usbPlaceOf(device);
  libusb_device_descriptor descriptor{};
  if (libusb_get_device_descriptor(device, &descriptor) == 0) {
    info.vendorId = descriptor.idVendor;
    info.productId = descriptor.idProduct;
    info.release = descriptor.bcdDevice;
  }
  describeConfiguration(device, info);
  return info;
}

Status forEachUsbDevice(libusb_context* context, const std::function<bool(libusb_device*)>& visit) {
  libusb_device** list = nullptr;
  const ssize_t count = libusb_get_device_list(context, &list);
  if (count < 0) {
    return fail(ErrorCode::NotSupported, QStringLiteral("The devices on the USB can't be listed: %1.")
                                             .arg(QString::fromLatin1(libusb_error_name(static_cast<int>(count)))));
  }
  for (ssize_t i = 0; i < count; ++i) {
    libusb_device_descriptor descriptor{};
    const bool known = libusb_get_device_descriptor(list[i], &descriptor) == 0;
    if (known && descriptor.bDeviceClass != LIBUSB_CLASS_HUB && !usbPlaceOf(list[i]).isEmpty() && visit(list[i])) {
      break;
    }
  }
  libusb_free_device_list(list, 1);
  return {};
}

Result<QList<UsbDeviceInfo>> listUsbDevices() {
  SEALIFT_TRY(const LibusbContext context, makeLibusbContext());
  QList<UsbDeviceInfo> devices;
  SEALIFT_CHECK(forEachUsbDevice(context.get(), [&](libusb_device* device) {
    UsbDeviceInfo info = describeUsbDevice(device);
    fillUsbStrings(device, info);
    devices.append(info);
    return false;
  }));
  std::sort(devices.begin(), devices.end(),
            [](const UsbDeviceInfo& a, const UsbDeviceInfo& b) { return usbPlaceBefore(a.place, b.place); });
  return devices;
}

}  // namespace sealift
