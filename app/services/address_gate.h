// Who may talk to which device now: one at a time, in all programs of this computer (DeviceLocks). A job holds its
// device to the end; whoever only looks holds it for a moment. Any thread.
#pragma once

#include "app/base/cancel_token.h"
#include "app/services/device_locks.h"

#include <QString>
#include <QStringList>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sealift {

class AddressGate {
 public:
  using Use = DeviceLocks::Use;
  // How long somebody waits for another one's look to end.
  static constexpr std::chrono::seconds kLookTime{30};

  class Guard {
   public:
    Guard() = default;
    Guard(Guard&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)),
          address_(std::move(other.address_)),
          locks_(std::move(other.locks_)) {}
    Guard& operator=(Guard&& other) noexcept {
      release();
      gate_ = std::exchange(other.gate_, nullptr);
      address_ = std::move(other.address_);
      locks_ = std::move(other.locks_);
      return *this;
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { release(); }

   private:
    friend class AddressGate;
    Guard(AddressGate* gate, QString address) : gate_(gate), address_(std::move(address)) {}
    void release();

    AddressGate* gate_ = nullptr;
    QString address_;
    std::vector<FileLock> locks_;
  };

  // From now on other programs are minded, too. Before the first enter(); `locks` outlives all guards.
  void mind(std::unique_ptr<const DeviceLocks> locks) { locks_ = std::move(locks); }

  // `deviceId`: as the device is known; empty while it is not. DeviceBusy when somebody else has it: the error says
  // who. Or, when no lock can be made, FileWrite: without one nothing is begun.
  Result<Guard> tryEnter(const LinkAddress& address, const QString& deviceId, Use use);
  // Waits for a look to end, never for a job: DeviceBusy when a job has it, when the look takes too long, or when this
  // is cancelled.
  Result<Guard> enter(const LinkAddress& address, const QString& deviceId, Use use, const CancelToken& cancel);

  // Addresses that this program's jobs have now, without options.
  QStringList ofJobs() const;
  // One port is one port, at whatever baud rate.
  static QString keyOf(LinkAddress address);

 private:
  // An error that may pass in a moment, or stays.
  struct Refusal {
    Error error;
    bool isLook = false;
  };
  tl::expected<Guard, Refusal> take(const LinkAddress& address, const QString& deviceId, Use use);

  std::unique_ptr<const DeviceLocks> locks_;
  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::map<QString, Use> taken_;
};

}  // namespace sealift
