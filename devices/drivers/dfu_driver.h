// Devices with a bootloader after USB DFU 1.1. One place for the firmware: what is written replaces what was there.
//
// The image: a DFU file (format "dfu"), of which the payload is sent, once its suffix fits the bootloader's vendor and
// product; or a file of any other format of the model's, sent as it is (a signed MCUboot image, for example).
//
// Proof: everything is read back and compared. A model whose devices can't be read must say so ("readBack": false).
// Where the device does not stay on the bus after manifestation, reading back means to send it into its bootloader
// once more. Settings: usb_dfu_settings.h.
#pragma once

#include "devices/drivers/usb_dfu_steps.h"

namespace sealift {

class DfuDriver final : public UsbDfuSteps {
 public:
  static DriverEntry entry();

  DfuDriver(const ModelDescription& model, const UsbDfuSettings& settings, const LinkAddress& address,
            LinkOpener& links);

  Result<DeviceSnapshot> identify(StepContext& step) override;
  Result<IdentityProof> proveIdentity(StepContext& step) override;
  Status enterBootloader(StepContext& step) override;
  Status transfer(const Image& image, StepContext& step) override;
  Result<StoredProof> verifyOnDevice(const Image& image, StepContext& step) override;
  Status restart(StepContext& step) override;

 private:
  Status checkReadable() const;
  Status reachBootloader(StepContext& step);
  Result<QByteArrayView> payloadOf(const Image& image) const;

  std::optional<DfuManifested> after_;  // the download that this instance finished
};

}  // namespace sealift
