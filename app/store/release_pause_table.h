// Releases that failed on too many devices: what waits of them does not begin until somebody resumes them.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>
#include <QStringList>

#include <optional>

namespace sealift {

struct ReleasePauseRow {
  QString release;  // its id, which holds its hash
  QString vendorId;
  QString modelId;
  QString version;
  QStringList devices;                // on which it failed
  qint64 pausedMs = 0;                // UTC, milliseconds since 1970-01-01, as the next one
  std::optional<qint64> resumedMs{};  // nothing: it is paused
  QString resumedBy{};
  QString resumeReason{};
  QStringList forgiven{};  // jobs that no longer count: they had ended when it was resumed
};

class ReleasePauseTable {
 public:
  explicit ReleasePauseTable(Database& database) : database_(database) {}
  Status set(const ReleasePauseRow& row);  // one a release; replaces
  Result<std::optional<ReleasePauseRow>> find(const QString& release);
  Result<QList<ReleasePauseRow>> listPaused();  // oldest first

 private:
  Database& database_;
};

}  // namespace sealift
