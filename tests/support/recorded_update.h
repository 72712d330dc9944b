// One whole update on the USB, as it is recorded in the guest (tests/usb) and replayed without one (tests/protocol).
#pragma once

#include "devices/registry.h"
#include "tests/support/virtual_units.h"

#include <QString>

#include <optional>

namespace sealift::test {

// What the recordings are about; the images are the same each time.
struct RecordedUpdate {
  QString name;  // tests/data/recordings/NAME-usb.txt
  std::function<std::unique_ptr<ContractUnit>(UsbTestBus& bus)> make;
};

inline const QList<RecordedUpdate>& recordedUpdates() {
  static const QList<RecordedUpdate> all{
      {QStringLiteral("dfu"), [](UsbTestBus& bus) { return std::make_unique<VirtualDfuUnit>(bus, 6000); }},
      {QStringLiteral("dfuse"), [](UsbTestBus& bus) { return std::make_unique<VirtualDfuseUnit>(bus, 6000); }},
      {QStringLiteral("fastboot"),
       [](UsbTestBus& bus) { return std::make_unique<FastbootUnit>(FastbootUnit::Transport::Usb, &bus, 6000); }}};
  return all;
}

// The engine's steps, in its order. What the device runs in the end.
inline Result<DeviceSnapshot> updateOver(LinkOpener& links, const ModelDescription& model, const LinkAddress& address,
                                         const Image& image) {
  SEALIFT_TRY(const std::unique_ptr<Driver> driver, driverRegistry().find(model.driver)->make(model, address, links));
  StepContext step;
  QString stage;
  SEALIFT_CHECK(runUpdate(*driver, image, step, stage));
  return driver->identify(step);
}

}  // namespace sealift::test
