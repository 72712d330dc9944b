#include "app/store/queue_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

QueueRow readPlace(const Statement& row, int first) {
  return {.jobId = row.text(first),
          .arrival = row.integer(first + 1),
          .priority = static_cast<int>(row.integer(first + 2)),
          .schedule = row.bytes(first + 3),
          .attempts = static_cast<int>(row.integer(first + 4)),
          .mostAttempts = static_cast<int>(row.integer(first + 5)),
          .notBeforeMs = row.integer(first + 6),
          .toldMs = row.integer(first + 7),
          .expectedSeconds = static_cast<int>(row.integer(first + 8))};
}

QueueRow readQueue(const Statement& row) {
  return readPlace(row, 0);
}

WaitingJob readWaiting(const Statement& row) {
  constexpr int kOfJob = 10;
  return {readJobRow(row), readPlace(row, kOfJob)};
}

}  // namespace

Status QueueTable::insert(const QueueRow& row) {
  return toStatus(database_.run(
      u"INSERT INTO queue(job_id, arrival, priority, schedule, attempts, most_attempts, not_before_ms, told_ms, "
      u"expected_seconds) VALUES(?,(SELECT coalesce(max(arrival),0)+1 FROM queue),?,?,?,?,?,?,?)",
      row.jobId, row.priority, row.schedule, row.attempts, row.mostAttempts, row.notBeforeMs, row.toldMs,
      row.expectedSeconds));
}

Status QueueTable::update(const QueueRow& row) {
  return expectChanged(
      database_.run(
          u"UPDATE queue SET priority=?, schedule=?, attempts=?, most_attempts=?, not_before_ms=?, told_ms=?, "
          u"expected_seconds=? WHERE job_id=?",
          row.priority, row.schedule, row.attempts, row.mostAttempts, row.notBeforeMs, row.toldMs, row.expectedSeconds,
          row.jobId),
      QStringLiteral("job %1 in the queue").arg(row.jobId));
}

Result<std::optional<QueueRow>> QueueTable::find(const QString& jobId) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT job_id, arrival, priority, schedule, attempts, most_attempts, not_before_ms, "
                                u"told_ms, expected_seconds FROM queue WHERE job_id=?"));
  return readRow(statement.bind(jobId), readQueue);
}

Result<QList<WaitingJob>> QueueTable::listWaiting() {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT id, device_id, plan_digest, state, stage, outcome, error_code, started_ms, "
                                u"ended_ms, summary, job_id, arrival, priority, schedule, attempts, most_attempts, "
                                u"not_before_ms, told_ms, expected_seconds FROM job JOIN queue ON job_id=id "
                                u"WHERE ended_ms IS NULL AND state IN ('waiting','scheduled','paused') "
                                u"ORDER BY arrival"));
  return readRows(statement.bind(), readWaiting);
}

}  // namespace sealift
