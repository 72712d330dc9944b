#include "app/cli/repo_command.h"
#include "app/services/vendor_desk.h"

#include <QJsonArray>

namespace sealift {
namespace {

constexpr const char* kKeyHelp =
    "A key id, the address of a private key (file, pkcs11:, tpm:, keychain:), or a public key's file";
constexpr const char* kRoleHelp = "root, targets, snapshot, timestamp, a delegated role, or the prefix of hash bins";

class KeyCommand : public RepoCommand {
 protected:
  CLI::App* declareKey(CLI::App& repo, const char* name, const char* help) {
    CLI::App* app = declareIn(repo, "key", "The repository's keys, and which roles trust them", name, help);
    declarePins(*app);
    return app;
  }
};

class KeyGenerateCommand final : public KeyCommand {
 public:
  CLI::App* declare(CLI::App& repo) override {
    CLI::App* app = declareKey(repo, "generate", "Make a key; no role uses it yet");
    CLI::Option* name = app->add_option("--name", name_, "Name of the key's file in the repository's keys folder");
    app->add_option("--at", address_, "Make it there instead: another file, a token (pkcs11:), a TPM (tpm:)")
        ->excludes(name)
        ->type_name("ADDRESS");
    app->add_option("--key-type", keyType_, "ed25519, ecdsa-p256, ecdsa-p384 or rsa-3072");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    if (name_.empty() && address_.empty()) {
      return report(context, makeError(ErrorCode::InvalidArgument, QStringLiteral("The key needs a place."),
                                       QStringLiteral("Say --name NAME, or --at ADDRESS.")));
    }
    const Result<QString> id = repository(context).generateKey(fromStd(name_), fromStd(keyType_), fromStd(address_));
    if (!id) {
      return report(context, id.error());
    }
    return done(
        context,
        QStringLiteral("Made key %1. No role trusts it yet: see repo key add, repo key replace and repo delegate.")
            .arg(*id),
        {{QStringLiteral("keyId"), *id}});
  }

 private:
  std::string name_;
  std::string address_;
  std::string keyType_ = "ed25519";
};

class KeyAddCommand final : public KeyCommand {
 public:
  CLI::App* declare(CLI::App& repo) override {
    CLI::App* app = declareKey(repo, "add", "Let a role trust one more key; publish afterwards");
    app->add_option("--role", role_, kRoleHelp)->required();
    app->add_option("--key", key_, kKeyHelp)->required();
    app->add_option("--threshold", threshold_, "How many signatures the role then needs")->check(CLI::Range(1, 1024));
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<QString> id = repository(context).addKey(fromStd(role_), fromStd(key_),
                                                          threshold_ > 0 ? std::optional(threshold_) : std::nullopt);
    if (!id) {
      return report(context, id.error());
    }
    return done(context,
                QStringLiteral("Staged: %1 trusts the key %2. Publish to make it so.").arg(fromStd(role_), *id),
                {{QStringLiteral("keyId"), *id}});
  }

 private:
  std::string role_;
  std::string key_;
  int threshold_ = 0;
};

class KeyReplaceCommand final : public KeyCommand {
 public:
  CLI::App* declare(CLI::App& repo) override {
    CLI::App* app = declareKey(repo, "replace", "Put another key in the place of one of a role; publish afterwards");
    app->add_option("--role", role_, kRoleHelp)->required();
    app->add_option("--old", old_, "Id of the key that is replaced, where the role has several")->type_name("KEYID");
    app->add_option("--key", key_, std::string(kKeyHelp) + "; none: a new one is made");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<QString> id = repository(context).replaceKey(fromStd(role_), fromStd(old_), fromStd(key_));
    if (!id) {
      return report(context, id.error());
    }
    return done(context,
                QStringLiteral("Staged: %1 is to be signed by %2. Publish to make it so.").arg(fromStd(role_), *id),
                {{QStringLiteral("keyId"), *id}});
  }

