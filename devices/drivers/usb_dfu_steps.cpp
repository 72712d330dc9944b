#include "devices/drivers/usb_dfu_steps.h"

#include "transports/links/usb_devices.h"

namespace sealift {

DriverEntry UsbDfuSteps::commonEntry() {
  DriverEntry entry;
  entry.links = {LinkKind::Usb};
  entry.capabilities.readback = true;
  entry.capabilities.runningVersion = true;
  entry.provenBy = QStringLiteral("virtual device that dfu-util 0.11 works with, over the kernel's USB stack");
  entry.help = QStringLiteral("dfu");
  return entry;
}

Capabilities UsbDfuSteps::capabilities() const {
  Capabilities capabilities = commonEntry().capabilities;
  capabilities.readback = unit_.settings().readBack;
  capabilities.runningVersion = unit_.settings().versionSource != UsbDfuSettings::VersionSource::None;
  return capabilities;
}

Status UsbDfuSteps::checkSuffix(const DfuSuffix& suffix, const UsbDeviceInfo& bootloader, const QString& kind) {
  if (suffix.fits(bootloader.vendorId, bootloader.productId)) {
    return {};
  }
  return fail(ErrorCode::ImageFormatRefused,
              QStringLiteral("The %1 file is for %2, the device's bootloader is %3.")
                  .arg(kind, UsbId{suffix.vendor, suffix.product}.toString(), usbIdText(bootloader)),
              QStringLiteral("Nothing was sent. Tell the vendor."));
}

Result<DeviceSnapshot> UsbDfuSteps::waitForReturn(const Image&, StepContext& step) {
  SEALIFT_TRY(const DeviceSnapshot device, unit_.awaitApplication(step));
  step.progress.finish();
  return device;
}

Status UsbDfuSteps::abandon(StepContext& step) {
  if (written_) {
    unit_.settle(step.cancel);  // in its bootloader, ready for the next try
    return {};
  }
  SEALIFT_TRY(const UsbDeviceInfo device, unit_.find(step.cancel));
  if (isInDfuMode(device) && !unit_.wasFoundThere()) {
    SEALIFT_CHECK(restart(step));
    SEALIFT_CHECK(unit_.awaitApplication(step));
  }
  return {};
}

}  // namespace sealift
