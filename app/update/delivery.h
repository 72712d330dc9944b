// Which way a release's image takes, to this computer and on to the device, in bytes, seconds and words.
#pragma once

#include "app/catalog/vendor_repository.h"
#include "app/update/plan.h"
#include "devices/core/driver.h"

namespace sealift {

// What a plan promises before anything was measured on this link: modest serial and network rates.
double expectedBytesPerSecond(const LinkAddress& address);

// The delta of a release that this very device can apply to what it runs; nothing: there is none, or it saves too
// little.
std::optional<ReleaseDelta> deviceDelta(const Release& release, const DeviceSnapshot& device,
                                        const Capabilities& capabilities);

// Adds `image.delta` where the device can use one. A delta that can't be had is told and changes nothing else.
struct ImageOnTheWay {
  const Release& release;
  const ObtainedImage& obtained;
  const DeviceSnapshot& device;
  const Capabilities& capabilities;
  const LinkAddress& address;
};
Delivery chooseDelivery(const ImageOnTheWay& way, Image& image, VendorRepository& repository,
                        const CancelToken& cancel);

}  // namespace sealift
