#include "app/cli/operator_commands.h"

#include "app/cli/json_views.h"
#include "app/cli/sign_in_options.h"

#include <QJsonArray>

namespace sealift {
namespace {

constexpr const char* kRoles = "operator, technician, supervisor or auditor";

ExitCode list(CommandContext& context, const Station& station) {
  QJsonArray array;
  QList<QStringList> rows;
  const QList<OperatorView> accounts = station.operators();
  for (const OperatorView& account : accounts) {
    array << toJson(account);
    rows << QStringList{account.name, account.role, account.changed.toLocalTime().toString(Qt::ISODate),
                        account.altered  ? QStringLiteral("ALTERED outside Sealift: may nothing")
                        : account.locked ? QStringLiteral("locked for a while")
                                         : QStringLiteral("as recorded")};
  }
  if (context.json) {
    context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("operators"), array}}));
  } else if (rows.isEmpty()) {
    context.terminal->line(QStringLiteral("There are no accounts: whoever owns the data folder decides."));
  } else {
    context.terminal->table(
        {QStringLiteral("Name"), QStringLiteral("Role"), QStringLiteral("Changed"), QStringLiteral("State")}, rows);
  }
  return ExitCode::Success;
}

// What every command that changes accounts shares: somebody signs in, something is done, the list is shown.
class AccountCommand : public Command {
 public:
  ExitCode run(CommandContext& context) final {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Status done = signIn_.with(context, [&](SignIn& signIn) { return change(context, **station, signIn); });
    return done ? list(context, **station) : report(context, done.error());
  }

 protected:
  virtual Status change(CommandContext& context, Station& station, SignIn& signIn) = 0;

  void declareName(CLI::App& app) { app.add_option("NAME", name_, "The account's name")->required(); }
  void declareSignIn(CLI::App& app) { signIn_.declare(app); }
  void declareNewPassword(CLI::App& app) {
    app.add_option("--new-password-file", newPasswordFile_, "Take the account's password from this file's first line")
        ->type_name("FILE");
  }
  QString name() const { return fromStd(name_); }
  Result<SignIn> newPassword(const CommandContext& context) const {
    SignIn account{name(), {}, fromStd(newPasswordFile_)};
    if (account.passwordFile.isEmpty()) {
      SEALIFT_TRY(account.password,
                  askPassword(context, account.name, /*isNew=*/true, QStringLiteral("--new-password-file")));
    }
    return account;
  }

 private:
  std::string name_;
  std::string newPasswordFile_;
  SignInOptions signIn_;
};

class AddCommand final : public AccountCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("add", "Make an account; the first one is a supervisor's");
    declareName(*app);
    app->add_option("--role", role_, kRoles)->required()->type_name("ROLE");
    declareNewPassword(*app);
    declareSignIn(*app);
    return app;
  }

 protected:
  Status change(CommandContext& context, Station& station, SignIn& signIn) override {
    SEALIFT_TRY(SignIn account, newPassword(context));
    const Status added = await(station.addOperator(account, fromStd(role_), signIn));
    account.forget();
    return added;
  }

 private:
  std::string role_;
};

class RemoveCommand final : public AccountCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("remove", "Remove an account; what it did stays in the audit log");
    declareName(*app);
    declareSignIn(*app);
    return app;
  }

 protected:
  Status change(CommandContext& /*context*/, Station& station, SignIn& signIn) override {
    return await(station.removeOperator(name(), signIn));
  }
};

class RoleCommand final : public AccountCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("role", "Give an account another role");
    declareName(*app);
    app->add_option("ROLE", role_, kRoles)->required();
    declareSignIn(*app);
    return app;
  }

 protected:
  Status change(CommandContext& /*context*/, Station& station, SignIn& signIn) override {
    return await(station.changeOperatorRole(name(), fromStd(role_), signIn));
  }

 private:
  std::string role_;
};

class PasswdCommand final : public AccountCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("passwd", "Change a password: one's own, or another's as a supervisor");
    declareName(*app);
    app->add_option("--present-password-file", presentFile_, "Take one's present password from this file's first line")
        ->type_name("FILE");
    declareNewPassword(*app);
    declareSignIn(*app);
    return app;
  }

 protected:
  Status change(CommandContext& context, Station& station, SignIn& signIn) override {
    if (signIn.name.isEmpty()) {  // one's own
      signIn.name = name();
      signIn.passwordFile = fromStd(presentFile_);
      if (signIn.passwordFile.isEmpty()) {
        SEALIFT_TRY(signIn.password, askPassword(context, name(), false, QStringLiteral("--present-password-file")));
      }
    }
    SEALIFT_TRY(SignIn account, newPassword(context));
    const Status changed = await(station.changeOperatorPassword(account, signIn));
    account.forget();
    return changed;
  }

 private:
  std::string presentFile_;
};

class ListCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    return group.add_subcommand("list", "List the accounts, and whether each is the one that the audit log tells of");
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    return station ? list(context, **station) : report(context, station.error());
  }
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeOperatorCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<AddCommand>());
  commands.push_back(std::make_unique<ListCommand>());
  commands.push_back(std::make_unique<RemoveCommand>());
  commands.push_back(std::make_unique<PasswdCommand>());
  commands.push_back(std::make_unique<RoleCommand>());
  return commands;
}

}  // namespace sealift
