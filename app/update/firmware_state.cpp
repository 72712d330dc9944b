#include "app/update/firmware_state.h"

#include <algorithm>

namespace sealift {

bool FirmwareState::runsNew(const DeviceSnapshot& device) const {
  const Slot* running = device.runningSlot();
  if (running == nullptr || running->version != plan_.release.terms.version) {
    return false;
  }
  return capabilities_.runningDigest ? !newDigest_.isEmpty() && running->digest == newDigest_
                                     : capabilities_.runningVersion;
}

bool FirmwareState::runsOld(const DeviceSnapshot& device) const {
  const Slot* running = device.runningSlot();
  const Slot* before = plan_.device.runningSlot();
  return running != nullptr && before != nullptr && running->version == before->version &&
         running->digest == before->digest;
}

bool FirmwareState::isAsPlanned(const DeviceSnapshot& device) const {
  return tellsWhatRuns(plan_.device) ? runsOld(device) : !tellsWhatRuns(device);
}

bool FirmwareState::tellsWhatRuns(const DeviceSnapshot& device) {
  const Slot* running = device.runningSlot();
  return running != nullptr && (running->version || !running->digest.isEmpty());
}

bool FirmwareState::isMarked(const DeviceSnapshot& device) const {
  return std::any_of(device.slots.begin(), device.slots.end(),
                     [&](const Slot& slot) { return slot.pending && !slot.running && slot.digest == newDigest_; });
}

}  // namespace sealift
