// Devices that were seen, with what was last read from them.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>

#include <optional>

namespace sealift {

struct DeviceRow {
  QString id;
  QString vendorId;
  QString modelId;
  QString serial;
  QString address;        // where it was last reached
  QString givenName;      // by the user; may be empty
  QByteArray snapshot;    // JSON of what was last read from it
  qint64 lastSeenMs = 0;  // UTC, milliseconds since 1970-01-01
};

class DeviceTable {
 public:
  explicit DeviceTable(Database& database) : database_(database) {}
  // Inserts or refreshes; a name that the user gave stays.
  Status recordSeen(const DeviceRow& row);
  Status setGivenName(const QString& id, const QString& name);  // NotFound
  Status remove(const QString& id);                             // NotFound
  Result<std::optional<DeviceRow>> find(const QString& id);
  Result<QList<DeviceRow>> list();  // last seen first

 private:
  Database& database_;
};

}  // namespace sealift
