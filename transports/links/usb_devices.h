// What drivers and discovery do with lists of USB devices, whoever made the list.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/deadline.h"
#include "transports/links/link_opener.h"

#include <functional>

namespace sealift {

// The order of places: by bus, then by the port of each hub on the way, as numbers.
bool usbPlaceBefore(const QString& a, const QString& b);

// What is at this place; null: nothing. Lives as long as the list.
const UsbDeviceInfo* findUsbDevice(const QList<UsbDeviceInfo>& devices, const QString& place);

// "0483:df11"
QString usbIdText(const UsbDeviceInfo& device);
// "USB 1-2.3 (0483:df11)"
QString usbLinkName(const UsbDeviceInfo& device);

// DeviceChanged unless both are at the same place, of the same vendor and product, with the same serial number: nobody
// swapped boards. For two looks at a device that stays in one mode.
Status checkSameUsbDevice(const UsbDeviceInfo& expected, const UsbDeviceInfo& found);

// Waits for a device at this place that `wanted` accepts: to follow one that changes its mode, the place being all
// that it keeps. Absence and devices that are not wanted are waited out. Errors: Timeout, Cancelled.
Result<UsbDeviceInfo> waitForUsbDevice(LinkOpener& opener, const QString& place,
                                       const std::function<bool(const UsbDeviceInfo&)>& wanted,
                                       const Deadline& deadline, const CancelToken& cancel);

}  // namespace sealift
