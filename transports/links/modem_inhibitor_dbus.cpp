// Linux, over the system's D-Bus.
#include "transports/links/modem_inhibitor.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QFileInfo>
#include <QThread>
#include <QUuid>

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sealift {

namespace {

constexpr int kCallMs = 1000;  // there are at most two before the first answer
// ModemManager waits 1.5 s for the last port of a new device before it probes any (MM_PLUGIN_MANAGER_MIN_WAIT).
constexpr std::chrono::milliseconds kAskAgain{500};

QString service() {
  return QStringLiteral("org.freedesktop.ModemManager1");
}

// The USB device that something in sysfs is a part of: the folder with the product's number.
std::optional<QString> usbDeviceAbove(const QString& path, const QString& sysfs) {
  const QString top = QFileInfo(sysfs).canonicalFilePath();
  QString folder = QFileInfo(path).canonicalFilePath();
  while (!folder.isEmpty() && folder.startsWith(top + QLatin1Char('/'))) {
    if (QFileInfo::exists(folder + QStringLiteral("/idVendor"))) {
      return folder;
    }
    folder = QFileInfo(folder).path();
  }
  return std::nullopt;
}

}  // namespace

class ModemInhibitor::Asker {
 public:
  explicit Asker(const LinkAddress& address) : address_(address) {
    thread_.reset(QThread::create([this] { run(); }));
    thread_->start();
    std::unique_lock lock(mutex_);
    change_.wait(lock, [this] { return tried_; });
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  ~Asker() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
      change_.notify_all();
    }
    thread_->wait();
  }

  bool isInhibited() const {
    const std::scoped_lock lock(mutex_);
    return inhibited_;
  }

 private:
  void run() {
    // A connection of its own: ModemManager takes the end of it for the end of the wish.
    const QString name = QUuid::createUuid().toString();
    {
      QDBusConnection bus = QDBusConnection::connectToBus(QDBusConnection::SystemBus, name);
      QString uid;
      while (uid.isEmpty() && bus.isConnected()) {
        uid = tryOnce(bus);
        if (!note(!uid.isEmpty())) {
          break;
        }
      }
      waitForEnd();
      if (!uid.isEmpty()) {
        (void)inhibit(bus, uid, false);
      }
    }
    QDBusConnection::disconnectFromBus(name);
  }

  // The device's name when ModemManager agreed.
  QString tryOnce(const QDBusConnection& bus) const {
    const std::optional<QString> uid = deviceUid(address_);
    // Not started for this: where it does not run, it does no harm.
    if (!uid || !isRunning(bus)) {
      return {};
    }
    return inhibit(bus, *uid, true) ? *uid : QString();
  }

  static bool isRunning(const QDBusConnection& bus) {
    QDBusMessage call =
        QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.DBus"), QStringLiteral("/org/freedesktop/DBus"),
                                       QStringLiteral("org.freedesktop.DBus"), QStringLiteral("NameHasOwner"));
    call << service();
    const QDBusMessage answer = bus.call(call, QDBus::Block, kCallMs);
    return answer.type() == QDBusMessage::ReplyMessage && answer.arguments().value(0).toBool();
  }

  static bool inhibit(const QDBusConnection& bus, const QString& uid, bool inhibited) {
    QDBusMessage call = QDBusMessage::createMethodCall(service(), QStringLiteral("/org/freedesktop/ModemManager1"),
                                                       service(), QStringLiteral("InhibitDevice"));
    call.setAutoStartService(false);
    call << uid << inhibited;
    return bus.call(call, QDBus::Block, kCallMs).type() == QDBusMessage::ReplyMessage;
  }

  // Notes how a try went and waits for the next. False: there is none any more.
  bool note(bool inhibited) {
    std::unique_lock lock(mutex_);
    tried_ = true;
    inhibited_ = inhibited;
    change_.notify_all();
    return !inhibited && !change_.wait_for(lock, kAskAgain, [this] { return stopping_; });
  }

  void waitForEnd() {
    std::unique_lock lock(mutex_);
    tried_ = true;  // also when there is no bus
    change_.notify_all();
    change_.wait(lock, [this] { return stopping_; });
  }

  LinkAddress address_;
  mutable std::mutex mutex_;
  std::condition_variable change_;
  bool tried_ = false;
  bool inhibited_ = false;
  bool stopping_ = false;
  std::unique_ptr<QThread> thread_;
};

ModemInhibitor::ModemInhibitor(const LinkAddress& address) {
  if (address.kind == LinkKind::Usb || address.kind == LinkKind::Serial) {
    asker_ = std::make_unique<Asker>(address);
  }
}

ModemInhibitor::~ModemInhibitor() = default;

bool ModemInhibitor::isInhibited() const {
  return asker_ && asker_->isInhibited();
}

std::optional<QString> ModemInhibitor::deviceUid(const LinkAddress& address, const QString& sysfs) {
  switch (address.kind) {
    case LinkKind::Usb:
      return usbDeviceAbove(sysfs + QStringLiteral("/bus/usb/devices/") + address.target, sysfs);
    case LinkKind::Serial: {
      // /dev/serial/by-id/… are links to the port.
      const QFileInfo port(address.target.startsWith(QLatin1Char('/')) ? address.target
                                                                       : QStringLiteral("/dev/") + address.target);
      const QString name = port.exists() ? QFileInfo(port.canonicalFilePath()).fileName() : port.fileName();
      return usbDeviceAbove(sysfs + QStringLiteral("/class/tty/%1/device").arg(name), sysfs);
    }
    case LinkKind::Udp:
    case LinkKind::Tcp:
    case LinkKind::Https:
      break;
  }
  return std::nullopt;
}

}  // namespace sealift
