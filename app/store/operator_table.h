// The local accounts of a station. The words for roles are app/policy's; the password's form is keystore/crypto's.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>

#include <optional>

namespace sealift {

struct OperatorRow {
  QString key;   // the name folded, by which it is found
  QString name;  // as people write it
  QString role;
  QString password;       // what it is checked against (password_hash.h)
  qint64 changedMs = 0;   // UTC, milliseconds since 1970-01-01
  int failures = 0;       // tries since the last good one
  QString failedBoot{};   // during which run of the computer the last of them was
  qint64 failedAtMs = 0;  // and how long that had run then
};

class OperatorTable {
 public:
  explicit OperatorTable(Database& database) : database_(database) {}
  Status insert(const OperatorRow& row);  // AlreadyExists
  Status update(const OperatorRow& row);  // NotFound; all but the key
  Status remove(const QString& key);      // NotFound
  Result<std::optional<OperatorRow>> find(const QString& key);
  Result<QList<OperatorRow>> list();  // by name

 private:
  Database& database_;
};

}  // namespace sealift
