// Jobs: one consented plan being carried out, or that was. The words for state, stage and outcome are app/update's.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>

#include <optional>

namespace sealift {

struct JobRow {
  QString id;
  QString deviceId;
  QString planDigest;
  QString state;
  QString stage;
  QString outcome;       // empty until there is one
  QString errorCode;     // dotted name, or empty
  qint64 startedMs = 0;  // UTC, milliseconds since 1970-01-01
  std::optional<qint64> endedMs;
  QByteArray summary;  // JSON
};

class Statement;
// Reads the first ten columns of a row, in the order above.
JobRow readJobRow(const Statement& row);

class JobTable {
 public:
  explicit JobTable(Database& database) : database_(database) {}
  Status insert(const JobRow& row);  // AlreadyExists; NotFound when its plan is not stored
  Status update(const JobRow& row);  // NotFound; device, plan and start stay
  // From one of these states to another, unless it has left them meanwhile: then false, and nothing changes.
  Result<bool> moveState(const QString& id, const QStringList& from, const QString& to);
  Result<std::optional<JobRow>> find(const QString& id);
  Result<QList<JobRow>> listUnfinished();  // without an end, oldest first
  // Without an end, or with this one, however long ago; oldest first.
  Result<QList<JobRow>> listUnfinishedOr(const QString& outcome);
  Result<QList<JobRow>> listOfDevice(const QString& deviceId, int limit);  // newest first
  // All that are about this release (its id) and have ended at `sinceMs` or later, in the order of their ends.
  Result<QList<JobRow>> listEndedOfRelease(const QString& release, qint64 sinceMs);
  // The same on one device, whenever they ended.
  Result<QList<JobRow>> listEndedOnDevice(const QString& deviceId, const QString& release);
  Result<QList<JobRow>> list(int limit);  // newest first

 private:
  Database& database_;
};

}  // namespace sealift
