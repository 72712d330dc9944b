#include "app/store/consent_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

ConsentRow readConsent(const Statement& row) {
  return {row.integer(0),         row.text(1), row.text(2), row.text(3), row.integer(4),
          row.optionalInteger(5), row.text(6), row.text(7)};
}

}  // namespace

Result<qint64> ConsentTable::insert(const ConsentRow& row) {
  SEALIFT_TRY(
      Statement statement,
      database_.prepare(u"INSERT INTO consent(plan_digest, operator, notes_hash, given_ms, withdrawn_ms, reason, "
                        u"agreed_by) VALUES(?,?,?,?,?,?,?) RETURNING id"));
  statement.bind(row.planDigest, row.operatorName, row.notesHash, row.givenMs, row.withdrawnMs, row.reason,
                 row.agreedBy);
  return statement.runReturning();
}

Status ConsentTable::withdraw(qint64 id, qint64 nowMs) {
  return expectChanged(
      database_.run(u"UPDATE consent SET withdrawn_ms=? WHERE id=? AND withdrawn_ms IS NULL", nowMs, id),
      QStringLiteral("standing consent of number %1").arg(id));
}

Result<std::optional<ConsentRow>> ConsentTable::findStanding(const QString& planDigest) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT id, plan_digest, operator, notes_hash, given_ms, withdrawn_ms, "
                                u"reason, agreed_by FROM consent WHERE plan_digest=? AND withdrawn_ms IS NULL "
                                u"ORDER BY id DESC LIMIT 1"));
  return readRow(statement.bind(planDigest), readConsent);
}

}  // namespace sealift
