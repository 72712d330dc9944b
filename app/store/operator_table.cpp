#include "app/store/operator_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

constexpr QStringView kSelect =
    u"SELECT key, name, role, password, changed_ms, failures, failed_boot, failed_at_ms FROM operator_account ";

OperatorRow readOperator(const Statement& row) {
  return {row.text(0), row.text(1),   row.text(2), row.text(3), row.integer(4), static_cast<int>(row.integer(5)),
          row.text(6), row.integer(7)};
}

}  // namespace

Status OperatorTable::insert(const OperatorRow& row) {
  return toStatus(database_.run(
      u"INSERT INTO operator_account(key, name, role, password, changed_ms, failures, failed_boot, failed_at_ms) "
      u"VALUES(?,?,?,?,?,?,?,?)",
      row.key, row.name, row.role, row.password, row.changedMs, row.failures, row.failedBoot, row.failedAtMs));
}

Status OperatorTable::update(const OperatorRow& row) {
  return expectChanged(
      database_.run(u"UPDATE operator_account SET name=?, role=?, password=?, changed_ms=?, failures=?, failed_boot=?, "
                    u"failed_at_ms=? WHERE key=?",
                    row.name, row.role, row.password, row.changedMs, row.failures, row.failedBoot, row.failedAtMs,
                    row.key),
      QStringLiteral("account %1").arg(row.name));
}

Status OperatorTable::remove(const QString& key) {
  return expectChanged(database_.run(u"DELETE FROM operator_account WHERE key=?", key),
                       QStringLiteral("account %1").arg(key));
}

Result<std::optional<OperatorRow>> OperatorTable::find(const QString& key) {
  SEALIFT_TRY(Statement statement, database_.prepare(kSelect.toString() + QStringLiteral("WHERE key=?")));
  return readRow(statement.bind(key), readOperator);
}

Result<QList<OperatorRow>> OperatorTable::list() {
  SEALIFT_TRY(Statement statement, database_.prepare(kSelect.toString() + QStringLiteral("ORDER BY key")));
  return readRows(statement, readOperator);
}

}  // namespace sealift
