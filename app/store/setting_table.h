// Settings of the station: text values under dotted names.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QMap>

#include <optional>

namespace sealift {

class SettingTable {
 public:
  explicit SettingTable(Database& database) : database_(database) {}
  Result<std::optional<QString>> find(const QString& key);
  Status set(const QString& key, const QString& value);
  Status remove(const QString& key);
  Result<QMap<QString, QString>> all();

 private:
  Database& database_;
};

}  // namespace sealift
