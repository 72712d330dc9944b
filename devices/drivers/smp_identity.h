// Looks at an SMP device: what it says of itself, as a snapshot. Changes nothing on it.
#pragma once

#include "devices/core/device.h"
#include "devices/drivers/smp_connection.h"

namespace sealift {

// Image number of the application; Sealift updates this one over SMP.
inline constexpr int kSmpImageNumber = 0;
inline constexpr int kSmpPrimarySlot = 0;    // executed
inline constexpr int kSmpSecondarySlot = 1;  // takes uploads

// A device that makes images itself from what it runs and a difference (README.md of the protocol, "Differences").
struct SmpDeltaSupport {
  int image = 0;      // the image number to which a delta is uploaded
  QStringList kinds;  // as Capabilities::deltaKinds has them
};

struct SmpIdentity {
  DeviceSnapshot snapshot;
  std::optional<SmpDeltaSupport> delta;
  std::optional<SmpBootloaderMode> mode;  // nothing: the device does not tell
};

// DeviceNotRecognised when what answers is no SMP server; the link's errors and Timeout when nothing answers.
Result<SmpIdentity> readSmpIdentity(SmpConnection& connection, const CancelToken& cancel);

// The SHA-256 that the device computed over what it made of the last delta; nothing: it made none.
Result<std::optional<QByteArray>> readSmpMadeDigest(SmpClient& client, const CancelToken& cancel);

// The slots of the application's image, as the image state lists them; an empty slot is not listed.
QList<Slot> smpSlots(const QList<SmpImage>& images);

}  // namespace sealift
