#include "app/cli/release_commands.h"

#include "app/cli/json_views.h"
#include "app/cli/sign_in_options.h"

#include <QJsonArray>

namespace sealift {
namespace {

ExitCode list(CommandContext& context, const Station& station) {
  QJsonArray rules;
  QJsonArray paused;
  QList<QStringList> rows;
  const QList<ReleaseRuleView> all = station.releaseRules();
  for (const ReleaseRuleView& rule : all) {
    rules << toJson(rule);
    rows << QStringList{rule.kind,
                        rule.version,
                        rule.imageHash.isEmpty() ? QStringLiteral("every build") : rule.imageHash.left(16),
                        rule.scope + u' ' + rule.scopeId,
                        rule.madeBy,
                        rule.reason};
  }
  const QList<AlertView> alerts = station.alerts();
  for (const AlertView& alert : alerts) {
    if (alert.kind == QLatin1String("release-paused")) {
      paused << alert.subject;
      if (!context.json) {
        context.terminal->line(QStringLiteral("PAUSED %1: %2").arg(alert.subject, alert.text));
      }
    }
  }
  if (context.json) {
    context.terminal->json(
        QJsonDocument(QJsonObject{{QStringLiteral("rules"), rules}, {QStringLiteral("paused"), paused}}));
  } else if (rows.isEmpty()) {
    context.terminal->line(QStringLiteral("No release is skipped, blocked or pinned."));
  } else {
    context.terminal->table({QStringLiteral("Rule"), QStringLiteral("Version"), QStringLiteral("Build"),
                             QStringLiteral("For"), QStringLiteral("By"), QStringLiteral("Reason")},
                            rows);
  }
  return ExitCode::Success;
}

class ListCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    return group.add_subcommand("list", "List what is skipped, blocked, pinned and paused");
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    return station ? list(context, **station) : report(context, station.error());
  }
};

struct RuleVerb {
  const char* verb;
  const char* kind;
  bool lifts;
  const char* help;
};

class RuleCommand final : public Command {
 public:
  explicit RuleCommand(const RuleVerb& verb) : verb_(verb) {}

  CLI::App* declare(CLI::App& group) override {
    const bool needsReason = QLatin1String(verb_.kind) != QLatin1String("skip");
    CLI::App* app = group.add_subcommand(verb_.verb, verb_.help);
    app->add_option("RELEASE", release_, "A version, or a release's id as --json tells it")->required();
    CLI::Option* device =
        app->add_option("--device", device_, "For this device: its id, address, serial number or name")
            ->type_name("DEVICE");
    app->add_option("--model", model_, "For every device of this model")->type_name("VENDOR/MODEL")->excludes(device);
    app->add_flag("--by-version", byVersion_,
                  "Every build of the version, whatever its bytes; else this build by hash");
    app->add_option("--reason", reason_, "Why; kept in the audit log")->type_name("TEXT")->required(needsReason);
    if (verb_.lifts) {
      signIn_.declare(*app);
    }
    return app;
  }

  ExitCode run(CommandContext& context) override {
    if (device_.empty() && model_.empty()) {
      return report(context, makeError(ErrorCode::InvalidArgument, QStringLiteral("It is not said for what."),
                                       QStringLiteral("Add --device DEVICE or --model VENDOR/MODEL.")));
    }
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    ReleaseRuleChange change;
    change.kind = QString::fromLatin1(verb_.kind);
    change.release = fromStd(release_);
    change.deviceId = fromStd(device_);
    change.modelId = fromStd(model_);
    change.everyBuild = byVersion_;
    change.reason = fromStd(reason_);
    const auto lift = [&](SignIn& signIn) { return await((*station)->liftReleaseRule(change, signIn)); };
    const Status done = verb_.lifts ? signIn_.with(context, lift) : (*station)->setReleaseRule(change);
    return done ? list(context, **station) : report(context, done.error());
  }

 private:
  RuleVerb verb_;
  std::string release_;
  std::string device_;
  std::string model_;
  bool byVersion_ = false;
  std::string reason_;
  SignInOptions signIn_;
};

class ResumeCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app =
        group.add_subcommand("resume", "Let a release go on that was paused since it went wrong on devices");
    app->add_option("RELEASE", release_, "Its id, as release list tells it")->required();
    app->add_option("--reason", reason_, "Why; kept in the audit log")->type_name("TEXT")->required();
    signIn_.declare(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Status done = signIn_.with(context, [&](SignIn& signIn) {
      return await((*station)->resumeRelease(fromStd(release_), fromStd(reason_), signIn));
    });
    return done ? list(context, **station) : report(context, done.error());
  }

 private:
  std::string release_;
  std::string reason_;
  SignInOptions signIn_;
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeReleaseCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<ListCommand>());
  for (const RuleVerb& verb : {
           RuleVerb{"skip", "skip", false, "Do not offer a release; whoever names it gets it"},
           RuleVerb{"block", "block", false, "Never install a release, not even when it is asked for"},
           RuleVerb{"pin", "pin", false, "Go no further than a release"},
           RuleVerb{"unskip", "skip", true, "Offer a skipped release again"},
           RuleVerb{"unblock", "block", true, "Lift a block"},
           RuleVerb{"unpin", "pin", true, "Lift a pin"},
       }) {
    commands.push_back(std::make_unique<RuleCommand>(verb));
  }
  commands.push_back(std::make_unique<ResumeCommand>());
  return commands;
}

}  // namespace sealift
