// Turns a known device into what people see of it.
#pragma once

#include "app/services/device_service.h"
#include "app/services/update_service.h"

namespace sealift {

DeviceView makeDeviceView(const KnownDevice& device, const StationCore& core, const VendorService& vendors,
                          const DeviceService& devices, const UpdateService& updates, const ReleaseOffers& offers);

}  // namespace sealift
