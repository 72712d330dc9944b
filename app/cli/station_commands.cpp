#include "app/cli/station_commands.h"

#include "app/cli/json_views.h"
#include "app/cli/station_rule_commands.h"

#include <QJsonObject>

namespace sealift {
namespace {

QJsonObject toJson(const StationKeyView& key) {
  return {{QStringLiteral("address"), key.address},
          {QStringLiteral("keyId"), key.keyId},
          {QStringLiteral("type"), key.type},
          {QStringLiteral("inHardware"), key.inHardware},
          {QStringLiteral("earlierKeys"), key.earlierKeys},
          {QStringLiteral("publicKey"), key.publicKeyPem}};
}

void print(Terminal& terminal, const StationKeyView& key) {
  terminal.pairs({{QStringLiteral("Key"), key.address},
                  {QStringLiteral("Type"), key.type},
                  {QStringLiteral("Id"), key.keyId},
                  {QStringLiteral("Kept"), key.inHardware ? QStringLiteral("in hardware; it can't be copied out")
                                                          : QStringLiteral("as data on this computer")},
                  {QStringLiteral("Earlier keys"), QString::number(key.earlierKeys)}});
}

class KeyCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("key", "The key that signs the audit log's heads; --use chooses another");
    CLI::Option* use = app->add_option("--use", use_,
                                       "Sign with the key at this address from now on: a file, pkcs11:…, "
                                       "tpm:… or keychain:NAME")
                           ->type_name("ADDRESS");
    CLI::Option* create = app->add_flag("--create", create_, "Make the key there first")->needs(use);
    app->add_option("--key-type", type_, "ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072 or ed25519, with --create")
        ->check(CLI::IsMember({"ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "ed25519"}))
        ->needs(create);
    return app;
  }

  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    if (use_.empty()) {
      return show(context, (*station)->stationKey());
    }
    const Result<StationKeyView> chosen =
        (*station)->chooseStationKey(fromStd(use_), create_ ? fromStd(type_) : QString());
    if (!chosen) {
      return report(context, chosen.error());
    }
    const ExitCode shown = show(context, *chosen);
    if (!context.json) {
      context.terminal->note(QStringLiteral(
          "The station signs with it from the next start on. Close windows of Sealift that are open on this data."));
    }
    return shown;
  }

 private:
  static ExitCode show(CommandContext& context, const StationKeyView& key) {
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("key"), toJson(key)}}));
    } else {
      print(*context.terminal, key);
    }
    return ExitCode::Success;
  }

  std::string use_;
  bool create_ = false;
  std::string type_ = "ecdsa-p256";
};

void printQueue(CommandContext& context, const QueueView& queue, bool limits) {
  Terminal& terminal = *context.terminal;
  if (context.json) {
    terminal.json(QJsonDocument(QJsonObject{{QStringLiteral("queue"), sealift::toJson(queue)}}));
  } else if (limits) {
    terminal.pairs({{QStringLiteral("Jobs side by side"), QString::number(queue.limitAll)},
                    {QStringLiteral("On one USB hub"), QString::number(queue.limitPerHub)},
                    {QStringLiteral("On one serial adapter"), QString::number(queue.limitPerAdapter)},
                    {QStringLiteral("At one network host"), QString::number(queue.limitPerHost)}});
  } else if (queue.window.isEmpty()) {
    terminal.line(QStringLiteral("This station has no maintenance window."));
  } else {
    terminal.pairs({{QStringLiteral("Window"), queue.window},
                    {QStringLiteral("Begins"), queue.windowStart.toLocalTime().toString(Qt::ISODate)},
                    {QStringLiteral("Ends"), queue.windowEnd.toLocalTime().toString(Qt::ISODate)}});
  }
}

class LimitsCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("limits", "How many jobs run side by side; options change it");
    add(*app, "--all", all_, "In all");
    add(*app, "--per-hub", perHub_, "On one USB hub");
    add(*app, "--per-adapter", perAdapter_, "On one serial adapter with several ports");
    add(*app, "--per-host", perHost_, "At one network host");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const LimitsChange change{all_, perHub_, perAdapter_, perHost_};
    if (change.all || change.perHub || change.perAdapter || change.perHost) {
      if (const Status changed = (*station)->changeLimits(change); !changed) {
        return report(context, changed.error());
      }
    }
    printQueue(context, (*station)->queue(), true);
    return ExitCode::Success;
  }

 private:
  static void add(CLI::App& app, const char* name, std::optional<int>& value, const char* help) {
    app.add_option_function<int>(
           name, [&value](int number) { value = number; }, help)
        ->type_name("N");
  }

  std::optional<int> all_;
  std::optional<int> perHub_;
  std::optional<int> perAdapter_;
  std::optional<int> perHost_;
};

class WindowCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("window", "The station's maintenance window, for update apply --when window");
    CLI::Option* set =
        app->add_option("--set", set_, "Days, start, length, time zone: \"mon-fri 22:00 4h Europe/Berlin\"")
            ->type_name("WINDOW");
    app->add_flag("--clear", clear_, "Have none")->excludes(set);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    if (clear_ || !set_.empty()) {
      if (const Status changed = (*station)->setMaintenanceWindow(fromStd(set_)); !changed) {
        return report(context, changed.error());
      }
    }
    printQueue(context, (*station)->queue(), false);
    return ExitCode::Success;
  }

 private:
  std::string set_;
  bool clear_ = false;
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeStationCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<KeyCommand>());
  commands.push_back(makeStationStatusCommand());
  commands.push_back(makeStationPolicyCommand());
  commands.push_back(makeStationModeCommand());
  commands.push_back(std::make_unique<LimitsCommand>());
  commands.push_back(std::make_unique<WindowCommand>());
  return commands;
}

}  // namespace sealift
