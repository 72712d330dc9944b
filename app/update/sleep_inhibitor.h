// Keeps the computer awake while devices are being written to. One implementation for each operating system:
//   Linux    org.freedesktop.login1.Manager.Inhibit, whose file descriptor is the lock (systemd-logind, "Inhibitor
//   Locks") Windows  PowerSetRequest, PowerRequestSystemRequired (Win32, "Power Management Functions") macOS
//   IOPMAssertionCreateWithName, kIOPMAssertionTypePreventUserIdleSystemSleep (IOKit, IOPMLib.h)
#pragma once

#include "app/base/result.h"

#include <QString>

#include <memory>
#include <mutex>

namespace sealift {

// Sleep is inhibited for as long as it lives.
class SleepHold {
 public:
  SleepHold() = default;
  SleepHold(const SleepHold&) = delete;
  SleepHold& operator=(const SleepHold&) = delete;
  virtual ~SleepHold() = default;
};

class SleepInhibitor {
 public:
  virtual ~SleepInhibitor() = default;
  // `why`: shown to whoever wants to put the computer to sleep. Waits 2 s at the most. NotSupported: nothing on this
  // computer takes the wish; the error says what was missing. Any thread.
  virtual Result<std::unique_ptr<SleepHold>> inhibit(const QString& why) = 0;
};

std::unique_ptr<SleepInhibitor> makeSystemSleepInhibitor();

// One hold for all who want one: the first asks the system, the last lets go. Any thread.
class SharedSleepHold {
 public:
  explicit SharedSleepHold(std::unique_ptr<SleepInhibitor> inhibitor) : inhibitor_(std::move(inhibitor)) {}
  Result<std::shared_ptr<SleepHold>> hold(const QString& why) {
    const std::scoped_lock lock(mutex_);
    if (std::shared_ptr<SleepHold> held = held_.lock()) {
      return held;
    }
    SEALIFT_TRY(std::unique_ptr<SleepHold> taken, inhibitor_->inhibit(why));
    const std::shared_ptr<SleepHold> shared = std::move(taken);
    held_ = shared;
    return shared;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<SleepInhibitor> inhibitor_;
  std::weak_ptr<SleepHold> held_;
};

}  // namespace sealift
