// Driver "smp": Zephyr applications with MCUmgr on MCUboot, over UDP or serial.
// Fits bootloaders that swap and revert (swap using scratch, move or offset); others are refused before a byte is sent.
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/smp_identity.h"

#include <optional>

namespace sealift {

class SmpDriver final : public Driver {
 public:
  SmpDriver(const ModelDescription& model, const LinkAddress& address, LinkOpener& opener)
      : model_(model), address_(address), opener_(opener) {}

  static DriverEntry entry();

  Capabilities capabilities() const override;
  Result<DeviceSnapshot> identify(StepContext& step) override;
  Result<IdentityProof> proveIdentity(StepContext& step) override;
  Status enterBootloader(StepContext& step) override;
  Status transfer(const Image& image, StepContext& step) override;
  Result<StoredProof> verifyOnDevice(const Image& image, StepContext& step) override;
  Status activate(const Image& image, StepContext& step) override;
  Status restart(StepContext& step) override;
  Result<DeviceSnapshot> waitForReturn(const Image& image, StepContext& step) override;
  Status confirm(const Image& image, StepContext& step) override;
  Status abandon(StepContext& step) override;

 private:
  Result<std::unique_ptr<SmpConnection>> open(const StepContext& step);
  Result<bool> sendDelta(SmpConnection& connection, const QList<SmpImage>& images, const Image& image,
                         StepContext& step);
  Status checkFallback(const QList<SmpImage>& images, const std::optional<SmpBootloaderMode>& mode) const;

  ModelDescription model_;
  LinkAddress address_;
  LinkOpener& opener_;
  std::optional<SmpBootloaderMode> mode_;  // as identify() learned it
  std::optional<SmpDeltaSupport> delta_;   // the same
  QByteArray matchedSha256_;               // SHA-256 of the file that the device said it stored, of the last transfer
};

}  // namespace sealift
