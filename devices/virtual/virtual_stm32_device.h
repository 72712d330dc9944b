// An Stm32Machine behind a pseudo terminal, with a thread of its own: what stm32flash and others can use. Unix only.
//
// With `paced`, bytes take the time that they take on a line of 8 data bits, even parity and 1 stop bit at the baud
// rate that the client has set: 11 bits each (AN3155, chapter 1). Linux's pseudo terminals know no parity; clients that
// insist on what they set have to be told 8N1 (stm32flash: -m 8n1). A byte that comes while the device has an answer
// under way is lost and counted. All functions may be called from any thread.
#pragma once

#include "devices/virtual/stm32_machine.h"
#include "transports/links/link_address.h"
#include "transports/links/pty_pair.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace sealift {

class VirtualStm32Device {
 public:
  explicit VirtualStm32Device(const Stm32MachineConfig& config, bool paced = false);
  ~VirtualStm32Device();
  VirtualStm32Device(const VirtualStm32Device&) = delete;
  VirtualStm32Device& operator=(const VirtualStm32Device&) = delete;

  Status start();  // errors: LinkOpen
  LinkAddress address(int baud = 115200) const;
  // Looks at, or changes, the device between two bytes.
  void with(const std::function<void(Stm32Machine&)>& use) const;
  quint64 lostBytes() const;
  // Blocks until `condition` holds, at most `timeoutMs`. False when it never did.
  bool waitUntil(const std::function<bool(const Stm32Machine&)>& condition, int timeoutMs) const;

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void serve(QByteArrayView bytes);
  void dropEarlyBytes();
  void answer(const Stm32Machine::Reaction& reaction);
  std::chrono::nanoseconds timeOf(qsizetype bytes) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable change_;
  mutable Stm32Machine machine_;
  const bool paced_;
  std::unique_ptr<PtyPair> pty_;
  CancelToken stop_;
  Clock::time_point lineFree_;  // when the last byte under way has arrived
  quint64 lostBytes_ = 0;
  std::thread thread_;
};

}  // namespace sealift
