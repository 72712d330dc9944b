// One class a command of sealiftctl. A command declares its arguments on its CLI11 subcommand and is
// run after parsing; what it needs of the program it asks its context for.
#pragma once

#include "app/base/cancel_token.h"
#include "app/cli/exit_code.h"
#include "app/cli/terminal.h"
#include "app/services/station.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <vector>

namespace sealift {

struct CommandContext {
  Terminal* terminal = nullptr;
  bool json = false;
  CancelToken cancel;  // set when somebody asked the program to end
  // Opens the station on first use: commands on repositories need none.
  std::function<Result<Station*>()> station;
};

class Command {
 public:
  virtual ~Command() = default;
  // Adds the subcommand and its options to `group`; the values are this object's members.
  virtual CLI::App* declare(CLI::App& group) = 0;
  virtual ExitCode run(CommandContext& context) = 0;

 protected:
  // Prints the error and gives its exit status. With --json it is an object on standard output, as every answer.
  static ExitCode report(CommandContext& context, const Error& error);
};

// Waits for a future while the program's event loop runs, so that timers and signals are served.
void waitWithEvents(const QFuture<void>& future);
template <class T>
T await(QFuture<T> future) {
  waitWithEvents(QFuture<void>(future));
  return future.result();
}

inline QString fromStd(const std::string& text) {
  return QString::fromStdString(text);
}

// The commands, by group name ("device", "update" …; empty for none).
struct CommandGroup {
  std::string name;
  std::string help;
  std::vector<std::unique_ptr<Command>> commands;
};
std::vector<CommandGroup> makeCommands();

// What a station is opened with, from the options that every command takes.
struct StationOptions {
  QString dataFolder;    // --data-dir; empty: default
  bool offline = false;  // --offline: no network at all for this run
};

// Parses and runs. `cancel` is set by whoever learns that the program should end.
int runCommandLine(const QStringList& arguments, Terminal& terminal, const CancelToken& cancel,
                   const std::function<Result<Station*>(const StationOptions& options)>& openStation);

}  // namespace sealift
