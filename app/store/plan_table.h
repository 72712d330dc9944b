// Plans, by digest. A plan is never changed; the same plan made twice is one row.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <optional>

namespace sealift {

struct PlanRow {
  QString digest;  // lower-case hex
  QString deviceId;
  QByteArray json;
  qint64 madeMs = 0;  // UTC, milliseconds since 1970-01-01
};

class PlanTable {
 public:
  explicit PlanTable(Database& database) : database_(database) {}
  Status insert(const PlanRow& row);  // keeps the first when the digest is there already
  Result<std::optional<PlanRow>> find(const QString& digest);

 private:
  Database& database_;
};

}  // namespace sealift