 private:
  std::string role_;
  std::string old_;
  std::string key_;
};

class KeyRevokeCommand final : public KeyCommand {
 public:
  CLI::App* declare(CLI::App& repo) override {
    CLI::App* app = declareKey(repo, "revoke", "Let a key be trusted no more; publish afterwards");
    app->add_option("KEYID", keyId_, "The key; repo key list shows them")->required();
    app->add_option("--role", role_, "Only by this role; without it by every role that trusts it");
    app->add_option("--threshold", threshold_, "How many signatures the role then needs")->check(CLI::Range(1, 1024));
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<QStringList> roles = repository(context).revokeKey(
        fromStd(role_), fromStd(keyId_), threshold_ > 0 ? std::optional(threshold_) : std::nullopt);
    if (!roles) {
      return report(context, roles.error());
    }
    return done(
        context,
        QStringLiteral("Staged: the key %1 is not trusted any more by %2. Publish to make it so.")
            .arg(fromStd(keyId_), roles->join(QStringLiteral(", "))),
        {{QStringLiteral("revoked"), fromStd(keyId_)}, {QStringLiteral("from"), QJsonArray::fromStringList(*roles)}});
  }

 private:
  std::string keyId_;
  std::string role_;
  int threshold_ = 0;
};

class KeyThresholdCommand final : public KeyCommand {
 public:
  CLI::App* declare(CLI::App& repo) override {
    CLI::App* app = declareKey(repo, "threshold", "Set how many signatures a role needs; publish afterwards");
    app->add_option("--role", role_, kRoleHelp)->required();
    app->add_option("COUNT", count_, "Signatures")->required()->check(CLI::Range(1, 1024));
    return app;
  }
  ExitCode run(CommandContext& context) override {
    return done(
        context, repository(context).setThreshold(fromStd(role_), count_),
        QStringLiteral("Staged: %1 needs %2 signatures. Publish to make it so.").arg(fromStd(role_)).arg(count_),
        {{QStringLiteral("role"), fromStd(role_)}, {QStringLiteral("threshold"), count_}});
  }

 private:
  std::string role_;
  int count_ = 1;
};

class KeyListCommand final : public KeyCommand {
 public:
  CLI::App* declare(CLI::App& repo) override {
    return declareKey(repo, "list", "The keys, the roles that trust them, and where they are");
  }
  ExitCode run(CommandContext& context) override {
    const Result<QList<RepositoryKey>> keys = repository(context).keys();
    if (!keys) {
      return report(context, keys.error());
    }
    QList<QStringList> rows;
    QJsonArray array;
    for (const RepositoryKey& key : *keys) {
      rows << QStringList{key.keyId, key.type, key.roles.isEmpty() ? QStringLiteral("none") : key.roles.join(u' '),
                          key.place.isEmpty() ? QStringLiteral("elsewhere") : key.place};
      array << QJsonObject{{QStringLiteral("keyId"), key.keyId},
                           {QStringLiteral("type"), key.type},
                           {QStringLiteral("roles"), QJsonArray::fromStringList(key.roles)},
                           {QStringLiteral("place"), key.place.isEmpty() ? QJsonValue() : QJsonValue(key.place)}};
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("keys"), array}}));
    } else {
      context.terminal->table(
          {QStringLiteral("Key"), QStringLiteral("Type"), QStringLiteral("Roles"), QStringLiteral("Where")}, rows);
    }
    return ExitCode::Success;
  }
};

class RotateKeyCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "rotate-key", "Put a new key in the place of one of a role; publish afterwards");
    app->add_option("--role", role_, "root, targets, snapshot or timestamp")
        ->required()
        ->check(CLI::IsMember({"root", "targets", "snapshot", "timestamp"}));
    app->add_option("--old", oldKeyId_, "Id of the key that is replaced, where the role has several");
    app->add_option("--key-type", keyType_, "ed25519, ecdsa-p256, ecdsa-p384 or rsa-3072");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<QString> id =
        VendorDesk(folder(), clock_).rotateKey(fromStd(role_), fromStd(oldKeyId_), fromStd(keyType_));
    if (!id) {
      return report(context, id.error());
    }
    return done(context,
                QStringLiteral("Staged: %1 is to be signed by %2. Publish to make it so.").arg(fromStd(role_), *id),
                {{QStringLiteral("keyId"), *id}});
  }

 private:
  std::string role_;
  std::string oldKeyId_;
  std::string keyType_ = "ed25519";
};

}  // namespace

void addRepoKeyCommands(Commands& commands) {
  commands.push_back(std::make_unique<KeyGenerateCommand>());
  commands.push_back(std::make_unique<KeyAddCommand>());
  commands.push_back(std::make_unique<KeyReplaceCommand>());
  commands.push_back(std::make_unique<KeyRevokeCommand>());
  commands.push_back(std::make_unique<KeyThresholdCommand>());
  commands.push_back(std::make_unique<KeyListCommand>());
  commands.push_back(std::make_unique<RotateKeyCommand>());
}

}  // namespace sealift
