#include "app/store/job_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

QString select(const QString& rest) {
  return QStringLiteral(
             "SELECT id, device_id, plan_digest, state, stage, outcome, error_code, started_ms, ended_ms, summary "
             "FROM job ") +
         rest;
}

}  // namespace

JobRow readJobRow(const Statement& row) {
  return {row.text(0), row.text(1),    row.text(2),
          row.text(3), row.text(4),    row.text(5),
          row.text(6), row.integer(7), row.optionalInteger(8),
          row.bytes(9)};
}

Status JobTable::insert(const JobRow& row) {
  return toStatus(database_.run(
      u"INSERT INTO job(id, device_id, plan_digest, state, stage, outcome, error_code, started_ms, ended_ms, summary) "
      u"VALUES(?,?,?,?,?,?,?,?,?,?)",
      row.id, row.deviceId, row.planDigest, row.state, row.stage, row.outcome, row.errorCode, row.startedMs,
      row.endedMs, row.summary));
}

Status JobTable::update(const JobRow& row) {
  return expectChanged(
      database_.run(u"UPDATE job SET state=?, stage=?, outcome=?, error_code=?, ended_ms=?, summary=? WHERE id=?",
                    row.state, row.stage, row.outcome, row.errorCode, row.endedMs, row.summary, row.id),
      QStringLiteral("job %1").arg(row.id));
}

Result<bool> JobTable::moveState(const QString& id, const QStringList& from, const QString& to) {
  for (const QString& state : from) {
    SEALIFT_TRY(const qint64 changed,
                database_.run(u"UPDATE job SET state=? WHERE id=? AND state=? AND ended_ms IS NULL", to, id, state));
    if (changed > 0) {
      return true;
    }
  }
  return false;
}

Result<std::optional<JobRow>> JobTable::find(const QString& id) {
  SEALIFT_TRY(Statement statement, database_.prepare(select(QStringLiteral("WHERE id=?"))));
  return readRow(statement.bind(id), readJobRow);
}

Result<QList<JobRow>> JobTable::listUnfinished() {
  SEALIFT_TRY(Statement statement,
              database_.prepare(select(QStringLiteral("WHERE ended_ms IS NULL ORDER BY started_ms, id"))));
  return readRows(statement, readJobRow);
}

Result<QList<JobRow>> JobTable::listUnfinishedOr(const QString& outcome) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(select(QStringLiteral("WHERE ended_ms IS NULL OR outcome=? ORDER BY started_ms, id"))));
  return readRows(statement.bind(outcome), readJobRow);
}

Result<QList<JobRow>> JobTable::listOfDevice(const QString& deviceId, int limit) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(select(QStringLiteral("WHERE device_id=? ORDER BY started_ms DESC, id LIMIT ?"))));
  return readRows(statement.bind(deviceId, limit), readJobRow);
}

Result<QList<JobRow>> JobTable::listEndedOfRelease(const QString& release, qint64 sinceMs) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(select(QStringLiteral("WHERE release=? AND ended_ms>=? ORDER BY ended_ms, id"))));
  return readRows(statement.bind(release, sinceMs), readJobRow);
}

Result<QList<JobRow>> JobTable::listEndedOnDevice(const QString& deviceId, const QString& release) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(select(
                  QStringLiteral("WHERE device_id=? AND release=? AND ended_ms IS NOT NULL ORDER BY ended_ms, id"))));
  return readRows(statement.bind(deviceId, release), readJobRow);
}

Result<QList<JobRow>> JobTable::list(int limit) {
  SEALIFT_TRY(Statement statement, database_.prepare(select(QStringLiteral("ORDER BY started_ms DESC, id LIMIT ?"))));
  return readRows(statement.bind(limit), readJobRow);
}

}  // namespace sealift
