// An Stm32Machine at the end of a line within the program: nothing waits, so that tests take no time.
// A byte that comes while the device has an answer under way is lost, as in a USART without a buffer, and counted.
#pragma once

#include "devices/virtual/stm32_machine.h"
#include "transports/links/link.h"
#include "transports/links/modem_lines.h"

#include <functional>
#include <memory>
#include <mutex>

namespace sealift {

// How a board uses the lines of its adapter: a pin is active while its line is on. Null: not wired.
struct Stm32Wiring {
  bool boot0OnRts = false;
  bool resetOnDtr = false;
};

// The socket with the device in it. Any thread.
class VirtualStm32Port {
 public:
  explicit VirtualStm32Port(const Stm32MachineConfig& config, const Stm32Wiring& wiring = {})
      : wiring_(wiring), machine_(config) {}

  // As an operating system does, opening turns both lines on, and closing turns them off.
  std::unique_ptr<ByteLink> open();
  // Looks at, or changes, the device between two bytes.
  void with(const std::function<void(Stm32Machine&)>& use) {
    const std::scoped_lock lock(mutex_);
    use(machine_);
  }
  // The nth read or write from now on (1: the next) finds the cable pulled, and so do all after it. 0 takes it back.
  void loseAt(quint64 n);
  // Called before each read and write, with its number from 1.
  void watch(std::function<void(quint64 nth)> watcher) { watcher_ = std::move(watcher); }
  quint64 operations() const { return operations_; }
  quint64 lostBytes() const { return lostBytes_; }  // sent before the device was ready for them

 private:
  friend class VirtualStm32Link;

  Status touch();
  void send(QByteArrayView bytes);
  void setLines(bool dtr, bool rts);

  const Stm32Wiring wiring_;
  std::mutex mutex_;
  Stm32Machine machine_;
  QByteArray arrived_;  // at the host's end
  std::function<void(quint64)> watcher_;
  quint64 operations_ = 0;
  quint64 loseAt_ = 0;
  quint64 lostBytes_ = 0;
};

}  // namespace sealift
