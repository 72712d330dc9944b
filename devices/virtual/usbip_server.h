// Plugs a virtual device into the kernel's own USB (Linux, vhci-hcd, root): from then on libusb, the kernel's drivers
// and the standard clients see it as they see any device, at place(). It follows its device through absences and
// re-enumeration, at the same place.
//
// Threads: a thread of its own serves the device; everything here may be called from any thread.
#pragma once

#include "devices/virtual/usb_device_core.h"
#include "devices/virtual/vhci_port.h"

#include <QThread>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace sealift {

class UsbipServer {
 public:
  explicit UsbipServer(const std::shared_ptr<UsbFunction>& function);
  ~UsbipServer();  // unplugs
  UsbipServer(const UsbipServer&) = delete;
  UsbipServer& operator=(const UsbipServer&) = delete;

  // At the same port as before, or at the first free one. The kernel enumerates it a moment after this returned.
  // NotSupported without vhci-hcd; LinkOpen.
  Status plugIn();
  // Returns when the kernel has seen it go.
  void unplug();
  QString place() const;  // as in usb:BUS-PORT; empty before the first plugIn()

  // The nth transfer from now (1: the next one) finds the plug pulled. 0 takes it back. Transfers are bulk transfers
  // and requests of class or vendor.
  void unplugAtTransfer(quint64 n) { unplugAt_ = n == 0 ? 0 : transfers_ + n; }
  quint64 transfers() const { return transfers_; }

 private:
  class Descriptor {
   public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();
    int get() const { return fd_; }

   private:
    int fd_ = -1;
  };

  Result<Descriptor> attach();
  void serve(Descriptor socket);
  bool waitAway(std::chrono::milliseconds time);
  void waitUntilFree();

  std::shared_ptr<UsbFunction> function_;
  UsbDeviceCore core_;
  std::atomic<quint64> transfers_{0};
  std::atomic<quint64> unplugAt_{0};
  mutable std::mutex mutex_;
  std::condition_variable change_;
  bool stopping_ = false;
  std::optional<VhciPort> port_;
  Descriptor stopRead_;  // readable: stop
  Descriptor stopWrite_;
  std::unique_ptr<QThread> thread_;
};

}  // namespace sealift
