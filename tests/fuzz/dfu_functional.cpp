// What a device in DFU mode tells: its descriptors, its status and its state.
#include "tests/fuzz/fuzz_target.h"
#include "transports/protocols/dfu/dfu_interface.h"

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const QByteArray bytes = fuzz::toBytes(data, size);
  const auto functional = findDfuFunctional(bytes);
  fuzz::require(!functional || functional->transferSize > 0, "a device takes something");
  UsbDeviceInfo device;
  UsbAlternate setting;
  setting.classCode = 0xFE;
  setting.subclass = 0x01;
  setting.protocol = 0x02;
  setting.extra = bytes;
  device.alternates = {setting, setting};
  const QList<DfuInterface> found = findDfuInterfaces(device);
  fuzz::require(found.size() == (functional ? 2 : 0), "an interface is one with a descriptor");
  if (const auto status = parseDfuStatus(bytes)) {
    fuzz::require(bytes.size() == 6 && !dfuStatusName(status->code).isEmpty() &&
                      !dfuStateName(status->state).isEmpty() && !dfuStatusError(*status).what.isEmpty(),
                  "what was read has a name");
  }
  (void)parseDfuState(bytes);
  return 0;
}
