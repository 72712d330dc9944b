#include "transports/links/link_opener.h"

#include "transports/links/dns_sd_watcher.h"
#include "transports/links/https_link.h"
#include "transports/links/modem_inhibitor.h"
#include "transports/links/serial_link.h"
#include "transports/links/tcp_link.h"
#include "transports/links/udp_link.h"
#include "transports/links/udp_port.h"
#include "transports/links/usb_link_libusb.h"

namespace sealift {
namespace {

constexpr std::chrono::seconds kConnectTime{10};

}  // namespace

Result<std::unique_ptr<DatagramPort>> LinkOpener::openPort(const LinkAddress& peer, const QHostAddress& own,
                                                           quint16 port, const CancelToken& cancel) {
  SEALIFT_CHECK(openDatagrams(peer, cancel));
  return UdpPort::open(own, port);
}

Result<std::unique_ptr<UsbLink>> LinkOpener::openUsb(const LinkAddress& address, const CancelToken& /*cancel*/) {
  return fail(ErrorCode::NotSupported,
              QStringLiteral("%1 can't be opened: there is no USB here.").arg(address.toString()));
}

Result<QList<UsbDeviceInfo>> LinkOpener::usbDevices() {
  return fail(ErrorCode::NotSupported, QStringLiteral("There is no USB here."));
}

Result<QList<SerialPortInfo>> LinkOpener::serialPorts() {
  return fail(ErrorCode::NotSupported, QStringLiteral("There are no serial ports here."));
}

Result<std::unique_ptr<ServiceBrowsing>> LinkOpener::browseServices(const QStringList& /*types*/,
                                                                    const ServiceListener& /*listener*/) {
  return fail(ErrorCode::NotSupported, QStringLiteral("There is no network here."));
}

Result<std::unique_ptr<ByteLink>> SystemLinkOpener::openBytes(const LinkAddress& address, const CancelToken& cancel) {
  switch (address.kind) {
    case LinkKind::Serial:
      SEALIFT_CHECK(cancel.check());
      return openSerialLink(address.target, address.baud(), address.parity());
    case LinkKind::Tcp:
      return TcpLink::open(address.target, address.port,
                           Deadline::in(kConnectTime, QStringLiteral("connection to %1").arg(address.target)), cancel);
    case LinkKind::Udp:
    case LinkKind::Usb:
    case LinkKind::Https:
      break;
  }
  return fail(ErrorCode::NotSupported, QStringLiteral("%1 is not a stream of bytes.").arg(address.toString()));
}

Result<std::unique_ptr<DatagramLink>> SystemLinkOpener::openDatagrams(const LinkAddress& address,
                                                                      const CancelToken& cancel) {
  if (address.kind != LinkKind::Udp) {
    return fail(ErrorCode::NotSupported, QStringLiteral("%1 does not carry datagrams.").arg(address.toString()));
  }
  return UdpLink::open(address.target, address.port,
                       Deadline::in(kConnectTime, QStringLiteral("address of %1").arg(address.target)), cancel);
}

Result<std::unique_ptr<HttpLink>> LinkOpener::openHttp(const LinkAddress& address, const HttpAccess& /*access*/,
                                                       const CancelToken& /*cancel*/) {
  return fail(ErrorCode::NotSupported,
              QStringLiteral("%1 can't be opened: there is no HTTPS here.").arg(address.toString()));
}

Result<std::unique_ptr<HttpLink>> SystemLinkOpener::openHttp(const LinkAddress& address, const HttpAccess& access,
                                                             const CancelToken& cancel) {
  if (address.kind != LinkKind::Https) {
    return fail(ErrorCode::NotSupported, QStringLiteral("%1 is no HTTPS address.").arg(address.toString()));
  }
  return HttpsLink::open(address.target, address.port, access,
                         Deadline::in(kConnectTime, QStringLiteral("secure connection to %1").arg(address.target)),
                         cancel);
}

Result<std::unique_ptr<UsbLink>> SystemLinkOpener::openUsb(const LinkAddress& address, const CancelToken& cancel) {
  if (address.kind != LinkKind::Usb) {
    return fail(ErrorCode::NotSupported, QStringLiteral("%1 is not on the USB.").arg(address.toString()));
  }
  return LibusbLink::open(address.target, cancel);
}

Result<QList<UsbDeviceInfo>> SystemLinkOpener::usbDevices() {
  return listUsbDevices();
}

Result<QList<SerialPortInfo>> SystemLinkOpener::serialPorts() {
  return listSerialPorts();
}

Result<std::unique_ptr<ServiceBrowsing>> SystemLinkOpener::browseServices(const QStringList& types,
                                                                          const ServiceListener& listener) {
  return DnsSdWatcher::start(types, listener);
}

std::unique_ptr<LinkGuard> LinkOpener::keepOthersAway(const LinkAddress& /*address*/) {
  return nullptr;
}

std::unique_ptr<LinkGuard> SystemLinkOpener::keepOthersAway(const LinkAddress& address) {
  return std::make_unique<ModemInhibitor>(address);
}

}  // namespace sealift
