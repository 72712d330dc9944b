#include "transports/links/dns_sd_watcher.h"

#include "transports/links/dns_sd_browser.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QNetworkDatagram>
#include <QTimer>
#include <QUdpSocket>
#include <QVariant>

#include <algorithm>
#include <future>
#include <map>

namespace sealift {
namespace {

constexpr quint16 kPort = 5353;  // RFC 6762, section 3, as the groups
constexpr int kInterfacesEveryMs = 5000;
constexpr int kHopLimit = 255;  // RFC 6762, section 11
constexpr int kMaxDatagramsAtOnce = 64;
constexpr qint64 kMaxPauseMs = 60'000;

QHostAddress groupOf(QAbstractSocket::NetworkLayerProtocol protocol) {
  return QHostAddress(protocol == QAbstractSocket::IPv6Protocol ? QStringLiteral("ff02::fb")
                                                                : QStringLiteral("224.0.0.251"));
}

bool isUsable(const QNetworkInterface& interface) {
  const QNetworkInterface::InterfaceFlags flags = interface.flags();
  return flags.testFlag(QNetworkInterface::IsUp) && flags.testFlag(QNetworkInterface::IsRunning) &&
         flags.testFlag(QNetworkInterface::CanMulticast) && !flags.testFlag(QNetworkInterface::IsLoopBack);
}

// Nobody else listens on the port now.
bool isAlone() {
  QUdpSocket socket;
  return socket.bind(QHostAddress::AnyIPv4, kPort, QUdpSocket::DontShareAddress);
}

// All that lives in the watcher's thread.
class Worker {
 public:
  Worker(const QStringList& types, ServiceListener listener) : types_(types), listener_(std::move(listener)) {
    clock_.start();
    dueTimer_.setSingleShot(true);
    QObject::connect(&dueTimer_, &QTimer::timeout, [this] { goOn(); });
    QObject::connect(&interfacesTimer_, &QTimer::timeout, [this] {
      followInterfaces();
      goOn();
    });
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Status open() {
    alone_ = isAlone();
    const bool v4 = bind(v4_, QHostAddress::AnyIPv4);
    const bool v6 = bind(v6_, QHostAddress::AnyIPv6);
    if (!v4 && !v6) {
      return fail(ErrorCode::LinkOpen,
                  QStringLiteral("The network can't be searched for devices, for UDP port %1 is not to be had: %2.")
                      .arg(kPort)
                      .arg(v4_.errorString()),
                  QStringLiteral("End the program that has the port for itself, or add the device by its address."));
    }
    followInterfaces();
    interfacesTimer_.start(kInterfacesEveryMs);
    goOn();
    return {};
  }

 private:
  struct Link {
    QNetworkInterface interface;
    DnsSdBrowser browser;
    bool v4 = false;
    bool v6 = false;
  };

  bool bind(QUdpSocket& socket, const QHostAddress& any) {
    if (!socket.bind(any, kPort, QUdpSocket::ShareAddress | QUdpSocket::ReuseAddressHint)) {
      return false;
    }
    socket.setSocketOption(QAbstractSocket::MulticastTtlOption, kHopLimit);
    QObject::connect(&socket, &QUdpSocket::readyRead, [this, &socket] {
      read(socket);
      goOn();
    });
    return true;
  }

  static bool hasFamily(const QNetworkInterface& interface, QAbstractSocket::NetworkLayerProtocol protocol) {
    const QList<QNetworkAddressEntry> entries = interface.addressEntries();
    return std::any_of(entries.cbegin(), entries.cend(),
                       [&](const QNetworkAddressEntry& entry) { return entry.ip().protocol() == protocol; });
  }

  static bool follow(QUdpSocket& socket, const QNetworkInterface& interface, bool joined, bool has) {
    if (socket.state() != QAbstractSocket::BoundState || joined == has) {
      return joined;
    }
    const QHostAddress group = groupOf(socket.localAddress().protocol());
    return has ? socket.joinMulticastGroup(group, interface) : (socket.leaveMulticastGroup(group, interface), false);
  }

  void followInterfaces() {
    const QList<QNetworkInterface> all = QNetworkInterface::allInterfaces();
    for (auto it = links_.begin(); it != links_.end();) {
      const auto stays = [&](const QNetworkInterface& now) { return now.index() == it->first && isUsable(now); };
      if (std::any_of(all.cbegin(), all.cend(), stays)) {
        ++it;
        continue;
      }
      (void)follow(v4_, it->second.interface, it->second.v4, false);
      (void)follow(v6_, it->second.interface, it->second.v6, false);
      it = links_.erase(it);
    }
    for (const QNetworkInterface& interface : all) {
      if (!isUsable(interface)) {
        continue;
      }
      auto it = links_.find(interface.index());
      if (it == links_.end()) {
        it = links_.emplace(interface.index(), Link{interface, DnsSdBrowser(types_, alone_, clock_.elapsed())}).first;
      }
      Link& link = it->second;
      link.interface = interface;  // its addresses may have changed
      link.v4 = follow(v4_, interface, link.v4, hasFamily(interface, QAbstractSocket::IPv4Protocol));
      link.v6 = follow(v6_, interface, link.v6, hasFamily(interface, QAbstractSocket::IPv6Protocol));
    }
  }

  void read(QUdpSocket& socket) {
    for (int i = 0; i < kMaxDatagramsAtOnce && socket.hasPendingDatagrams(); ++i) {
      const QNetworkDatagram datagram = socket.receiveDatagram(kMaxDnsMessage + 1);
      // RFC 6762, section 6: a response from any other port is passed over.
      if (!datagram.isValid() || datagram.senderPort() != kPort) {
        continue;
      }
      const auto it = links_.find(static_cast<int>(datagram.interfaceIndex()));
      if (it == links_.end()) {
        continue;
      }
      // Section 11: what came to the group came from the link; else the source must be on it.
      const QHostAddress to = datagram.destinationAddress();
      if (to.isMulticast() || isOnLink(datagram.senderAddress(), it->second.interface)) {
        it->second.browser.receive(datagram.data(), clock_.elapsed());
      }
    }
    if (socket.hasPendingDatagrams()) {  // the rest after others had their turn
      QTimer::singleShot(0, &socket, [this, &socket] {
        read(socket);
        goOn();
      });
    }
  }

  void send(QUdpSocket& socket, bool joined, const QNetworkInterface& interface, const QByteArray& datagram) {
    if (joined) {
      socket.setMulticastInterface(interface);
      // What is lost is asked again, as everything here.
      (void)socket.writeDatagram(datagram, groupOf(socket.localAddress().protocol()), kPort);
    }
  }

  void goOn() {
    const qint64 now = clock_.elapsed();
    qint64 next = now + kMaxPauseMs;
    for (auto& [index, link] : links_) {
      for (const QByteArray& datagram : link.browser.takeDue(now)) {
        send(v4_, link.v4, link.interface, datagram);
        send(v6_, link.v6, link.interface, datagram);
      }
      next = std::min(next, link.browser.nextDue());
    }
    dueTimer_.start(static_cast<int>(std::max<qint64>(next - now, 1)));
    tell();
  }

  void tell() {
    QList<DnsSdService> services;
    for (const auto& [index, link] : links_) {
      for (DnsSdService service : link.browser.services()) {
        const QNetworkInterface& interface = link.interface;
        service.addresses.removeIf([&](const QHostAddress& address) { return !isOnLink(address, interface); });
        for (QHostAddress& address : service.addresses) {
          if (address.protocol() == QAbstractSocket::IPv6Protocol && address.isLinkLocal()) {
            address.setScopeId(interface.name());
          }
        }
        service.interfaceIndex = index;
        if (!service.addresses.isEmpty()) {
          services << service;
        }
      }
    }
    if (services != told_) {
      told_ = services;
      listener_(services);
    }
  }

  QStringList types_;
  ServiceListener listener_;
  QElapsedTimer clock_;
  bool alone_ = false;
  QUdpSocket v4_;
  QUdpSocket v6_;
  QTimer dueTimer_;
  QTimer interfacesTimer_;
  std::map<int, Link> links_;
  QList<DnsSdService> told_;
};

}  // namespace

bool isOnLink(const QHostAddress& address, const QNetworkInterface& interface) {
  if (address.isLinkLocal()) {
    return true;
  }
  if (address.isLoopback() || address.isMulticast() || address.isBroadcast() || address.isNull()) {
    return false;
  }
  const QList<QNetworkAddressEntry> entries = interface.addressEntries();
  return std::any_of(entries.cbegin(), entries.cend(), [&](const QNetworkAddressEntry& entry) {
    return entry.ip().protocol() == address.protocol() && address.isInSubnet(entry.ip(), entry.prefixLength());
  });
}

Result<std::unique_ptr<ServiceBrowsing>> DnsSdWatcher::start(const QStringList& types, ServiceListener listener) {
  const auto opened = std::make_shared<std::promise<Status>>();
  std::future<Status> outcome = opened->get_future();
  std::unique_ptr<DnsSdWatcher> watcher(new DnsSdWatcher);
  watcher->thread_.reset(QThread::create([opened, types, listener = std::move(listener)] {
    Worker worker(types, listener);
    const Status status = worker.open();
    opened->set_value(status);
    if (status) {
      QEventLoop loop;
      loop.exec();
    }
  }));
  watcher->thread_->start();
  SEALIFT_CHECK(outcome.get());
  return std::unique_ptr<ServiceBrowsing>(std::move(watcher));
}

DnsSdWatcher::~DnsSdWatcher() {
  thread_->quit();
  thread_->wait();
}

}  // namespace sealift
