// The highest security version ever seen of a unit: no release below it is installed, whatever the device says today.
// It is the unit's, by vendor, model and serial number: neither another name or address nor removing the device and
// adding it again changes it. Any thread.
#pragma once

#include "app/services/station_core.h"
#include "app/store/security_floor_table.h"

#include <optional>

namespace sealift {

class SecurityFloor {
 public:
  explicit SecurityFloor(StationCore& core) : core_(core) {}

  // What the device tells now. A counter that is below what it told once was reset, or it is another device that says
  // so: that goes into the audit log once for each value. `subject` is the device.
  Status noteTold(const AuditSubject& subject, quint32 counter);
  // A job proved that firmware of this security version runs. In the transaction that ends it.
  Status noteInstalled(const QString& deviceId, quint32 securityVersion);

  // The floor; nothing when none was ever seen.
  Result<std::optional<quint32>> highest(const QString& deviceId) const;
  // Set as long as the device tells less than it once did.
  Result<std::optional<SecurityFloorRow>> fallOf(const QString& deviceId) const;
  Result<QList<SecurityFloorRow>> falls() const;
  // One sentence on a fall, for people.
  static QString textOf(const SecurityFloorRow& fall);

 private:
  StationCore& core_;
};

}  // namespace sealift
