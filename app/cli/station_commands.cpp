#include "app/cli/station_commands.h"

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

}  // namespace

std::vector<std::unique_ptr<Command>> makeStationCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<KeyCommand>());
  commands.push_back(makeStationStatusCommand());
  commands.push_back(makeStationPolicyCommand());
  commands.push_back(makeStationModeCommand());
  return commands;
}

}  // namespace sealift
