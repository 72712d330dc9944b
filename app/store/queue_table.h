// What a job that has not begun waits for: its place in the queue, its schedule, its attempts. The row stays when the
// job has ended, so that it can be tried again.
#pragma once

#include "app/base/result.h"
#include "app/store/job_table.h"

#include <QList>

#include <optional>

namespace sealift {

struct QueueRow {
  QString jobId;
  qint64 arrival = 0;  // place in the order; given by insert()
  int priority = 0;
  QByteArray schedule = {};  // JSON, app/update/job_schedule.h
  int attempts = 0;          // that have failed
  int mostAttempts = 1;      // the first one among them
  qint64 notBeforeMs = 0;    // of the next attempt; UTC, milliseconds since 1970-01-01; 0: at any time
  qint64 toldMs = 0;         // up to when missed windows have been told
  int expectedSeconds = 0;   // of the whole job
};

struct WaitingJob {
  JobRow job;
  QueueRow place;
};

class QueueTable {
 public:
  explicit QueueTable(Database& database) : database_(database) {}
  Status insert(const QueueRow& row);  // behind all others
  Status update(const QueueRow& row);  // NotFound; the place in the order stays
  Result<std::optional<QueueRow>> find(const QString& jobId);
  // Jobs in one of the states waiting, scheduled and paused, in the order of their arrival.
  Result<QList<WaitingJob>> listWaiting();

 private:
  Database& database_;
};

}  // namespace sealift
