#include "devices/registry.h"

#include "devices/drivers/dfu_driver.h"
#include "devices/drivers/dfuse_driver.h"
#include "devices/drivers/fastboot_driver.h"
#include "devices/drivers/smp_driver.h"
#include "devices/drivers/stm32_driver.h"
#include "devices/drivers/swupdate_driver.h"
#include "devices/drivers/uboot_driver.h"

namespace sealift {

const DriverRegistry& driverRegistry() {
  static const DriverRegistry registry({
      SmpDriver::entry(),
      UbootDriver::entry(),
      FastbootDriver::entry(),
      SwupdateDriver::entry(),
      DfuDriver::entry(),
      DfuseDriver::entry(),
      Stm32Driver::entry(),
  });
  return registry;
}

}  // namespace sealift
