// Tells which services announce themselves on the networks of this computer: DnsSdBrowser on every interface that can
// do multicast, over IPv4 and IPv6, in a thread of its own. Port 5353 is shared with whoever else listens there.
// Taken are answers from the link only (RFC 6762, sections 6 and 11), and of those addresses on that link only: an
// announcement can't lead Sealift to somewhere else.
#pragma once

#include "app/base/result.h"
#include "transports/links/dns_sd_service.h"

#include <QNetworkInterface>
#include <QStringList>
#include <QThread>

namespace sealift {

class DnsSdWatcher final : public ServiceBrowsing {
 public:
  // Begins at once. LinkOpen when port 5353 can be shared neither for IPv4 nor for IPv6.
  static Result<std::unique_ptr<ServiceBrowsing>> start(const QStringList& types, ServiceListener listener);
  ~DnsSdWatcher() override;
  DnsSdWatcher(const DnsSdWatcher&) = delete;
  DnsSdWatcher& operator=(const DnsSdWatcher&) = delete;

 private:
  DnsSdWatcher() = default;

  std::unique_ptr<QThread> thread_;
};

// Whether an address is one of this interface's own networks; link-local ones always are.
bool isOnLink(const QHostAddress& address, const QNetworkInterface& interface);

}  // namespace sealift
