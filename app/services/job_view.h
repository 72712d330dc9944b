// Turns jobs into what people see.
#pragma once

#include "app/base/progress.h"
#include "app/services/views.h"
#include "app/store/job_table.h"
#include "app/store/journal_table.h"

namespace sealift {

JobView jobViewFrom(const JobRow& row);
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
