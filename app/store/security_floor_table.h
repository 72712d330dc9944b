// The highest security version that was ever seen of a unit. It outlives the device's row: what was removed from the
// list and comes back is still held to it.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>

#include <optional>

namespace sealift {

struct SecurityFloorRow {
  QString unit;                      // vendor/model/serial, or the address of a device without a serial number
  std::optional<quint32> told;       // the highest counter that the device itself told
  std::optional<quint32> installed;  // the highest security version that a job proved to run on it
  std::optional<quint32> fellTo;     // what it told last, when that was below `told`
  std::optional<qint64> fellMs;      // since when; UTC, milliseconds since 1970-01-01
};

class SecurityFloorTable {
 public:
  explicit SecurityFloorTable(Database& database) : database_(database) {}
  // Both only ever rise.
  Status raiseTold(const QString& unit, quint32 counter);
  Status raiseInstalled(const QString& unit, quint32 securityVersion);
  // The counter is below what it was; nothing: it no longer is. NotFound for a unit without a row.
  Status setFall(const QString& unit, std::optional<quint32> fellTo, qint64 nowMs);
  Result<std::optional<SecurityFloorRow>> find(const QString& unit);
  Result<QList<SecurityFloorRow>> listFallen();  // longest first

 private:
  Database& database_;
};

}  // namespace sealift
