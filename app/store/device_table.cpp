#include "app/store/device_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

DeviceRow readDevice(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), row.bytes(6), row.integer(7)};
}

}  // namespace

Status DeviceTable::recordSeen(const DeviceRow& row) {
  return toStatus(database_.run(
      u"INSERT INTO device(id, vendor_id, model_id, serial, address, given_name, snapshot, last_seen_ms) "
      u"VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET vendor_id=excluded.vendor_id, "
      u"model_id=excluded.model_id, serial=excluded.serial, address=excluded.address, snapshot=excluded.snapshot, "
      u"last_seen_ms=excluded.last_seen_ms",
      row.id, row.vendorId, row.modelId, row.serial, row.address, row.givenName, row.snapshot, row.lastSeenMs));
}

Status DeviceTable::setGivenName(const QString& id, const QString& name) {
  return expectChanged(database_.run(u"UPDATE device SET given_name=? WHERE id=?", name, id),
                       QStringLiteral("device %1").arg(id));
}

Status DeviceTable::remove(const QString& id) {
  return expectChanged(database_.run(u"DELETE FROM device WHERE id=?", id), QStringLiteral("device %1").arg(id));
}

Result<std::optional<DeviceRow>> DeviceTable::find(const QString& id) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT id, vendor_id, model_id, serial, address, given_name, snapshot, last_seen_ms "
                                u"FROM device WHERE id=?"));
  return readRow(statement.bind(id), readDevice);
}

Result<QList<DeviceRow>> DeviceTable::list() {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT id, vendor_id, model_id, serial, address, given_name, snapshot, last_seen_ms "
                                u"FROM device ORDER BY last_seen_ms DESC, id"));
  return readRows(statement, readDevice);
}

}  // namespace sealift
