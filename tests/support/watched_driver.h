// A driver that says which step it is in, by the journal's names.
#pragma once

#include "devices/core/driver.h"

#include <functional>
#include <memory>
#include <type_traits>

namespace sealift::test {

class WatchedDriver final : public Driver {
 public:
  explicit WatchedDriver(std::unique_ptr<Driver> inner) : inner_(std::move(inner)) {}

  std::function<void(const QString& step)> entering = [](const QString&) {};
  std::function<void(const QString& step)> leaving = [](const QString&) {};

  Capabilities capabilities() const override { return inner_->capabilities(); }
  QByteArray reportedDigest(const Image& image) const override { return inner_->reportedDigest(image); }
  Result<DeviceSnapshot> identify(StepContext& step) override {
    return watch("identify", [&] { return inner_->identify(step); });
  }
  Result<IdentityProof> proveIdentity(StepContext& step) override {
    return watch("prove-identity", [&] { return inner_->proveIdentity(step); });
  }
  Status enterBootloader(StepContext& step) override {
    return watch("enter-bootloader", [&] { return inner_->enterBootloader(step); });
  }
  Status transfer(const Image& image, StepContext& step) override {
    return watch("transfer", [&] { return inner_->transfer(image, step); });
  }
  Result<StoredProof> verifyOnDevice(const Image& image, StepContext& step) override {
    return watch("verify", [&] { return inner_->verifyOnDevice(image, step); });
  }
  Status activate(const Image& image, StepContext& step) override {
    return watch("activate", [&] { return inner_->activate(image, step); });
  }
  Status restart(StepContext& step) override {
    return watch("restart", [&] { return inner_->restart(step); });
  }
  Result<DeviceSnapshot> waitForReturn(const Image& image, StepContext& step) override {
    return watch("wait", [&] { return inner_->waitForReturn(image, step); });
  }
  Status confirm(const Image& image, StepContext& step) override {
    return watch("confirm", [&] { return inner_->confirm(image, step); });
  }
  Status abandon(StepContext& step) override {
    return watch("abandon", [&] { return inner_->abandon(step); });
  }

 private:
  template <class Call>
  std::invoke_result_t<Call> watch(const char* step, Call call) {
    entering(QString::fromLatin1(step));
    auto result = call();
    leaving(QString::fromLatin1(step));
    return result;
  }

  std::unique_ptr<Driver> inner_;
};

}  // namespace sealift::test
