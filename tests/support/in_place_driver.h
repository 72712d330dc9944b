// A device with one place for firmware, in memory, behind the step interface: while it is written there is none.
// It behaves until `mishap` says that a step goes wrong. One thread.
#pragma once

#include "devices/core/driver.h"

#include <QStringList>

#include <functional>
#include <optional>

namespace sealift {

class InPlaceDriver final : public Driver {
 public:
  InPlaceDriver() {
    can.readback = true;
    can.runningVersion = true;
  }

  // The device.
  std::optional<Version> firmware = Version{1, 0, 0, 0};  // nothing: incomplete
  bool inBootloader = false;
  bool newFirmwareStarts = true;
  bool tellsOldVersion = false;  // whatever it runs
  Capabilities can;

  // What the engine did.
  QStringList calls;
  bool wasToldToErase = false;  // by any step
  // Asked before each step acts; an error is the step's result. For transfer it comes when half is written.
  std::function<Status(const QString& step)> mishap = [](const QString&) { return Status(); };
  std::function<void(const QString& step)> inside = [](const QString&) {};

  DeviceSnapshot snapshot() const {
    DeviceSnapshot device;
    device.deviceName = QStringLiteral("gateway");
    device.serial = inBootloader ? QString() : QStringLiteral("gw-0001");  // as many bootloaders: untold
    device.inBootloader = inBootloader;
    Slot slot;
    slot.name = QStringLiteral("firmware");
    slot.running = !inBootloader;
    slot.confirmed = true;
    if (!inBootloader) {
      slot.version = tellsOldVersion ? Version{1, 0, 0, 0} : firmware;
    }
    device.slots << slot;
    return device;
  }

  Capabilities capabilities() const override { return can; }
  Result<DeviceSnapshot> identify(StepContext& step) override {
    SEALIFT_CHECK(begin(QStringLiteral("identify"), step));
    return snapshot();
  }
  Result<IdentityProof> proveIdentity(StepContext& step) override {
    SEALIFT_CHECK(begin(QStringLiteral("prove-identity"), step));
    return IdentityProof{};
  }
  Status enterBootloader(StepContext& step) override {
    SEALIFT_CHECK(begin(QStringLiteral("enter-bootloader"), step));
    inBootloader = true;
    return {};
  }
  Status transfer(const Image& image, StepContext& step) override {
    firmware.reset();
    SEALIFT_CHECK(begin(QStringLiteral("transfer"), step));
    firmware = image.facts.version;
    return {};
  }
  Result<StoredProof> verifyOnDevice(const Image& image, StepContext& step) override {
    SEALIFT_CHECK(begin(QStringLiteral("verify"), step));
    if (firmware != image.facts.version) {
      return fail(ErrorCode::DeviceVerifyFailed, QStringLiteral("It holds something else."));
    }
    return StoredProof{QStringLiteral("read back and compared"), image.facts.digest};
  }
  Status activate(const Image& /*image*/, StepContext& step) override {
    return begin(QStringLiteral("activate"), step);
  }
  Status restart(StepContext& step) override {
    SEALIFT_CHECK(begin(QStringLiteral("restart"), step));
    start();
    return {};
  }
  Result<DeviceSnapshot> waitForReturn(const Image& /*image*/, StepContext& step) override {
    SEALIFT_CHECK(begin(QStringLiteral("wait"), step));
    return snapshot();
  }
  Status confirm(const Image& /*image*/, StepContext& step) override { return begin(QStringLiteral("confirm"), step); }
  Status abandon(StepContext& step) override {
    SEALIFT_CHECK(begin(QStringLiteral("abandon"), step));
    start();
    return {};
  }

 private:
  void start() { inBootloader = !firmware || (!newFirmwareStarts && *firmware != Version{1, 0, 0, 0}); }
  Status begin(const QString& name, const StepContext& step) {
    calls << name;
    wasToldToErase = wasToldToErase || step.massEraseAgreed;
    inside(name);
    SEALIFT_CHECK(step.cancel.check());
    return mishap(name);
  }
};

}  // namespace sealift
