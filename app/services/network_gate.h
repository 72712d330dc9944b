// Everything of a station that would open a network socket passes here: fetchers for vendors' servers, and links to
// devices over UDP, TCP and HTTPS. In offline mode none is opened at all, not even to look for a proxy or a name.
// Files, drives, serial ports and the USB are no network and stay reachable. Any thread.
#pragma once

#include "app/catalog/vendor_access.h"
#include "app/catalog/vendor_repository.h"
#include "transports/links/link_opener.h"

#include <atomic>
#include <functional>
#include <memory>

namespace sealift {

// Makes the fetcher for one address of a vendor; called in the thread that fetches.
using VendorFetcherFactory =
    std::function<Result<std::unique_ptr<tuf::Fetcher>>(const QString& address, const VendorAccess& access)>;

class NetworkGate final : public LinkOpener {
 public:
  // `links` outlives the gate.
  NetworkGate(LinkOpener* links, VendorFetcherFactory fetchers);

  bool isOffline() const { return *offline_; }
  // What is under way fails at its next request; links that are open stay until their job ends.
  void setOffline(bool offline) { *offline_ = offline; }

  // Called in the thread that opens a link over HTTPS; before any is opened.
  using DeviceAccessSource = std::function<Status(const LinkAddress& address, HttpAccess& access)>;
  void setDeviceAccess(DeviceAccessSource source) { deviceAccess_ = std::move(source); }

  // Each of them: Offline in offline mode, where it would need the network.
  Result<std::unique_ptr<tuf::Fetcher>> makeFetcher(const QString& address, const VendorAccess& access) const;
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override;
  Result<std::unique_ptr<UsbLink>> openUsb(const LinkAddress& address, const CancelToken& cancel) override;
  Result<QList<UsbDeviceInfo>> usbDevices() override;
  Result<QList<SerialPortInfo>> serialPorts() override;
  Result<std::unique_ptr<ServiceBrowsing>> browseServices(const QStringList& types,
                                                          const ServiceListener& listener) override;
  std::unique_ptr<LinkGuard> keepOthersAway(const LinkAddress& address) override;
  // Adds to what a driver says how this station shows itself to the device.
  Result<std::unique_ptr<HttpLink>> openHttp(const LinkAddress& address, const HttpAccess& access,
                                             const CancelToken& cancel) override;

 private:
  LinkOpener* links_;
  VendorFetcherFactory fetchers_;
  DeviceAccessSource deviceAccess_;
  std::shared_ptr<std::atomic<bool>> offline_ = std::make_shared<std::atomic<bool>>(false);  // fetchers look at it, too
};

}  // namespace sealift
