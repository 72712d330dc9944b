// The one table of drivers.
#pragma once

#include "devices/core/driver.h"

namespace sealift {

const DriverRegistry& driverRegistry();

}  // namespace sealift
