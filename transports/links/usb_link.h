// A device on the USB, opened. What stands here follows USB 2.0, chapter 9.
//
// Threads and errors: as in link.h. A request that the device stalls is ProtocolRefused, and a halted endpoint is
// cleared at once, so that the next transfer may be tried; a device that went away is LinkLost, for good: whoever wants
// it again opens it anew. InvalidArgument for a transfer, or a class request, to an interface that was not claimed.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/deadline.h"
#include "app/base/result.h"
#include "transports/links/link_address.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>

namespace sealift {

struct UsbEndpoint {
  quint8 address = 0;     // bEndpointAddress; bit 7 set: from the device to the host
  quint8 attributes = 0;  // bmAttributes; bits 1..0: 2 is bulk, 3 interrupt
  quint16 maxPacket = 0;  // bytes

  bool operator==(const UsbEndpoint&) const = default;
};

// One alternate setting of an interface of the active configuration.
struct UsbAlternate {
  int interfaceNumber = 0;
  int alternate = 0;
  quint8 classCode = 0;
  quint8 subclass = 0;
  quint8 protocol = 0;
  QString name;  // iInterface; empty when it has none or could not be read, and for alternate settings that are not in
                 // use until the device is opened
  QList<UsbEndpoint> endpoints;
  QByteArray extra;  // class-specific descriptors that follow it, as sent

  bool operator==(const UsbAlternate&) const = default;
};

// What the host knows of a device without claiming it. Strings are the device's own words: hostile until shown safely.
struct UsbDeviceInfo {
  QString place;          // topology, e.g. "1-2.3": the same as long as it stays in that socket
  quint16 vendorId = 0;   // idVendor
  quint16 productId = 0;  // idProduct
  quint16 release = 0;    // bcdDevice
  QString manufacturer;
  QString product;
  QString serial;    // nothing makes it unique
  QByteArray extra;  // class-specific descriptors of the configuration, before the first interface
  QList<UsbAlternate> alternates;
  bool readable = true;  // false: permission to open it is missing; where strings need that, they are empty

  LinkAddress address() const { return {LinkKind::Usb, place, 0, {}}; }
  bool operator==(const UsbDeviceInfo&) const = default;
};

// USB 2.0, 9.3: bmRequestType, bRequest, wValue, wIndex.
struct UsbRequest {
  quint8 requestType = 0;
  quint8 request = 0;
  quint16 value = 0;
  quint16 index = 0;
};

// The most that the data stage of a control transfer may carry: Linux takes no more than a page.
constexpr qsizetype kMaxUsbControlData = 4096;

class UsbLink {
 public:
  virtual ~UsbLink() = default;

  // As it was when it was opened.
  virtual const UsbDeviceInfo& device() const = 0;
  // Takes the interface from the system's driver, if that lets go, and selects the alternate setting. May be called
  // again for another alternate setting. Given back when the link goes. LinkOpen when another program has it.
  virtual Status claim(int interfaceNumber, int alternate, const CancelToken& cancel) = 0;
  // Up to maxBytes that the device answers. At most kMaxUsbControlData, here and in controlOut().
  virtual Result<QByteArray> controlIn(const UsbRequest& request, quint16 maxBytes, const Deadline& deadline,
                                       const CancelToken& cancel) = 0;
  virtual Status controlOut(const UsbRequest& request, QByteArrayView data, const Deadline& deadline,
                            const CancelToken& cancel) = 0;
  // One transfer: ends with a short packet or when maxBytes are there.
  virtual Result<QByteArray> bulkIn(quint8 endpoint, qsizetype maxBytes, const Deadline& deadline,
                                    const CancelToken& cancel) = 0;
  virtual Status bulkOut(quint8 endpoint, QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) = 0;
  // A port reset (USB 2.0, 7.1.7.5). The device may come back as another one, so the link ends with it.
  virtual Status reset(const CancelToken& cancel) = 0;
  virtual QString description() const = 0;  // e.g. "USB 1-2.3 (0483:df11)"
};

}  // namespace sealift
