// Writes an image into a partition in pieces that the device can take, and proves what the partition holds.
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/fastboot_inspector.h"
#include "devices/images/sparse_image.h"

namespace sealift {

// SHA-256 of what a partition holds once the image was written: of the bytes as they are, or of what a sparse image
// unpacks to. Formats with signatures of their own (MCUboot, FIT) are written as they are.
QByteArray fastbootStoredDigest(const Image& image);

class FastbootPartitionWriter {
 public:
  FastbootPartitionWriter(FastbootSession& session, const FastbootSettings& settings, const FastbootState& state)
      : session_(session), settings_(settings), state_(state) {}

  // `slot`: 0 or 1; passed over without slots. Errors: ImageTooLarge, ImageFormatRefused, the device's own.
  Status write(const Image& image, int slot, StepContext& step);
  // Reads back, or asks for the device's digest, or says that neither is possible.
  // Errors: DeviceVerifyFailed; NotSupported when this can't be proven and `mustProve`.
  Result<StoredProof> verify(const Image& image, int slot, bool mustProve, StepContext& step);

 private:
  Status flashOne(QByteArrayView bytes, const QByteArray& partition, qint64 from, qint64 total, StepContext& step);
  Result<StoredProof> compareByFetch(const SparseImage& image, const QByteArray& partition, StepContext& step);
  Result<std::optional<StoredProof>> compareDigest(const Image& image, int slot, StepContext& step);

  FastbootSession& session_;
  const FastbootSettings& settings_;
  const FastbootState& state_;
};

}  // namespace sealift
