#include "app/cli/vendor_set_command.h"

#include "app/cli/client_identity_options.h"
#include "app/cli/json_views.h"

namespace sealift {
namespace {

class SetCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("set", "Say how a vendor's server is reached");
    app->add_option("VENDOR", id_, "Its id")->required();
    identity_.declare(*app);
    CLI::Option* authorities =
        app->add_option("--ca", authorities_, "Accept servers of these authorities alone (PEM)")->type_name("FILE");
    app->add_flag("--system-ca", systemAuthorities_, "Accept the authorities that this computer trusts")
        ->excludes(authorities);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    VendorAccessChange change;
    identity_.addTo(change);
    if (!authorities_.empty() || systemAuthorities_) {
      change.authoritiesFile = fromStd(authorities_);
    }
    if (!change.clientCertificate && !change.authoritiesFile) {
      return report(context, makeError(ErrorCode::InvalidArgument, QStringLiteral("There is nothing to set."),
                                       QStringLiteral("Add --help to see what can be set.")));
    }
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Result<VendorView> changed = await((*station)->changeVendorAccess(fromStd(id_), change));
    if (!changed) {
      return report(context, changed.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(toJson(*changed)));
      return ExitCode::Success;
    }
    context.terminal->line(changed->name);
    context.terminal->pairs(
        {{QStringLiteral("Servers proven by"), changed->authorities.isEmpty()
                                                   ? QStringLiteral("the authorities that this computer trusts")
                                                   : changed->authorities.join(QStringLiteral("; "))},
         {QStringLiteral("Client certificate"),
          changed->clientCertificate.isEmpty() ? QStringLiteral("none") : changed->clientCertificate},
         {QStringLiteral("Client key"), changed->clientKey.isEmpty() ? QStringLiteral("none") : changed->clientKey}});
    return ExitCode::Success;
  }

 private:
  std::string id_;
  ClientIdentityOptions identity_;
  std::string authorities_;
  bool systemAuthorities_ = false;
};

}  // namespace

std::unique_ptr<Command> makeVendorSetCommand() {
  return std::make_unique<SetCommand>();
}

}  // namespace sealift
