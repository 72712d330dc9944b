// What a device's own word says about the two firmwares of a job. Pure questions; any thread.
#pragma once

#include "app/update/plan.h"
#include "devices/core/driver.h"

namespace sealift {

class FirmwareState {
 public:
  // `newDigest`: what Driver::reportedDigest says of the image.
  FirmwareState(const Plan& plan, const Capabilities& capabilities, const QByteArray& newDigest)
      : plan_(plan), capabilities_(capabilities), newDigest_(newDigest) {}

  // The new firmware runs: by version and digest; by version alone where this protocol tells no digest of what runs.
  // Two empty digests prove nothing.
  bool runsNew(const DeviceSnapshot& device) const;
  // It runs what it ran when it was planned.
  bool runsOld(const DeviceSnapshot& device) const;
  // As runsOld(), or it told nothing of what it runs and tells nothing now.
  bool isAsPlanned(const DeviceSnapshot& device) const;
  // Runs something and tells what.
  static bool tellsWhatRuns(const DeviceSnapshot& device);
  // Until the restart: the next one tries the new image.
  bool isMarked(const DeviceSnapshot& device) const;
  // There is one place for firmware: while it is written, the device has none.
  bool isInPlace() const { return !capabilities_.slots; }
  // Its bootloader answers, and nothing runs: so it is while, and after, firmware is replaced in place.
  bool waitsForFirmware(const DeviceSnapshot& device) const {
    return isInPlace() && device.inBootloader && device.runningSlot() == nullptr;
  }

 private:
  const Plan& plan_;
  Capabilities capabilities_;
  QByteArray newDigest_;
};

}  // namespace sealift
