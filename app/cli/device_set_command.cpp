#include "app/cli/device_set_command.h"

#include "app/cli/client_identity_options.h"
#include "app/cli/json_views.h"
#include "app/cli/secret_input.h"

#include <QJsonObject>

namespace sealift {
namespace {

class SetCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("set", "Say how a device over HTTPS is reached");
    app->add_option("ADDRESS", address_, "https:HOST:PORT; it need not be known yet")->required();
    CLI::Option* user = app->add_option("--user", user_, "The name that the device asks for; its password is asked for")
                            ->type_name("NAME");
    app->add_option("--password-file", passwordFile_, "Take the password from this file's first line instead")
        ->type_name("FILE")
        ->needs(user);
    app->add_flag("--no-user", noUser_, "Neither name nor password")->excludes(user);
    CLI::Option* authorities =
        app->add_option("--ca", authorities_, "The device's certificate, or of who issued it (PEM)")->type_name("FILE");
    app->add_flag("--model-ca", modelAuthorities_, "As the device's model says")->excludes(authorities);
    identity_.declare(*app);
    return app;
  }

  ExitCode run(CommandContext& context) override {
    DeviceAccessChange change;
    identity_.addTo(change);
    if (!authorities_.empty() || modelAuthorities_) {
      change.authoritiesFile = fromStd(authorities_);
    }
    if (!user_.empty() || noUser_) {
      change.user = fromStd(user_);
      change.passwordFile = fromStd(passwordFile_);
    }
    if (!change.user && !change.clientCertificate && !change.authoritiesFile) {
      return report(context, makeError(ErrorCode::InvalidArgument, QStringLiteral("There is nothing to set."),
                                       QStringLiteral("Add --help to see what can be set.")));
    }
    if (!user_.empty() && passwordFile_.empty()) {
      const std::optional<QByteArray> typed = context.terminal->interactive()
                                                  ? readSecret(QStringLiteral("Password of %1").arg(fromStd(user_)))
                                                  : std::nullopt;
      if (!typed) {
        return report(context, makeError(ErrorCode::KeyPin, QStringLiteral("No password was entered."),
                                         QStringLiteral("Without a terminal, give it by --password-file FILE.")));
      }
      change.password = *typed;
    }
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Result<DeviceAccessView> changed = (*station)->changeDeviceAccess(fromStd(address_), change);
    change.password.fill('\0');
    if (!changed) {
      return report(context, changed.error());
    }
    if (context.json) {
      context.terminal->json(
          QJsonDocument(QJsonObject{{QStringLiteral("address"), changed->address},
                                    {QStringLiteral("user"), changed->user},
                                    {QStringLiteral("ownAuthorities"), changed->ownAuthorities},
                                    {QStringLiteral("clientCertificate"), changed->clientCertificate},
                                    {QStringLiteral("clientKey"), changed->clientKey}}));
      return ExitCode::Success;
    }
    const QString none = QStringLiteral("none");
    context.terminal->line(changed->address);
    context.terminal->pairs(
        {{QStringLiteral("Name"), changed->user.isEmpty() ? none : changed->user},
         {QStringLiteral("Proven by"), changed->ownAuthorities ? QStringLiteral("the certificates that were set")
                                                               : QStringLiteral("what its model says")},
         {QStringLiteral("Client certificate"),
          changed->clientCertificate.isEmpty() ? none : changed->clientCertificate},
         {QStringLiteral("Client key"), changed->clientKey.isEmpty() ? none : changed->clientKey}});
    return ExitCode::Success;
  }

 private:
  std::string address_;
  std::string user_;
  std::string passwordFile_;
  ClientIdentityOptions identity_;
  std::string authorities_;
  bool noUser_ = false;
  bool modelAuthorities_ = false;
};

}  // namespace

std::unique_ptr<Command> makeDeviceSetCommand() {
  return std::make_unique<SetCommand>();
}

}  // namespace sealift
