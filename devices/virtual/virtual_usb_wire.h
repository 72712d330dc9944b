// What a VirtualUsbBus and its links share: the sockets and what is plugged into them. For these two alone.
#pragma once

#include "devices/virtual/usb_device_core.h"

#include <QMap>
#include <QSet>
#include <QStringList>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace sealift {

// One place on the bus. Everything is guarded by the wire's mutex.
struct VirtualUsbSocket {
  explicit VirtualUsbSocket(const std::shared_ptr<UsbFunction>& plugged) : function(plugged), core(*plugged) {}

  std::shared_ptr<UsbFunction> function;
  UsbDeviceCore core;
  quint64 visit = 0;  // 0: away; otherwise the number of this stay on the bus
  std::optional<std::chrono::steady_clock::time_point> returnsAt;  // while it is away
  QMap<int, quint64> claims;                                       // interface → number of the link
};

class VirtualUsbWire {
 public:
  // What outlasts the devices at a place.
  struct Place {
    quint64 transfers = 0;  // that were begun
    quint64 unplugAt = 0;   // at the transfer of this number
    bool denied = false;
    QSet<int> occupied;
  };

  // Everything below needs the lock.
  VirtualUsbSocket* present(const QString& place);  // null: nothing is there now
  QStringList places();                             // where something is present
  void plugIn(const QString& place, const std::shared_ptr<UsbFunction>& function);
  void unplug(const QString& place);
  void unplugAll();
  void becomeAnother(VirtualUsbSocket& socket);  // without having been away
  void leave(VirtualUsbSocket& socket, std::chrono::milliseconds away);
  Place& at(const QString& place) { return places_[place]; }
  quint64 newLink() { return ++links_; }

  std::mutex mutex;
  std::condition_variable change;

 private:
  void attach(VirtualUsbSocket& socket);

  std::map<QString, std::unique_ptr<VirtualUsbSocket>> sockets_;
  std::map<QString, Place> places_;
  quint64 visits_ = 0;
  quint64 links_ = 0;
};

}  // namespace sealift
