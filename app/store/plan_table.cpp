#include "app/store/plan_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

PlanRow readPlan(const Statement& row) {
  return {row.text(0), row.text(1), row.bytes(2), row.integer(3)};
}

}  // namespace

Status PlanTable::insert(const PlanRow& row) {
  return toStatus(
      database_.run(u"INSERT INTO plan(digest, device_id, json, made_ms) VALUES(?,?,?,?) "
                    u"ON CONFLICT(digest) DO NOTHING",
                    row.digest, row.deviceId, row.json, row.madeMs));
}

Result<std::optional<PlanRow>> PlanTable::find(const QString& digest) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT digest, device_id, json, made_ms FROM plan WHERE digest=?"));
  return readRow(statement.bind(digest), readPlan);
}

}  // namespace sealift
