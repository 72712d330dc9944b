// Makes links from addresses. Whoever composes a program hands one to the drivers;
// tests hand over one whose links are scripted or broken on purpose.
#pragma once

#include "transports/links/datagram_port.h"
#include "transports/links/dns_sd_service.h"
#include "transports/links/http_link.h"
#include "transports/links/link.h"
#include "transports/links/link_address.h"
#include "transports/links/serial_ports.h"
#include "transports/links/usb_link.h"

#include <QStringList>

#include <memory>

namespace sealift {

// Keeps the system's own services away from a device for as long as it lives.
class LinkGuard {
 public:
  LinkGuard() = default;
  LinkGuard(const LinkGuard&) = delete;
  LinkGuard& operator=(const LinkGuard&) = delete;
  virtual ~LinkGuard() = default;
};

class LinkOpener {
 public:
  virtual ~LinkOpener() = default;
  // serial, tcp. Errors: LinkOpen, LinkPermission (with the exact remedy), NotSupported.
  virtual Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) = 0;
  // udp.
  virtual Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address,
                                                              const CancelToken& cancel) = 0;
  // An own port for `peer` (udp) to send to first, on this computer's address `own` alone; `port` 0: any. Whoever
  // refuses openDatagrams() to the peer refuses this, too, unless it is overridden. Any thread.
  virtual Result<std::unique_ptr<DatagramPort>> openPort(const LinkAddress& peer, const QHostAddress& own, quint16 port,
                                                         const CancelToken& cancel);
  // usb. NotSupported unless overridden, as for the next.
  virtual Result<std::unique_ptr<UsbLink>> openUsb(const LinkAddress& address, const CancelToken& cancel);
  // What is on the bus now, in the order of places: for discovery, and to follow a device that changes its mode.
  virtual Result<QList<UsbDeviceInfo>> usbDevices();
  // The serial ports that there are now, by name. Opens none. NotSupported unless overridden, as for the next.
  virtual Result<QList<SerialPortInfo>> serialPorts();
  // Tells of services of these types ("_smp._udp") on the local network for as long as the answer lives. Asks only.
  virtual Result<std::unique_ptr<ServiceBrowsing>> browseServices(const QStringList& types,
                                                                  const ServiceListener& listener);
  // https. NotSupported unless overridden. `access`: what the device's model says; whoever knows this computer's name
  // and password or certificate for the device adds them on the way.
  virtual Result<std::unique_ptr<HttpLink>> openHttp(const LinkAddress& address, const HttpAccess& access,
                                                     const CancelToken& cancel);
  // For the length of a job, before its first link is opened: nobody else is to talk to this device (ModemManager
  // would). Null where there is nothing to keep away.
  virtual std::unique_ptr<LinkGuard> keepOthersAway(const LinkAddress& address);
};

// The operating system's own ports and sockets.
class SystemLinkOpener final : public LinkOpener {
 public:
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<UsbLink>> openUsb(const LinkAddress& address, const CancelToken& cancel) override;
  Result<QList<UsbDeviceInfo>> usbDevices() override;
  Result<QList<SerialPortInfo>> serialPorts() override;
  Result<std::unique_ptr<ServiceBrowsing>> browseServices(const QStringList& types,
                                                          const ServiceListener& listener) override;
  Result<std::unique_ptr<HttpLink>> openHttp(const LinkAddress& address, const HttpAccess& access,
                                             const CancelToken& cancel) override;
  std::unique_ptr<LinkGuard> keepOthersAway(const LinkAddress& address) override;
};

}  // namespace sealift
