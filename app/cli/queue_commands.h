// sealiftctl update queue | pause | continue | retry | cancel | work: the jobs that wait.
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::vector<std::unique_ptr<Command>> makeQueueCommands();

// --when, --window and --attempts of the commands that agree to updates.
class WhenOptions {
 public:
  void declare(CLI::App& app);
  Result<StartTime> read() const;

 private:
  std::string when_ = "now";
  std::string window_;
  int attempts_ = 0;  // 0: as --when says
};

// "now", "tonight", "window", "connect", "idle" or a time as RFC 3339 or in local time: "2026-11-30T22:00".
Result<StartTime> parseWhen(const QString& text, const QString& window, std::optional<int> attempts);

}  // namespace sealift
