// Watches where devices come and go: the USB, the serial ports, and the network for services of given types. It only
// looks; nothing is opened. Each kind is watched in a thread of its own.
#pragma once

#include "transports/links/serial_port_watcher.h"
#include "transports/links/usb_watcher.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace sealift {

// What is there. A kind that was not looked at yet, or can't be here, has none.
struct Surroundings {
  QList<UsbDeviceInfo> usb;     // in the order of places
  QList<SerialPortInfo> ports;  // by name
  QList<DnsSdService> services;

  bool operator==(const Surroundings&) const = default;
};

class DeviceWatcher {
 public:
  // Called with all that is there, in any of the threads, one call at a time; not when nothing changed.
  using Listener = std::function<void(const Surroundings&)>;

  // `opener` outlives it.
  DeviceWatcher(LinkOpener& opener, Listener listener) : opener_(opener), listener_(std::move(listener)) {}
  ~DeviceWatcher();  // when it returns, the listener is not called any more
  DeviceWatcher(const DeviceWatcher&) = delete;
  DeviceWatcher& operator=(const DeviceWatcher&) = delete;

  // USB and serial ports, from now on. `lookEvery`: of the USB where the system does not tell by itself, twice as often
  // of the ports.
  void watchPorts(std::chrono::milliseconds lookEvery);
  // The network, for services of these types ("_smp._udp"); none: not at all. What was found goes when its type does.
  // Calls from one thread at a time.
  Status watchNetwork(const QStringList& serviceTypes);
  const QStringList& serviceTypes() const { return serviceTypes_; }

  // Any thread: tells the listener what is there, though it may have been told before.
  void tellAgain();
  // Ends all watching; when it returns, no thread of the watcher calls the listener any more. In the thread of the two
  // above.
  void stop();

  // Any thread. Unless they are watched already: looks at the USB and the ports in the caller's thread, and tells the
  // listener before it returns.
  void lookOnce();

 private:
  void change(const std::function<void(Surroundings&)>& how);

  LinkOpener& opener_;
  Listener listener_;
  QStringList serviceTypes_;
  std::mutex telling_;  // held while the listener is called
  mutable std::mutex mutex_;
  Surroundings now_;
  std::atomic<bool> watchesPorts_{false};
  std::unique_ptr<UsbWatcher> usb_;
  std::unique_ptr<SerialPortWatcher> ports_;
  std::unique_ptr<ServiceBrowsing> network_;
};

}  // namespace sealift
