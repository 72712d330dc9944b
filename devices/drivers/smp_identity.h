// Looks at an SMP device: what it says of itself, as a snapshot. Changes nothing on it.
#pragma once

#include "devices/core/device.h"
#include "devices/drivers/smp_connection.h"

namespace sealift {

// Image number of the application; Sealift updates this one over SMP.
inline constexpr int kSmpImageNumber = 0;
inline constexpr int kSmpPrimarySlot = 0;    // executed
inline constexpr int kSmpSecondarySlot = 1;  // takes uploads

struct SmpIdentity {
  DeviceSnapshot snapshot;
  std::optional<SmpBootloaderMode> mode;  // nothing: the device does not tell
};

// DeviceNotRecognised when what answers is no SMP server; the link's errors and Timeout when nothing answers.
Result<SmpIdentity> readSmpIdentity(SmpConnection& connection, const CancelToken& cancel);

// The slots of the application's image, as the image state lists them; an empty slot is not listed.
QList<Slot> smpSlots(const QList<SmpImage>& images);

}  // namespace sealift
