// The steps that the drivers `dfu` and `dfuse` share: one unit in one socket, one place for the firmware, no way back.
#pragma once

#include "devices/drivers/usb_dfu_unit.h"
#include "devices/images/dfu_suffix.h"

namespace sealift {

class UsbDfuSteps : public Driver {
 public:
  Capabilities capabilities() const override;  // what this model leaves of a DFU driver's
  // Neither protocol tells a digest of what the device holds or runs.
  QByteArray reportedDigest(const Image&) const override { return {}; }
  Status activate(const Image&, StepContext&) override { return {}; }
  Result<DeviceSnapshot> waitForReturn(const Image& image, StepContext& step) override;
  Status confirm(const Image&, StepContext&) override { return {}; }
  Status abandon(StepContext& step) override;

  UsbDfuUnit& unit() { return unit_; }

 protected:
  UsbDfuSteps(const ModelDescription& model, const UsbDfuSettings& settings, const LinkAddress& address,
              LinkOpener& links, const QString& protocol)
      : unit_(model, settings, address, links, protocol) {}

  // The row of a driver of this kind.
  template <class SomeDriver>
  static DriverEntry entryOf(const QString& name, const QString& protocol) {
    DriverEntry entry = commonEntry();
    entry.name = name;
    entry.protocol = protocol;
    entry.make = [](const ModelDescription& model, const LinkAddress& address,
                    LinkOpener& links) -> Result<std::unique_ptr<Driver>> {
      SEALIFT_TRY(const UsbDfuSettings settings, UsbDfuSettings::fromJson(model.driverSettings));
      return std::make_unique<SomeDriver>(model, settings, address, links);
    };
    return entry;
  }
  // ImageFormatRefused for a file (`kind`: "DFU", "DfuSe") that is not for this bootloader. USB DFU 1.1, B.1.
  static Status checkSuffix(const DfuSuffix& suffix, const UsbDeviceInfo& bootloader, const QString& kind);

  UsbDfuUnit unit_;
  bool written_ = false;  // the old firmware is gone

 private:
  static DriverEntry commonEntry();
};

}  // namespace sealift
