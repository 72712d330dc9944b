// What the commands that plan and carry out share: the plan as it is shown before anyone agrees, and the job as it
// runs.
#pragma once

#include "app/cli/command.h"

namespace sealift {

void printNotes(Terminal& terminal, const PlanView& plan);
void printPlan(Terminal& terminal, const PlanView& plan);
// Shows the job's progress until it has ended.
JobView follow(CommandContext& context, Station& station, const QString& jobId);
// Follows the job, and tells how it ended.
ExitCode followToEnd(CommandContext& context, Station& station, const QString& jobId);
ExitCode printEnd(CommandContext& context, const JobView& job);

}  // namespace sealift
