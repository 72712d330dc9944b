// A virtual fastboot device that other programs reach over TCP or UDP, or that is plugged into a virtual USB.
// Any number of them may live in one process. All functions may be called from any thread.
#pragma once

#include "devices/virtual/fastboot_board.h"
#include "devices/virtual/fastboot_usb_function.h"

#include <QThread>

#include <functional>

namespace sealift {

class VirtualFastbootDevice {
 public:
  enum class Transport { Tcp, Udp, Usb };

  // What the device is doing, seen from outside.
  struct Snapshot {
    FastbootDevice::Phase phase = FastbootDevice::Phase::Off;
    std::optional<Version> running;  // nothing unless firmware runs
    int currentSlot = 0;
    std::array<FastbootDevice::SlotState, 2> slots{};
    quint32 starts = 0;
    qint64 downloadedBytes = 0;
    QList<QByteArray> commands;
  };

  explicit VirtualFastbootDevice(const FastbootDeviceConfig& config, Transport transport = Transport::Tcp);
  ~VirtualFastbootDevice();  // stops
  VirtualFastbootDevice(const VirtualFastbootDevice&) = delete;
  VirtualFastbootDevice& operator=(const VirtualFastbootDevice&) = delete;

  // Opens the port, powers the device and starts its thread. Over USB only powers it: plug usbFunction() in.
  Status start();
  void stop();
  LinkAddress address() const;  // valid after start(); not over USB
  std::shared_ptr<UsbFunction> usbFunction();

  Snapshot snapshot() const;
  // Blocks until `condition` holds for the device, at most `timeoutMs`. False when it never did.
  bool waitUntil(const std::function<bool(const Snapshot&)>& condition, int timeoutMs) const;
  QByteArray partition(const QByteArray& name, qsizetype size) const;  // its first bytes
  // With the lock held: faults, power cuts at flash operations, the key.
  void change(const std::function<void(FastbootBoard&)>& change);
  void powerOff();
  void powerOn();
  void restartWithKey();  // off and on again with the key held: ends in the bootloader

 private:
  void run();
  Snapshot look() const;  // with the mutex held

  const Transport transport_;
  std::shared_ptr<FastbootBoard> board_;
  LinkAddress address_;
  std::optional<Status> opened_;
  bool stopping_ = false;
  std::unique_ptr<QThread> thread_;
};

}  // namespace sealift
