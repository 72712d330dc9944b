// The serial ports of this computer, and what is known of the adapter behind each without opening it.
#pragma once

#include "app/base/result.h"
#include "transports/links/link_address.h"

#include <QList>
#include <QString>

namespace sealift {

// Strings are the adapter's own words: hostile until shown safely.
struct SerialPortInfo {
  QString port;           // as in serial:PORT, e.g. "/dev/ttyUSB0", "COM7"
  bool onUsb = false;     // else the next six are empty
  quint16 vendorId = 0;   // idVendor
  quint16 productId = 0;  // idProduct
  QString manufacturer;
  QString product;
  QString serial;            // nothing makes it unique
  QString place;             // topology of the USB device, e.g. "1-2.3": the same as long as it stays in that socket;
                             // empty where the system does not tell (Linux does)
  int interfaceNumber = -1;  // which of the adapter's ports it is; -1 where the system does not tell

  LinkAddress address() const { return {LinkKind::Serial, port, 0, {}}; }
  bool operator==(const SerialPortInfo&) const = default;
};

// By name, numbers as numbers. Nothing is opened: that could reset what is behind a port, or confuse it.
Result<QList<SerialPortInfo>> listSerialPorts();

// Linux: fills in what sysfs tells of the USB device above a terminal's node (Documentation/ABI/stable/sysfs-bus-usb);
// false when there is none. `terminal`: its name, as "ttyUSB0". `sysfs` is /sys; a test has a tree of its own.
bool fillUsbAdapter(const QString& terminal, const QString& sysfs, SerialPortInfo& info);

}  // namespace sealift
