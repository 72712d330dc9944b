// Under which id a unit is known. A serial number makes it the same wherever it is plugged in, until two units with the
// same one are there at once: from then on that number tells nothing any more, and the place of each does.
#pragma once

#include "app/services/station_core.h"

namespace sealift {

class UnitIdentity {
 public:
  explicit UnitIdentity(StationCore& core) : core_(core) {}

  // vendor/model/serial; the address where there is no serial number.
  static QString idFor(const QString& vendorId, const QString& modelId, const QString& serial,
                       const LinkAddress& address);
  // The same with the place behind it: vendor/model/serial@usb:1-2. No serial number can be written so that it reads
  // like a place.
  QString idAtPlace(const QString& id, const LinkAddress& address) const;
  static bool isAtPlace(const QString& id) { return id.contains(u'@'); }

  // Where on the USB an address is now, of a device or of the adapter of a serial port; empty when it is not there, or
  // not on the USB.
  QString placeOf(const LinkAddress& address) const;
  // Another device on the USB tells the same vendor, product and serial number as the one at this address.
  bool hasTwin(const LinkAddress& address) const;

  // Kept from then on.
  Status rememberCollision(const QString& id);
  bool everCollided(const QString& id) const;

 private:
  StationCore& core_;
};

}  // namespace sealift
