// Who may talk to which address now: one at a time. A job holds its device's address to the end; whoever only looks
// holds it for a moment.
#pragma once

#include "app/base/cancel_token.h"
#include "transports/links/link_address.h"

#include <QString>
#include <QStringList>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

namespace sealift {

class AddressGate {
 public:
  enum class Use { Look, Job };
  // How long somebody waits for another one's look to end.
  static constexpr std::chrono::seconds kLookTime{30};

  class Guard {
   public:
    Guard() = default;
    Guard(AddressGate* gate, QString address) : gate_(gate), address_(std::move(address)) {}
    Guard(Guard&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), address_(std::move(other.address_)) {}
    Guard& operator=(Guard&& other) noexcept {
      release();
      gate_ = std::exchange(other.gate_, nullptr);
      address_ = std::move(other.address_);
      return *this;
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { release(); }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    void release() {
      if (gate_ != nullptr) {
        const std::scoped_lock lock(gate_->mutex_);
        gate_->taken_.erase(address_);
        gate_->left_.notify_all();
        gate_ = nullptr;
      }
    }
    AddressGate* gate_ = nullptr;
    QString address_;
  };

  // An empty guard when somebody else has it.
  Guard tryEnter(const LinkAddress& address, Use use) {
    const std::scoped_lock lock(mutex_);
    return taken_.try_emplace(keyOf(address), use).second ? Guard(this, keyOf(address)) : Guard();
  }
  // Waits for a look to end, never for a job: an empty guard when a job has it, when the look takes too long, or when
  // this is cancelled.
  Guard enter(const LinkAddress& address, Use use, const CancelToken& cancel) {
    const QString key = keyOf(address);
    constexpr std::chrono::milliseconds kSlice{50};
    const auto end = std::chrono::steady_clock::now() + kLookTime;
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto [holder, entered] = taken_.try_emplace(key, use);
      if (entered) {
        return {this, key};
      }
      if (holder->second == Use::Job || cancel.isCancelled() || std::chrono::steady_clock::now() >= end) {
        return {};
      }
      left_.wait_for(lock, kSlice);
    }
  }
  // Addresses that jobs have now, without options.
  QStringList ofJobs() const {
    const std::scoped_lock lock(mutex_);
    QStringList addresses;
    for (const auto& [address, use] : taken_) {
      if (use == Use::Job) {
        addresses << address;
      }
    }
    return addresses;
  }
  // One port is one port, at whatever baud rate.
  static QString keyOf(LinkAddress address) {
    address.options.clear();
    return address.toString();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::map<QString, Use> taken_;
};

}  // namespace sealift
