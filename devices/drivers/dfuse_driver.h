// STM32 devices in their bootloader over USB (DfuSe 1.1a). One place for the firmware: what is written replaces what
// was there.
//
// The image: a DfuSe file (format "dfuse"), whose suffix must fit the bootloader's vendor and product and whose targets
// name memories and addresses; or a file of any other format of the model's, written as it is at the model's address
// (a signed MCUboot image, for example). Everything is compared with the device's own memory maps before anything is
// erased; erased and written are only the sectors that the image covers and that hold anything else.
//
// Where the device's read-out protection is on, everything ends with DeviceProtected before anything is written, unless
// StepContext::massEraseAgreed: then it is taken off, which erases the device. Settings: usb_dfu_settings.h.
#pragma once

#include "devices/drivers/kept_sectors.h"
#include "devices/drivers/usb_dfu_steps.h"
#include "devices/images/dfuse_file.h"
#include "transports/protocols/dfu/dfuse_session.h"

namespace sealift {

class DfuseDriver final : public UsbDfuSteps {
 public:
  static DriverEntry entry();

  DfuseDriver(const ModelDescription& model, const UsbDfuSettings& settings, const LinkAddress& address,
              LinkOpener& links);

  Capabilities capabilities() const override;
  Result<DeviceSnapshot> identify(StepContext& step) override;
  Result<IdentityProof> proveIdentity(StepContext& step) override;
  Status enterBootloader(StepContext& step) override;
  Status transfer(const Image& image, StepContext& step) override;
  Result<StoredProof> verifyOnDevice(const Image& image, StepContext& step) override;
  Status restart(StepContext& step) override;

 private:
  Result<DfuInterface> chooseMain(const UsbDeviceInfo& device) const;
  Status enterMain(StepContext& step);
  Status enterTarget(const DfuseTarget& target, StepContext& step);
  Result<QList<DfuseTarget>> targetsOf(const Image& image) const;
  Status checkTargets(const QList<DfuseTarget>& targets) const;
  Status checkProtection(StepContext& step);
  static QList<MemoryRange> sectorsOf(const DfuseTarget& target, const DfuseMemoryMap& map);
  Result<KeptSectors> findKept(const QList<MemoryRange>& sectors, const QList<MemoryPart>& parts,
                               const DfuseMemoryMap& map, Progress progress, StepContext& step);
  Status writeTarget(const DfuseTarget& target, StepContext& step);
};

}  // namespace sealift
