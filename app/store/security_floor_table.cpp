#include "app/store/security_floor_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

std::optional<quint32> toCounter(std::optional<qint64> stored) {
  return stored ? std::optional(static_cast<quint32>(*stored)) : std::nullopt;
}

std::optional<qint64> toStored(std::optional<quint32> counter) {
  return counter ? std::optional<qint64>(*counter) : std::nullopt;
}

SecurityFloorRow readFloor(const Statement& row) {
  return {row.text(0), toCounter(row.optionalInteger(1)), toCounter(row.optionalInteger(2)),
          toCounter(row.optionalInteger(3)), row.optionalInteger(4)};
}

}  // namespace

Status SecurityFloorTable::raiseTold(const QString& unit, quint32 counter) {
  return toStatus(
      database_.run(u"INSERT INTO security_floor(unit, told) VALUES(?,?) ON CONFLICT(unit) DO UPDATE "
                    u"SET told=max(coalesce(told, 0), excluded.told)",
                    unit, static_cast<qint64>(counter)));
}

Status SecurityFloorTable::raiseInstalled(const QString& unit, quint32 securityVersion) {
  return toStatus(
      database_.run(u"INSERT INTO security_floor(unit, installed) VALUES(?,?) ON CONFLICT(unit) DO UPDATE "
                    u"SET installed=max(coalesce(installed, 0), excluded.installed)",
                    unit, static_cast<qint64>(securityVersion)));
}

Status SecurityFloorTable::setFall(const QString& unit, std::optional<quint32> fellTo, qint64 nowMs) {
  return expectChanged(database_.run(u"UPDATE security_floor SET fell_to=?, fell_ms=? WHERE unit=?", toStored(fellTo),
                                     fellTo ? std::optional(nowMs) : std::nullopt, unit),
                       QStringLiteral("security version of %1").arg(unit));
}

Result<std::optional<SecurityFloorRow>> SecurityFloorTable::find(const QString& unit) {
  SEALIFT_TRY(Statement statement, database_.prepare(u"SELECT unit, told, installed, fell_to, fell_ms "
                                                     u"FROM security_floor WHERE unit=?"));
  return readRow(statement.bind(unit), readFloor);
}

Result<QList<SecurityFloorRow>> SecurityFloorTable::listFallen() {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT unit, told, installed, fell_to, fell_ms FROM security_floor "
                                u"WHERE fell_to IS NOT NULL ORDER BY fell_ms, unit"));
  return readRows(statement, readFloor);
}

}  // namespace sealift
