// A service that announces itself on the local network (RFC 6763), as a plain value. Its words are those of whoever
// announces it: hostile until shown safely.
#pragma once

#include <QByteArray>
#include <QHostAddress>
#include <QList>
#include <QString>

#include <functional>
#include <memory>

namespace sealift {

struct DnsSdService {
  QString type;      // "_smp._udp"
  QString instance;  // the name that its owner gave it, e.g. "Boiler room"
  QString host;      // e.g. "boiler.local"
  quint16 port = 0;
  QList<QHostAddress> addresses;  // of this link only; IPv4 first, then IPv6; link-local ones with their interface
  QList<QByteArray> texts;        // key=value
  int interfaceIndex = 0;

  bool operator==(const DnsSdService&) const = default;
};

// While it lives, somebody is told of services.
class ServiceBrowsing {
 public:
  ServiceBrowsing() = default;
  ServiceBrowsing(const ServiceBrowsing&) = delete;
  ServiceBrowsing& operator=(const ServiceBrowsing&) = delete;
  virtual ~ServiceBrowsing() = default;  // when it returns, nobody is told any more
};

// All services that are there now. Called in a thread of the browsing's own, one call at a time.
using ServiceListener = std::function<void(const QList<DnsSdService>& services)>;

}  // namespace sealift
