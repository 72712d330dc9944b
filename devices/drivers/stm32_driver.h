// STM32 devices in their bootloader over a serial port (AN3155). One place for the firmware: what is written replaces
// what was there.
//
// The image is written as it is at the model's address, whatever its format (raw, or a signed MCUboot image). That it
// fits is known before anything is erased; erased and written are only the sectors that it covers and that hold
// anything else. What the device holds is read back and compared byte by byte.
//
// Where the device's read-out protection is on, everything ends with DeviceProtected before anything is written, unless
// StepContext::massEraseAgreed: then it is taken off, which erases the device. Settings: stm32_settings.h.
#pragma once

#include "devices/drivers/kept_sectors.h"
#include "devices/drivers/stm32_unit.h"

namespace sealift {

class Stm32Driver final : public Driver {
 public:
  static DriverEntry entry();

  Stm32Driver(const ModelDescription& model, const Stm32Settings& settings, const LinkAddress& address,
              LinkOpener& links);

  Capabilities capabilities() const override;
  // The bootloader tells no digest of what it holds.
  QByteArray reportedDigest(const Image&) const override { return {}; }
  Result<DeviceSnapshot> identify(StepContext& step) override;
  Result<IdentityProof> proveIdentity(StepContext& step) override;
  Status enterBootloader(StepContext& step) override;
  Status transfer(const Image& image, StepContext& step) override;
  Result<StoredProof> verifyOnDevice(const Image& image, StepContext& step) override;
  Status activate(const Image& image, StepContext& step) override;
  Status restart(StepContext& step) override;
  // NotSupported unless the model says how its firmware tells its version.
  Result<DeviceSnapshot> waitForReturn(const Image& image, StepContext& step) override;
  Status confirm(const Image& image, StepContext& step) override;
  Status abandon(StepContext& step) override;

  Stm32Unit& unit() { return unit_; }

 private:
  Status checkProtection(StepContext& step);
  Status checkFits(const Image& image, StepContext& step);
  Result<KeptSectors> findKept(const QList<Stm32FlashLayout::Page>& pages, const QList<MemoryPart>& parts,
                               Progress progress, StepContext& step);
  // What is left to write.
  Result<QList<MemoryPart>> eraseFor(const Image& image, StepContext& step);

  Stm32Unit unit_;
  bool written_ = false;  // the old firmware is gone
};

}  // namespace sealift
