// A virtual SMP device that other programs reach: an SmpDevice with a thread and a link of its own.
// Any number of them may live in one process. All functions may be called from any thread.
#pragma once

#include "devices/virtual/device_channel.h"
#include "devices/virtual/smp_device.h"

#include <QElapsedTimer>
#include <QThread>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

namespace sealift {

class VirtualSmpDevice {
 public:
  enum class Transport { Udp, Pty };

  // What the device is doing, seen from outside.
  struct Snapshot {
    SmpDevice::Phase phase = SmpDevice::Phase::Off;
    std::optional<Version> running;  // nothing unless an application runs
    bool confirmed = false;
    quint32 securityCounter = 0;
    quint32 boots = 0;
    quint32 watchdogResets = 0;
    qint64 uploadedBytes = 0;
    quint64 flashOperations = 0;
    bool identityLocked = false;
    quint64 droppedPackets = 0;  // more were waiting than the device has buffers
  };

  explicit VirtualSmpDevice(const SmpDeviceConfig& config, Transport transport = Transport::Udp);
  ~VirtualSmpDevice();  // stops
  VirtualSmpDevice(const VirtualSmpDevice&) = delete;
  VirtualSmpDevice& operator=(const VirtualSmpDevice&) = delete;

  // Opens the link, powers the device and starts its thread. Errors: LinkOpen, NotSupported.
  Status start();
  void stop();
  LinkAddress address() const;  // valid after start()

  Snapshot snapshot() const;
  // Blocks until `condition` holds for the device, at most `timeoutMs`. False when it never did.
  bool waitUntil(const std::function<bool(const Snapshot&)>& condition, int timeoutMs) const;

  // Faults.
  void dropRequests(int count);
  void dropResponses(int count);
  void goSilentAfterBytes(qint64 count);  // of upload, from now
  void refuseUploads(bool refuse);
  void pretendToWrite(bool pretend);
  void spoilDeltas(bool spoil);
  void holdButton(bool held);                // a person is there: a locked identity may be wiped
  void cutPowerAtFlashOperation(quint64 n);  // from now, 1 is the next one; powerReturnMs says when it comes back
  void powerOff();
  void powerOn();

 private:
  void run();
  void serve(DeviceChannel& channel, const DevicePacket& request);
  Snapshot look() const;  // with the mutex held
  void changed();         // with the mutex held

  std::unique_ptr<DeviceChannel> makeChannel() const;

  const SmpDeviceConfig config_;
  const Transport transport_;
  mutable std::mutex mutex_;
  mutable std::condition_variable change_;
  SmpDevice device_;
  QElapsedTimer clock_;
  LinkAddress address_;
  std::optional<Status> opened_;
  quint64 dropped_ = 0;
  bool stopping_ = false;
  std::unique_ptr<QThread> thread_;
};

}  // namespace sealift
