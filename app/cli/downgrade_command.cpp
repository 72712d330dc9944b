#include "app/cli/downgrade_command.h"

#include "app/cli/sign_in_options.h"
#include "app/cli/update_output.h"

namespace sealift {
namespace {

// Its own command with its own words: nobody goes back to an older version by an option of another one.
class DowngradeCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand(
        "downgrade", "Go back to an older version of the same security version, as a supervisor agrees");
    app->add_option("DEVICE", id_, "Its id, address, serial number or name")->required();
    app->add_option("--release", release_, "The version to go back to, or the release's id")
        ->type_name("RELEASE")
        ->required();
    app->add_option("--reason", reason_, "Why; kept in the audit log")->type_name("TEXT")->required();
    app->add_flag("--plan", planOnly_, "Show the plan and its checks; write nothing");
    app->add_flag("--again", again_, "Agree that it is tried again although the device went back from it by itself");
    app->add_flag("--erase-everything", eraseEverything_,
                  "Agree that a read-protected device is erased altogether first: firmware, settings, keys");
    app->add_option("--accept", accept_, "The digest that --plan printed, for scripts")->type_name("PLAN");
    app->add_option("--confirm", confirm_, "At home, for scripts: the version to go back to")->type_name("VERSION");
    signIn_.declare(*app);
    return app;
  }

  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    UpdateWish wish{.release = fromStd(release_), .eraseEverything = eraseEverything_, .again = again_};
    wish.downgradeReason = fromStd(reason_);
    const Result<PlanView> plan = await((*station)->planUpdate(fromStd(id_), wish));
    if (!plan) {
      return report(context, plan.error());
    }
    if (planOnly_) {
      show(context, *plan);
      return plan->allowed ? ExitCode::Success : ExitCode::Refused;
    }
    Result<ConsentGiven> consent = agree(context, **station, *plan, wish);
    if (!consent) {
      return report(context, consent.error());
    }
    const Result<QString> job = await((*station)->applyUpdate(plan->deviceId, *consent));
    consent->supervisor.forget();
    if (!job) {
      return report(context, job.error());
    }
    return followToEnd(context, **station, *job);
  }

 private:
  static void show(CommandContext& context, const PlanView& plan) {
    if (context.json) {
      context.terminal->json(QJsonDocument(plan.json));
    } else {
      printPlan(*context.terminal, plan);
    }
  }

  // The operator agrees to the plan that was shown; then a supervisor signs in, or the owner of a home types the
  // version. Without the operator's yes nobody else is asked.
  Result<ConsentGiven> agree(CommandContext& context, const Station& station, const PlanView& plan,
                             const UpdateWish& wish) const {
    Terminal& terminal = *context.terminal;
    ConsentGiven consent;
    consent.wish = wish;
    consent.how = accept_.empty() ? QStringLiteral("terminal") : QStringLiteral("accept-option");
    if (!accept_.empty()) {
      consent.planDigest = fromStd(accept_);
      consent.notesHash = plan.notesHash;
    } else if (!context.json) {
      printPlan(terminal, plan);
      if (plan.allowed && terminal.confirm(QStringLiteral("I have read what this downgrade undoes and agree to go back "
                                                          "from %1 to %2 on this device.")
                                               .arg(plan.fromVersion, plan.toVersion))) {
        consent.planDigest = plan.digest;
        consent.notesHash = plan.notesHash;
      }
    }
    SEALIFT_CHECK(context.cancel.check());
    if (!plan.allowed || consent.planDigest.isEmpty()) {
      return consent;
    }
    SEALIFT_TRY(consent.supervisor, signIn_.read(context));
    consent.typed = fromStd(confirm_);
    const bool ownerAgrees = station.info().homeMode && station.operators().isEmpty();
    if (ownerAgrees && consent.typed.isEmpty() && !context.json) {
      consent.typed = terminal.ask(QStringLiteral("Type the version to go back to")).value_or(QString());
    }
    return consent;
  }

  std::string id_;
  std::string release_;
  std::string reason_;
  bool planOnly_ = false;
  bool again_ = false;
  bool eraseEverything_ = false;
  std::string accept_;
  std::string confirm_;
  SignInOptions signIn_;
};

}  // namespace

std::unique_ptr<Command> makeDowngradeCommand() {
  return std::make_unique<DowngradeCommand>();
}

}  // namespace sealift
