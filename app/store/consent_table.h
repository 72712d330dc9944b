// Who agreed to which plan, having been shown which notes. A consent is withdrawn, never deleted.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <optional>

namespace sealift {

struct ConsentRow {
  qint64 id = 0;  // given by the store
  QString planDigest;
  QString operatorName;
  QString notesHash;   // lower-case hex
  qint64 givenMs = 0;  // UTC, milliseconds since 1970-01-01
  std::optional<qint64> withdrawnMs;
  QString reason = {};    // of a downgrade
  QString agreedBy = {};  // the supervisor who agreed to it, too
};

class ConsentTable {
 public:
  explicit ConsentTable(Database& database) : database_(database) {}
  Result<qint64> insert(const ConsentRow& row);  // its id; NotFound when the plan is not stored
  Status withdraw(qint64 id, qint64 nowMs);      // NotFound when it isn't standing
  // The newest consent to this plan that was not withdrawn.
  Result<std::optional<ConsentRow>> findStanding(const QString& planDigest);

 private:
  Database& database_;
};

}  // namespace sealift
