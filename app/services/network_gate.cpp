#include "app/services/network_gate.h"

#include "keystore/crypto/secret_bytes.h"

#include <QUrl>

namespace sealift {
namespace {

tl::unexpected<Error> isOfflineNow(const QString& address) {
  return fail(ErrorCode::Offline, QStringLiteral("Offline mode is on, so nothing was sent to %1.").arg(address));
}

class GatedFetcher final : public tuf::Fetcher {
 public:
  GatedFetcher(std::unique_ptr<tuf::Fetcher> fetcher, QString address, std::shared_ptr<const std::atomic<bool>> offline)
      : fetcher_(std::move(fetcher)), address_(std::move(address)), offline_(std::move(offline)) {}

  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override {
    if (*offline_) {
      return isOfflineNow(address_);
    }
    return fetcher_->fetch(path, maxBytes, cancel);
  }
  Status fetchTo(const QString& path, qint64 maxBytes, const tuf::ResumePoint& from, tuf::FetchSink& sink,
                 const CancelToken& cancel) override {
    if (*offline_) {
      return isOfflineNow(address_);
    }
    return fetcher_->fetchTo(path, maxBytes, from, sink, cancel);
  }

 private:
  std::unique_ptr<tuf::Fetcher> fetcher_;
  QString address_;
  std::shared_ptr<const std::atomic<bool>> offline_;
};

}  // namespace

NetworkGate::NetworkGate(LinkOpener* links, VendorFetcherFactory fetchers)
    : links_(links), fetchers_(std::move(fetchers)) {}

Result<std::unique_ptr<tuf::Fetcher>> NetworkGate::makeFetcher(const QString& address,
                                                               const VendorAccess& access) const {
  if (QUrl(address).scheme() == QLatin1String("file")) {
    return fetchers_(address, access);
  }
  if (isOffline()) {
    return isOfflineNow(address);  // before the fetcher: a network manager looks for the system's proxy by itself
  }
  SEALIFT_TRY(std::unique_ptr<tuf::Fetcher> fetcher, fetchers_(address, access));
  return std::make_unique<GatedFetcher>(std::move(fetcher), address, offline_);
}

Result<std::unique_ptr<ByteLink>> NetworkGate::openBytes(const LinkAddress& address, const CancelToken& cancel) {
  if (isOffline() && address.isNetwork()) {
    return isOfflineNow(address.toString());
  }
  return links_->openBytes(address, cancel);
}

Result<std::unique_ptr<DatagramLink>> NetworkGate::openDatagrams(const LinkAddress& address,
                                                                 const CancelToken& cancel) {
  if (isOffline()) {
    return isOfflineNow(address.toString());
  }
  return links_->openDatagrams(address, cancel);
}

Result<std::unique_ptr<UsbLink>> NetworkGate::openUsb(const LinkAddress& address, const CancelToken& cancel) {
  return links_->openUsb(address, cancel);
}

std::unique_ptr<LinkGuard> NetworkGate::keepOthersAway(const LinkAddress& address) {
  return links_->keepOthersAway(address);
}

Result<QList<UsbDeviceInfo>> NetworkGate::usbDevices() {
  return links_->usbDevices();
}

Result<QList<SerialPortInfo>> NetworkGate::serialPorts() {
  return links_->serialPorts();
}

Result<std::unique_ptr<ServiceBrowsing>> NetworkGate::browseServices(const QStringList& types,
                                                                     const ServiceListener& listener) {
  if (isOffline()) {
    return fail(ErrorCode::Offline, QStringLiteral("Offline mode is on, so the network was not searched for devices."));
  }
  return links_->browseServices(types, listener);
}

Result<std::unique_ptr<HttpLink>> NetworkGate::openHttp(const LinkAddress& address, const HttpAccess& access,
                                                        const CancelToken& cancel) {
  if (isOffline()) {
    return isOfflineNow(address.toString());
  }
  HttpAccess own = access;
  if (deviceAccess_) {
    SEALIFT_CHECK(deviceAccess_(address, own));
  }
  Result<std::unique_ptr<HttpLink>> link = links_->openHttp(address, own, cancel);
  zeroize(own.password);
  return link;
}

}  // namespace sealift
