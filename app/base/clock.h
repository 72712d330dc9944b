// The time of day, injected: expiry, lifecycle and audit never ask the system themselves.
#pragma once

#include <QDateTime>

#include <mutex>

namespace sealift {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual QDateTime nowUtc() const = 0;  // any thread
};

class SystemClock final : public Clock {
 public:
  QDateTime nowUtc() const override { return QDateTime::currentDateTimeUtc(); }
};

// A clock that stands still until it is told otherwise (tests, and checking "as of" a date).
class ManualClock final : public Clock {
 public:
  explicit ManualClock(const QDateTime& now) : now_(now.toUTC()) {}
  QDateTime nowUtc() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }
  void set(const QDateTime& now) {
    const std::scoped_lock lock(mutex_);
    now_ = now.toUTC();
  }
  void advanceSeconds(qint64 seconds) {
    const std::scoped_lock lock(mutex_);
    now_ = now_.addSecs(seconds);
  }

 private:
  mutable std::mutex mutex_;
  QDateTime now_;
};

}  // namespace sealift
