#include "app/services/address_gate.h"

#include <QCoreApplication>

namespace sealift {

void AddressGate::Guard::release() {
  if (gate_ == nullptr) {
    return;
  }
  locks_.clear();  // first: who waits in this program finds them free
  const std::scoped_lock lock(gate_->mutex_);
  gate_->taken_.erase(address_);
  gate_->left_.notify_all();
  gate_ = nullptr;
}

// Within this program first: its threads need not go to the file system to wait for each other.
tl::expected<AddressGate::Guard, AddressGate::Refusal> AddressGate::take(const LinkAddress& address,
                                                                         const QString& deviceId, Use use) {
  const auto refuse = [](const Error& error, bool isLook) { return tl::unexpected<Refusal>(Refusal{error, isLook}); };
  const QString key = keyOf(address);
  {
    const std::scoped_lock lock(mutex_);
    const auto [holder, entered] = taken_.try_emplace(key, use);
    if (!entered) {
      DeviceLocks::Holder self;
      self.processId = QCoreApplication::applicationPid();
      return refuse(deviceBusy(self), holder->second == Use::Look);
    }
  }
  Guard guard(this, key);
  if (locks_) {
    Result<DeviceLocks::Taken> taken = locks_->tryTake(address, deviceId, use);
    if (!taken) {
      return refuse(taken.error(), false);
    }
    if (taken->locks.empty()) {
      return refuse(deviceBusy(taken->holder), !taken->holder || taken->holder->use == Use::Look);
    }
    guard.locks_ = std::move(taken->locks);
  }
  return guard;
}

Result<AddressGate::Guard> AddressGate::tryEnter(const LinkAddress& address, const QString& deviceId, Use use) {
  auto taken = take(address, deviceId, use);
  return taken ? Result<Guard>(std::move(*taken)) : Result<Guard>(fail(taken.error().error));
}

Result<AddressGate::Guard> AddressGate::enter(const LinkAddress& address, const QString& deviceId, Use use,
                                              const CancelToken& cancel) {
  constexpr std::chrono::milliseconds kSlice{50};
  const auto end = std::chrono::steady_clock::now() + kLookTime;
  for (;;) {
    auto taken = take(address, deviceId, use);
    if (taken) {
      return std::move(*taken);
    }
    if (!taken.error().isLook || cancel.isCancelled() || std::chrono::steady_clock::now() >= end) {
      return fail(taken.error().error);
    }
    std::unique_lock lock(mutex_);
    left_.wait_for(lock, kSlice);  // other programs tell nobody when they leave
  }
}

QStringList AddressGate::ofJobs() const {
  const std::scoped_lock lock(mutex_);
  QStringList addresses;
  for (const auto& [address, use] : taken_) {
    if (use == Use::Job) {
      addresses << address;
    }
  }
  return addresses;
}

QString AddressGate::keyOf(LinkAddress address) {
  address.options.clear();
  return address.toString();
}

}  // namespace sealift
