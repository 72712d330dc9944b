#include "transports/links/usb_claims.h"

#include "transports/links/usb_devices.h"

#include <algorithm>

namespace sealift {

namespace {

constexpr quint8 kTypeAndRecipient = 0x7f;  // of bmRequestType (USB 2.0, table 9-2)
constexpr quint8 kClassToInterface = 0x21;

}  // namespace

const UsbAlternate* UsbClaims::find(int interfaceNumber, int alternate) const {
  const auto found = std::find_if(device_.alternates.cbegin(), device_.alternates.cend(), [&](const UsbAlternate& one) {
    return one.interfaceNumber == interfaceNumber && one.alternate == alternate;
  });
  return found == device_.alternates.cend() ? nullptr : &*found;
}

Status UsbClaims::checkExists(int interfaceNumber, int alternate) const {
  if (find(interfaceNumber, alternate) != nullptr) {
    return {};
  }
  return fail(ErrorCode::NotFound, QStringLiteral("%1 has no interface %2 with alternate setting %3.")
                                       .arg(usbLinkName(device_))
                                       .arg(interfaceNumber)
                                       .arg(alternate));
}

bool UsbClaims::needsSelection(int interfaceNumber) const {
  return std::count_if(device_.alternates.cbegin(), device_.alternates.cend(),
                       [&](const UsbAlternate& one) { return one.interfaceNumber == interfaceNumber; }) > 1;
}

Status UsbClaims::checkRequest(const UsbRequest& request, qsizetype length) const {
  if (length > kMaxUsbControlData) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A control transfer of %1 bytes is too long; %2 are allowed.")
                    .arg(length)
                    .arg(kMaxUsbControlData));
  }
  const int interfaceNumber = request.index & 0xff;
  if ((request.requestType & kTypeAndRecipient) == kClassToInterface && !contains(interfaceNumber)) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("Interface %1 of %2 was not claimed.").arg(interfaceNumber).arg(usbLinkName(device_)));
  }
  return {};
}

Status UsbClaims::checkEndpoint(quint8 endpoint) const {
  for (auto claim = alternates_.cbegin(); claim != alternates_.cend(); ++claim) {
    const UsbAlternate* alternate = find(claim.key(), claim.value());
    if (alternate != nullptr && std::any_of(alternate->endpoints.cbegin(), alternate->endpoints.cend(),
                                            [&](const UsbEndpoint& one) { return one.address == endpoint; })) {
      return {};
    }
  }
  return fail(ErrorCode::InvalidArgument, QStringLiteral("No interface of %1 with endpoint 0x%2 was claimed.")
                                              .arg(usbLinkName(device_))
                                              .arg(endpoint, 2, 16, QLatin1Char('0')));
}

}  // namespace sealift
