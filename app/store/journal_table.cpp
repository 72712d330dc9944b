#include "app/store/journal_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

JournalRow readJournal(const Statement& row) {
  return {row.text(0),
          row.integer(1),
          row.integer(2),
          row.text(3),
          row.text(4) == QLatin1String("result") ? JournalPhase::Result : JournalPhase::Intent,
          row.bytes(5)};
}

}  // namespace

Result<qint64> JournalTable::append(const JournalRow& row) {
  // One statement, so that two threads never get the same number.
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"INSERT INTO journal(job_id, sequence, time_ms, step, phase, detail) "
                                u"SELECT ?, coalesce((SELECT max(sequence) FROM journal WHERE job_id=?), 0) + 1, "
                                u"?, ?, ?, ? RETURNING sequence"));
  const QString phase = row.phase == JournalPhase::Result ? QStringLiteral("result") : QStringLiteral("intent");
  statement.bind(row.jobId, row.jobId, row.timeMs, row.step, phase, row.detail);
  return statement.runReturning();
}

Result<QList<JournalRow>> JournalTable::list(const QString& jobId) {
  SEALIFT_TRY(Statement statement, database_.prepare(u"SELECT job_id, sequence, time_ms, step, phase, detail "
                                                     u"FROM journal WHERE job_id=? ORDER BY sequence"));
  return readRows(statement.bind(jobId), readJournal);
}

Result<std::optional<JournalRow>> JournalTable::last(const QString& jobId) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT job_id, sequence, time_ms, step, phase, detail FROM journal "
                                u"WHERE job_id=? ORDER BY sequence DESC LIMIT 1"));
  return readRow(statement.bind(jobId), readJournal);
}

}  // namespace sealift
