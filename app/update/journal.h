// The journal of one job: a step's intent is on the disk before the step begins, its result
// before the next one. What the auditor should see is written into the audit log in the same
// transaction.
#pragma once

#include "app/audit/audit_log.h"
#include "app/base/clock.h"
#include "app/store/job_table.h"
#include "app/store/journal_table.h"
#include "app/update/outcome.h"

#include <QJsonObject>
#include <QSet>
#include <QString>

#include <functional>

namespace sealift {

class Journal {
 public:
  // All outlive the journal. `subject` is the device; `actor` whoever consented.
  Journal(Database& database, AuditLog& audit, const Clock& clock, const QString& jobId, const AuditSubject& subject,
          const QString& actor);

  const QString& jobId() const { return jobId_; }

  Status intent(const QString& step, const QJsonObject& detail = {});
  Status result(const QString& step, const QJsonObject& detail);
  // Enters a stage: into the job's row and the audit log.
  Status enterStage(Stage stage);
  Status started(const QString& message, const QJsonObject& detail, bool resumed);
  // Ends the job: outcome, error and audit entry in one transaction.
  Status ended(Outcome outcome, Stage stage, const std::optional<Error>& error, const QString& message,
               const QJsonObject& detail);
  // Called inside the transaction that ends the job, after its row was changed: what follows from an outcome is
  // recorded with it or not at all.
  using EndHook = std::function<Status(Transaction& transaction, Outcome outcome)>;
  void setEndHook(EndHook hook) { endHook_ = std::move(hook); }
  // The steps whose intent was ever written: each may have happened.
  Result<QSet<QString>> intendedSteps() const;

 private:
  Status append(const QString& step, JournalPhase phase, const QJsonObject& detail);

  Database& database_;
  AuditLog& audit_;
  const Clock& clock_;
  QString jobId_;
  AuditSubject subject_;
  QString actor_;
  EndHook endHook_ = [](Transaction&, Outcome) { return Status(); };
};

}  // namespace sealift
