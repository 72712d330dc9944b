// Turns jobs into what people see.
#pragma once

#include "app/base/progress.h"
#include "app/services/views.h"
#include "app/store/job_table.h"
#include "app/store/journal_table.h"
#include "app/update/job_schedule.h"

namespace sealift {

JobView jobViewFrom(const JobRow& row);
void showBegin(JobView& view, const QDateTime& now);
// A job that has not begun.
struct WaitingState {
  bool paused = false;
  bool due = false;  // its time has come; there is no room
  JobSchedule::Kind kind = JobSchedule::Kind::Now;
  QDateTime next = {};
  QString reason = {};  // without a full stop; empty: none but its time
  int priority = 0;
  int attempts = 0;
  int mostAttempts = 1;
  qint64 notBefore = 0;  // UTC, milliseconds since 1970-01-01; 0: at any time
};
void showWaiting(JobView& view, const WaitingState& state);
void enterStage(JobView& view, Stage stage);
void passPointOfNoReturn(JobView& view);
void showProgress(JobView& view, const ProgressUpdate& progress);
void showEnd(JobView& view, Outcome outcome, Stage stage, const std::optional<Error>& error, const QString& message,
             const QDateTime& endedAt);
HistoryItem historyItem(const JobView& view);
// "12:40:07.123  transfer: began" …
QString journalLine(const JournalRow& row);

Badge outcomeBadge(Outcome outcome);

}  // namespace sealift
