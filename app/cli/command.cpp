#include "app/cli/command.h"

#include "app/cli/audit_commands.h"
#include "app/cli/device_commands.h"
#include "app/cli/driver_commands.h"
#include "app/cli/json_views.h"
#include "app/cli/operator_commands.h"
#include "app/cli/release_commands.h"
#include "app/cli/repo_commands.h"
#include "app/cli/station_commands.h"
#include "app/cli/update_commands.h"
#include "app/cli/vendor_commands.h"

#include <QEventLoop>
#include <QFutureWatcher>

namespace sealift {
namespace {

void print(Terminal& terminal, bool json, const Error& error) {
  if (json) {
    terminal.json(QJsonDocument(QJsonObject{{QStringLiteral("error"), toJson(error)}}));
  } else {
    terminal.error(error);
  }
}

// The parser's words end as the parser likes.
QString sentence(const QString& text) {
  const QString trimmed = text.trimmed();
  return trimmed.endsWith(u'.') ? trimmed : trimmed + u'.';
}

}  // namespace

ExitCode Command::report(CommandContext& context, const Error& error) {
  print(*context.terminal, context.json, error);
  return exitCodeFor(error);
}

void waitWithEvents(const QFuture<void>& future) {
  if (future.isFinished()) {
    return;
  }
  QEventLoop loop;
  QFutureWatcher<void> watcher;
  QObject::connect(&watcher, &QFutureWatcherBase::finished, &loop, &QEventLoop::quit);
  watcher.setFuture(future);
  loop.exec();
}

std::vector<CommandGroup> makeCommands() {
  std::vector<CommandGroup> groups;
  groups.push_back({"device", "The devices that this station knows", makeDeviceCommands()});
  groups.push_back({"update", "Plan an update, agree to it, carry it out", makeUpdateCommands()});
  groups.push_back({"release", "Skip, block, pin and resume releases", makeReleaseCommands()});
  groups.push_back({"operator", "The people who may decide at this station", makeOperatorCommands()});
  groups.push_back({"vendor", "The vendors that this station trusts", makeVendorCommands()});
  groups.push_back({"driver", "The bootloader protocols that this Sealift speaks", makeDriverCommands()});
  groups.push_back({"station", "This station itself", makeStationCommands()});
  groups.push_back({"audit", "The tamper-evident log of this station", makeAuditCommands()});
  groups.push_back({"repo", "For vendors: publish models and releases", makeRepoCommands()});
  return groups;
}

int runCommandLine(const QStringList& arguments, Terminal& terminal, const CancelToken& cancel,
                   const std::function<Result<Station*>(const StationOptions& options)>& openStation) {
  CLI::App app("Provisions devices and keeps their firmware current, safely.", "sealiftctl");
  app.set_version_flag("--version", "sealiftctl " SEALIFT_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Every command takes --data-dir DIR, --offline and --json, too. Exit status: 0 done, 1 error,\n"
      "2 usage, 3 refused, 4 failed, 5 reverted, 6 unknown, 7 cancelled, 8 log tampered with,\n"
      "9 nothing to do, 10 due; see sealiftctl(1).");
  std::string dataFolder;
  bool json = false;
  bool offline = false;
  app.add_option("--data-dir", dataFolder, "Keep everything in this folder instead of the user's own")
      ->type_name("DIR");
  app.add_flag("--offline", offline, "No network at all: neither vendors' servers nor devices over UDP, TCP and HTTPS");
  app.add_flag("--json", json, "Answer in JSON; the shapes are in resources/schemas");

  std::vector<CommandGroup> groups = makeCommands();
  std::vector<std::pair<CLI::App*, Command*>> declared;
  for (CommandGroup& group : groups) {
    CLI::App* sub = app.add_subcommand(group.name, group.help);
    sub->require_subcommand(1);
    sub->fallthrough();
    for (const std::unique_ptr<Command>& command : group.commands) {
      CLI::App* leaf = command->declare(*sub);
      leaf->fallthrough();
      declared.emplace_back(leaf, command.get());
    }
  }
  std::vector<std::string> reversed;  // CLI11 takes them from the back
  for (const QString& argument : arguments) {
    reversed.insert(reversed.begin(), argument.toStdString());
  }
  // CLI11 reports by exceptions; they end here.
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    terminal.line(fromStd(app.help()).trimmed());  // of the command that was named
    return static_cast<int>(ExitCode::Success);
  } catch (const CLI::CallForVersion&) {
    terminal.line(QStringLiteral("sealiftctl " SEALIFT_VERSION));
    return static_cast<int>(ExitCode::Success);
  } catch (const CLI::ParseError& error) {
    print(terminal, json || arguments.contains(QStringLiteral("--json")),
          makeError(ErrorCode::InvalidArgument, sentence(fromStd(error.what())),
                    QStringLiteral("Add --help to see what the command takes.")));
    return static_cast<int>(ExitCode::Usage);
  }
  CommandContext context;
  context.terminal = &terminal;
  context.json = json;
  context.cancel = cancel;
  context.station = [&] { return openStation({fromStd(dataFolder), offline}); };
  for (const auto& [leaf, command] : declared) {
    if (leaf->parsed()) {
      return static_cast<int>(command->run(context));
    }
  }
  return static_cast<int>(ExitCode::Usage);
}

}  // namespace sealift
