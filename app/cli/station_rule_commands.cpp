#include "app/cli/station_rule_commands.h"

#include "app/cli/json_views.h"
#include "app/cli/sign_in_options.h"

#include <QJsonArray>

namespace sealift {
namespace {

ExitCode show(CommandContext& context, const Station& station) {
  Terminal& terminal = *context.terminal;
  const StationInfo info = station.info();
  const PolicyView policy = station.policy();
  const QList<AlertView> alerts = station.alerts();
  const QString mode = info.homeMode ? QStringLiteral("home") : QStringLiteral("station");
  if (context.json) {
    QJsonArray array;
    for (const AlertView& alert : alerts) {
      array << toJson(alert);
    }
    terminal.json(QJsonDocument(QJsonObject{
        {QStringLiteral("station"), info.name},
        {QStringLiteral("operator"), info.operatorName},
        {QStringLiteral("mode"), mode},
        {QStringLiteral("policy"), QJsonObject{{QStringLiteral("downgradeAllowed"), policy.downgradeAllowed},
                                               {QStringLiteral("troubleDevices"), policy.troubleDevices},
                                               {QStringLiteral("troubleDays"), policy.troubleDays}}},
        {QStringLiteral("alerts"), array}}));
    return ExitCode::Success;
  }
  terminal.line(QStringLiteral("%1, %2 mode, operator %3").arg(info.name, mode, info.operatorName));
  terminal.pairs({{QStringLiteral("Downgrades"), policy.downgradeAllowed
                                                     ? QStringLiteral("possible, each with a supervisor's agreement")
                                                     : QStringLiteral("off")},
                  {QStringLiteral("A release is paused"), QStringLiteral("when it went wrong on %1 devices in %2 days")
                                                              .arg(policy.troubleDevices)
                                                              .arg(policy.troubleDays)}});
  for (const AlertView& alert : alerts) {
    terminal.line(QStringLiteral("ALERT %1: %2").arg(alert.title, alert.text));
    terminal.line(QStringLiteral("  → %1").arg(alert.remedy));
  }
  if (alerts.isEmpty()) {
    terminal.line(QStringLiteral("No alerts."));
  }
  return ExitCode::Success;
}

class StatusCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    return group.add_subcommand("status", "Tell the mode, the policy, and what somebody should look at");
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    return station ? show(context, **station) : report(context, station.error());
  }
};

class PolicyCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("policy", "Show the station's policy, or change it as a supervisor");
    app->add_option("--allow-downgrade", downgrade_, "Whether a supervisor may agree to older versions")
        ->type_name("yes|no")
        ->check(CLI::IsMember({"yes", "no"}));
    app->add_option("--trouble-devices", devices_, "Pause a release that went wrong on so many devices …")
        ->type_name("N");
    app->add_option("--trouble-days", days_, "… within so many days")->type_name("N");
    signIn_.declare(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    PolicyChange change;
    if (!downgrade_.empty()) {
      change.downgradeAllowed = downgrade_ == "yes";
    }
    change.troubleDevices = devices_;
    change.troubleDays = days_;
    if (change.downgradeAllowed || devices_ || days_) {
      const Status done =
          signIn_.with(context, [&](SignIn& signIn) { return await((*station)->changePolicy(change, signIn)); });
      if (!done) {
        return report(context, done.error());
      }
    }
    return show(context, **station);
  }

 private:
  std::string downgrade_;
  std::optional<int> devices_;
  std::optional<int> days_;
  SignInOptions signIn_;
};

class ModeCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("mode", "Show the mode, or change it; and who works here");
    app->add_option("MODE", mode_, "home or station")->check(CLI::IsMember({"home", "station"}));
    app->add_option("--operator", operator_, "Who works here, as the audit log names them")->type_name("NAME");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    if (!mode_.empty() || !operator_.empty()) {
      const StationInfo info = (*station)->info();
      const bool home = mode_.empty() ? info.homeMode : mode_ == "home";
      const Status done =
          (*station)->changeInfo(info.name, operator_.empty() ? info.operatorName : fromStd(operator_), home);
      if (!done) {
        return report(context, done.error());
      }
    }
    return show(context, **station);
  }

 private:
  std::string mode_;
  std::string operator_;
};

}  // namespace

std::unique_ptr<Command> makeStationStatusCommand() {
  return std::make_unique<StatusCommand>();
}

std::unique_ptr<Command> makeStationPolicyCommand() {
  return std::make_unique<PolicyCommand>();
}

std::unique_ptr<Command> makeStationModeCommand() {
  return std::make_unique<ModeCommand>();
}

}  // namespace sealift
