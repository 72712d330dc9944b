// The DFU interfaces of a device, as its descriptors tell, and how a device is followed while it changes its mode.
// Source: USB DFU 1.1, 4.1.2 (run-time interface), 4.2.3 (DFU mode interface: one alternate setting for each memory).
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/deadline.h"
#include "transports/links/link_opener.h"
#include "transports/protocols/dfu/dfu_codec.h"

#include <functional>

namespace sealift {

enum class DfuMode { RunTime, Dfu };

struct DfuInterface {
  int number = 0;
  int alternate = 0;
  DfuMode mode = DfuMode::Dfu;
  QString name;  // iInterface, the device's own words
  DfuFunctional functional;

  bool operator==(const DfuInterface&) const = default;
};

// In the order of the descriptors. An interface without a (sane) functional descriptor is none: neither what it can
// nor how much it takes would be known.
QList<DfuInterface> findDfuInterfaces(const UsbDeviceInfo& device);
QList<DfuInterface> findDfuInterfaces(const UsbDeviceInfo& device, DfuMode mode);
bool isInDfuMode(const UsbDeviceInfo& device);

// The one DFU mode interface that the text means: a name (in whole, or up to the first '/', as in DfuSe's memory maps)
// or the number of an alternate setting; an empty text means the only one.
// Errors: DeviceNotRecognised with what there is to choose from.
Result<DfuInterface> chooseDfuInterface(const UsbDeviceInfo& device, const QString& text);

// Looks at the bus until the device in that place is one for which `isIt` holds. Errors: DeviceDidNotReturn with the
// deadline's name, Cancelled, and whatever `isIt` itself objects with.
Result<UsbDeviceInfo> awaitUsbDevice(LinkOpener& links, const QString& place,
                                     const std::function<Result<bool>(const UsbDeviceInfo&)>& isIt,
                                     const Deadline& deadline, const CancelToken& cancel);

}  // namespace sealift
