#include "app/store/setting_table.h"

#include "app/store/table_util.h"

namespace sealift {

Result<std::optional<QString>> SettingTable::find(const QString& key) {
  SEALIFT_TRY(Statement statement, database_.prepare(u"SELECT value FROM setting WHERE key=?"));
  return readRow<QString>(statement.bind(key), [](const Statement& row) { return row.text(0); });
}

Status SettingTable::set(const QString& key, const QString& value) {
  return toStatus(
      database_.run(u"INSERT INTO setting(key, value) VALUES(?,?) "
                    u"ON CONFLICT(key) DO UPDATE SET value=excluded.value",
                    key, value));
}

Status SettingTable::remove(const QString& key) {
  return toStatus(database_.run(u"DELETE FROM setting WHERE key=?", key));
}

Result<QMap<QString, QString>> SettingTable::all() {
  SEALIFT_TRY(Statement statement, database_.prepare(u"SELECT key, value FROM setting"));
  QMap<QString, QString> values;
  for (;;) {
    SEALIFT_TRY(const bool more, statement.next());
    if (!more) {
      return values;
    }
    values.insert(statement.text(0), statement.text(1));
  }
}

}  // namespace sealift
