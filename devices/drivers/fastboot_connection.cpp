#include "devices/drivers/fastboot_connection.h"

#include "transports/links/usb_devices.h"
#include "transports/protocols/fastboot/fastboot_tcp.h"
#include "transports/protocols/fastboot/fastboot_udp.h"
#include "transports/protocols/fastboot/fastboot_usb.h"

namespace sealift {
namespace {

// Looks before anything is opened: what no model names is left alone.
Status checkUsbIdentity(const ModelDescription& model, const LinkAddress& address, LinkOpener& links) {
  SEALIFT_TRY(const QList<UsbDeviceInfo> devices, links.usbDevices());
  const UsbDeviceInfo* found = findUsbDevice(devices, address.target);
  if (found == nullptr) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("There is no USB device at %1.").arg(address.target),
                QStringLiteral("Check the cable and that the device is on and in fastboot."));
  }
  const UsbId id{found->vendorId, found->productId};
  if (!model.usbIds.contains(id)) {
    return fail(ErrorCode::DeviceNotRecognised, QStringLiteral("The USB device at %1 is %2, which is not one of %3.")
                                                    .arg(address.target, id.toString(), model.name));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<FastbootConnection>> FastbootConnection::open(const ModelDescription& model,
                                                                     const LinkAddress& address, LinkOpener& links,
                                                                     const CancelToken& cancel) {
  std::unique_ptr<FastbootConnection> connection(new FastbootConnection);
  switch (address.kind) {
    case LinkKind::Tcp: {
      SEALIFT_TRY(connection->bytes_, links.openBytes(address, cancel));
      connection->carrier_ = std::make_unique<FastbootTcp>(*connection->bytes_);
      break;
    }
    case LinkKind::Udp: {
      SEALIFT_TRY(connection->datagrams_, links.openDatagrams(address, cancel));
      connection->carrier_ = std::make_unique<FastbootUdp>(*connection->datagrams_);
      break;
    }
    case LinkKind::Usb: {
      SEALIFT_CHECK(checkUsbIdentity(model, address, links));
      SEALIFT_TRY(connection->usb_, links.openUsb(address, cancel));
      connection->carrier_ = std::make_unique<FastbootUsb>(*connection->usb_);
      break;
    }
    case LinkKind::Serial:
    case LinkKind::Https:
      return fail(ErrorCode::NotSupported, QStringLiteral("Fastboot runs over USB, TCP and UDP."));
  }
  auto session = std::make_unique<FastbootSession>(*connection->carrier_);
  SEALIFT_CHECK(session->begin(cancel));
  connection->session_ = std::move(session);
  return connection;
}

FastbootConnection::~FastbootConnection() {
  if (usb_ && session_ && session_->wasCutOff()) {
    (void)usb_->reset(CancelToken());
  }
}

}  // namespace sealift
