#include "app/update/journal.h"

#include <QJsonDocument>

namespace sealift {
namespace {

struct OutcomeWords {
  AuditEvent event;
  AuditOutcome outcome;
};

OutcomeWords wordsFor(Outcome outcome) {
  switch (outcome) {
    case Outcome::Succeeded:
      return {AuditEvent::UpdateSucceeded, AuditOutcome::Ok};
    case Outcome::Reverted:
      return {AuditEvent::UpdateReverted, AuditOutcome::Reverted};
    case Outcome::Refused:
      return {AuditEvent::UpdateRefused, AuditOutcome::Refused};
    case Outcome::Failed:
      return {AuditEvent::UpdateFailed, AuditOutcome::Failed};
    case Outcome::Cancelled:
      return {AuditEvent::UpdateCancelled, AuditOutcome::Cancelled};
    case Outcome::Unknown:
      break;
  }
  return {AuditEvent::UpdateUnknown, AuditOutcome::Unknown};
}

}  // namespace

Journal::Journal(Database& database, AuditLog& audit, const Clock& clock, const QString& jobId,
                 const AuditSubject& subject, const QString& actor)
    : database_(database), audit_(audit), clock_(clock), jobId_(jobId), subject_(subject), actor_(actor) {}

Status Journal::append(const QString& step, JournalPhase phase, const QJsonObject& detail) {
  SEALIFT_CHECK(JournalTable(database_).append({.jobId = jobId_,
                                                .timeMs = clock_.nowUtc().toMSecsSinceEpoch(),
                                                .step = step,
                                                .phase = phase,
                                                .detail = QJsonDocument(detail).toJson(QJsonDocument::Compact)}));
  return {};
}

Status Journal::intent(const QString& step, const QJsonObject& detail) {
  return append(step, JournalPhase::Intent, detail);
}

Status Journal::result(const QString& step, const QJsonObject& detail) {
  return append(step, JournalPhase::Result, detail);
}

Status Journal::started(const QString& message, const QJsonObject& detail, bool resumed) {
  SEALIFT_CHECK(audit_.append({.event = resumed ? AuditEvent::UpdateResumed : AuditEvent::UpdateStarted,
                               .actor = actor_,
                               .subject = subject_,
                               .outcome = AuditOutcome::Recorded,
                               .code = {},
                               .message = message,
                               .details = detail}));
  return {};
}

Status Journal::enterStage(Stage stage) {
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(database_));
  JobTable jobs(database_);
  SEALIFT_TRY(std::optional<JobRow> row, jobs.find(jobId_));
  if (!row) {
    return fail(ErrorCode::NotFound, QStringLiteral("The job %1 is not in the store.").arg(jobId_));
  }
  row->state = QStringLiteral("running");
  row->stage = stageName(stage);
  row->outcome.clear();
  row->errorCode.clear();
  row->endedMs.reset();
  SEALIFT_CHECK(jobs.update(*row));
  SEALIFT_CHECK(audit_.append(
      transaction, {.event = AuditEvent::UpdateStage,
                    .actor = actor_,
                    .subject = subject_,
                    .outcome = AuditOutcome::Recorded,
                    .code = {},
                    .message = QStringLiteral("Stage %1 began.").arg(stageName(stage)),
                    .details = {{QStringLiteral("job"), jobId_}, {QStringLiteral("stage"), stageName(stage)}}}));
  return transaction.commit();
}

Status Journal::ended(Outcome outcome, Stage stage, const std::optional<Error>& error, const QString& message,
                      const QJsonObject& detail) {
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(database_));
  JobTable jobs(database_);
  SEALIFT_TRY(std::optional<JobRow> row, jobs.find(jobId_));
  if (!row) {
    return fail(ErrorCode::NotFound, QStringLiteral("The job %1 is not in the store.").arg(jobId_));
  }
  QJsonObject summary = QJsonDocument::fromJson(row->summary).object();
  summary[QStringLiteral("message")] = message;
  if (error) {
    summary[QStringLiteral("error")] = error->message();
    summary[QStringLiteral("remedy")] = error->remedy;
  } else {
    summary.remove(QStringLiteral("error"));
    summary.remove(QStringLiteral("remedy"));
  }
  row->state = QStringLiteral("finished");
  row->stage = stageName(stage);
  row->outcome = outcomeName(outcome);
  row->errorCode = error ? errorCodeName(error->code) : QString();
  row->endedMs = clock_.nowUtc().toMSecsSinceEpoch();
  row->summary = QJsonDocument(summary).toJson(QJsonDocument::Compact);
  SEALIFT_CHECK(jobs.update(*row));

  QJsonObject details = detail;
  details[QStringLiteral("job")] = jobId_;
  details[QStringLiteral("stage")] = stageName(stage);
  details[QStringLiteral("plan")] = row->planDigest;
  const OutcomeWords words = wordsFor(outcome);
  SEALIFT_CHECK(audit_.append(transaction, {.event = words.event,
                                            .actor = actor_,
                                            .subject = subject_,
                                            .outcome = words.outcome,
                                            .code = row->errorCode,
                                            .message = message,
                                            .details = details}));
  SEALIFT_CHECK(endHook_(transaction, outcome));
  return transaction.commit();
}

Result<QSet<QString>> Journal::intendedSteps() const {
  SEALIFT_TRY(const QList<JournalRow> rows, JournalTable(database_).list(jobId_));
  QSet<QString> steps;
  for (const JournalRow& row : rows) {
    if (row.phase == JournalPhase::Intent) {
      steps << row.step;
    }
  }
  return steps;
}

}  // namespace sealift
