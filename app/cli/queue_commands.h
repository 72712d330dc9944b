// sealiftctl update queue | pause | continue | retry | cancel | work: the jobs that wait.
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::vector<std::unique_ptr<Command>> makeQueueCommands();

// "now", "tonight", "window", "connect", "idle" or a time as RFC 3339 or in local time: "2026-11-30T22:00".
Result<StartTime> parseWhen(const QString& text, const QString& window, std::optional<int> attempts);

}  // namespace sealift
