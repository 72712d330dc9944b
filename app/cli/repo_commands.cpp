#include "app/cli/repo_commands.h"

#include "app/services/vendor_desk.h"

#include <QDir>
#include <QJsonArray>
#include <QUrl>

namespace sealift {
namespace {

// What every repo command takes: the repository's folder.
class RepoCommand : public Command {
 protected:
  CLI::App* declareAt(CLI::App& group, const char* name, const char* help) {
    CLI::App* app = group.add_subcommand(name, help);
    app->add_option("--repo", folder_, "The repository's folder")->required()->type_name("DIR");
    return app;
  }
  VendorDesk desk() { return VendorDesk(fromStd(folder_), clock_); }
  // Prints `text` or, with --json, the object.
  static ExitCode done(CommandContext& context, const QString& text, const QJsonObject& json) {
    if (context.json) {
      context.terminal->json(QJsonDocument(json));
    } else {
      context.terminal->line(text);
    }
    return ExitCode::Success;
  }

  std::string folder_;
  SystemClock clock_;
};

Result<QMap<QString, int>> parseRoleNumbers(const std::vector<std::string>& texts, const QString& option) {
  QMap<QString, int> numbers;
  for (const std::string& text : texts) {
    const QStringList parts = fromStd(text).split(u'=');
    bool ok = false;
    const int number = parts.value(1).toInt(&ok);
    const QStringList roles{QStringLiteral("root"), QStringLiteral("targets"), QStringLiteral("snapshot"),
                            QStringLiteral("timestamp")};
    if (parts.size() != 2 || !ok || number < 1 || !roles.contains(parts[0])) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("%1 %2 is not ROLE=NUMBER.").arg(option, fromStd(text)),
                  QStringLiteral("The roles are root, targets, snapshot and timestamp."));
    }
    numbers[parts[0]] = number;
  }
  return numbers;
}

Result<std::optional<QDate>> parseDate(const std::string& text) {
  if (text.empty()) {
    return std::optional<QDate>();
  }
  const QDate date = QDate::fromString(fromStd(text), Qt::ISODate);
  if (!date.isValid()) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is not a date.").arg(fromStd(text)),
                QStringLiteral("Write it as 2027-06-30."));
  }
  return std::optional<QDate>(date);
}

class InitCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "init", "Make a repository with its keys, and the vendor file that customers add");
    app->add_option("--id", id_, "Short name of the vendor: a-z, 0-9, -")->required();
    app->add_option("--name", name_, "Name of the vendor")->required();
    app->add_option("--address", addresses_, "Where it will be served (https:, http:, file:); repeatable");
    app->add_option("--key-type", keyType_, "ed25519, ecdsa-p256 or rsa-3072");
    app->add_option("--threshold", thresholds_, "ROLE=N signatures needed; repeatable");
    app->add_option("--keys", keys_, "ROLE=N keys made; repeatable");
    app->add_option("--expires", expires_, "ROLE=DAYS until its metadata expires; repeatable");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    NewRepository wanted;
    wanted.vendorId = fromStd(id_);
    wanted.vendorName = fromStd(name_);
    wanted.keyType = fromStd(keyType_);
    for (const std::string& address : addresses_) {
      wanted.addresses << fromStd(address);
    }
    if (wanted.addresses.isEmpty()) {
      wanted.addresses
          << QUrl::fromLocalFile(QDir(fromStd(folder_)).absoluteFilePath(QStringLiteral("public"))).toString();
    }
    for (const auto& [texts, numbers, option] :
         {std::tuple{&thresholds_, &wanted.thresholds, "--threshold"}, std::tuple{&keys_, &wanted.keys, "--keys"},
          std::tuple{&expires_, &wanted.expiryDays, "--expires"}}) {
      const Result<QMap<QString, int>> parsed = parseRoleNumbers(*texts, QString::fromLatin1(option));
      if (!parsed) {
        return report(context, parsed.error());
      }
      *numbers = *parsed;
    }
    const Result<QString> fingerprint = desk().init(wanted);
    if (!fingerprint) {
      return report(context, fingerprint.error());
    }
    const QString vendorFile = fromStd(folder_) + QStringLiteral("/vendor.json");
    return done(context,
                QStringLiteral("Made the repository. Serve %1/public; give customers %2.\nFingerprint of the root: %3")
                    .arg(fromStd(folder_), vendorFile, *fingerprint),
                {{QStringLiteral("vendorFile"), vendorFile}, {QStringLiteral("fingerprint"), *fingerprint}});
  }

 private:
  std::string id_;
  std::string name_;
  std::string keyType_ = "ed25519";
  std::vector<std::string> addresses_;
  std::vector<std::string> thresholds_;
  std::vector<std::string> keys_;
  std::vector<std::string> expires_;
};

// repo key generate
class KeyGenerateCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* key = group.add_subcommand("key", "The repository's keys");
    key->require_subcommand(1);
    key->fallthrough();
    CLI::App* app = declareAt(*key, "generate", "Make a key; no role uses it yet");
    app->add_option("--name", name_, "Name of the key's file")->required();
    app->add_option("--key-type", keyType_, "ed25519, ecdsa-p256 or rsa-3072");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<QString> id = desk().generateKey(fromStd(name_), fromStd(keyType_));
    if (!id) {
      return report(context, id.error());
    }
    return done(context, QStringLiteral("Made key %1.").arg(*id), {{QStringLiteral("keyId"), *id}});
  }

 private:
  std::string name_;
  std::string keyType_ = "ed25519";
};

class AddModelCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "add-model", "Add or replace a model's description");
    app->add_option("FILE", path_, "Its JSON (resources/schemas/model-v1.schema.json)")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<QString> target = desk().addModel(fromStd(path_));
    if (!target) {
      return report(context, target.error());
    }
    return done(context, QStringLiteral("Staged %1. Publish to make it visible.").arg(*target),
                {{QStringLiteral("target"), *target}});
  }

 private:
  std::string path_;
};

class AddReleaseCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "add-release", "Add a release: an image, its notes and terms");
    app->add_option("IMAGE", image_, "The signed image")->required();
    app->add_option("--model", model_, "The model's id")->required();
    app->add_option("--version-number", version_, "Where the image doesn't say it");
    app->add_option("--security-version", securityVersion_, "Where the image doesn't say it");
    app->add_option("--revision", revisions_, "Hardware revision that it fits; repeatable; none: all");
    app->add_option("--component", component_, "Name of the component");
    app->add_option("--severity", severity_, "critical, high, moderate, low or none")
        ->check(CLI::IsMember({"critical", "high", "moderate", "low", "none"}));
    app->add_option("--released", released_, "Date, 2026-11-18; default today")->type_name("DATE");
    app->add_option("--notes", notes_, "LANGUAGE=FILE, Markdown; repeatable");
    app->add_option("--advisory", advisories_, "ID:SEVERITY:SUMMARY; repeatable");
    app->add_option("--minimum-version", minimumVersion_, "The installed version must be at least this");
    app->add_option("--offline-seconds", offlineSeconds_, "How long the device is away")->check(CLI::Range(0, 86400));
    app->add_flag("--no-restart", noRestart_, "The device does not restart");
    app->add_flag("--skip-image-check", skipImageCheck_,
                  "Publish although the image does not verify (clients refuse it)");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    NewRelease wanted;
    if (Status parsed = parse(wanted); !parsed) {
      return report(context, parsed.error());
    }
    const Result<QString> target = desk().addRelease(wanted);
    if (!target) {
      return report(context, target.error());
    }
    return done(context, QStringLiteral("Staged %1. Publish to make it visible.").arg(*target),
                {{QStringLiteral("target"), *target}});
  }

 private:
  static Result<std::optional<Version>> parseVersion(const std::string& text) {
    if (text.empty()) {
      return std::optional<Version>();
    }
    const std::optional<Version> version = Version::parse(fromStd(text));
    if (!version) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is not a version.").arg(fromStd(text)),
                  QStringLiteral("Write it as 2.3.1."));
    }
    return version;
  }
  Status parse(NewRelease& wanted) const {
    wanted.imagePath = fromStd(image_);
    wanted.modelId = fromStd(model_);
    SEALIFT_TRY(wanted.version, parseVersion(version_));
    SEALIFT_TRY(wanted.minimumVersion, parseVersion(minimumVersion_));
    if (securityVersion_ >= 0) {
      wanted.securityVersion = static_cast<quint32>(securityVersion_);
    }
    for (const std::string& revision : revisions_) {
      wanted.hardwareRevisions << fromStd(revision);
    }
    wanted.component = fromStd(component_);
    wanted.severity = fromStd(severity_);
    SEALIFT_TRY(const std::optional<QDate> released, parseDate(released_));
    wanted.released = released.value_or(QDate());
    for (const std::string& text : notes_) {
      const QString pair = fromStd(text);
      const qsizetype equals = pair.indexOf(u'=');
      if (equals < 1) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("--notes %1 is not LANGUAGE=FILE.").arg(pair));
      }
      wanted.notes[pair.left(equals)] = pair.mid(equals + 1);
    }
    for (const std::string& text : advisories_) {
      const QString triple = fromStd(text);
      const QStringList parts = triple.split(u':');
      if (parts.size() < 3) {
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("--advisory %1 is not ID:SEVERITY:SUMMARY.").arg(triple));
      }
      wanted.advisories << Advisory{parts[0], parts[1], triple.section(u':', 2).trimmed()};
    }
    wanted.offlineSeconds = offlineSeconds_;
    wanted.restart = !noRestart_;
    wanted.skipImageCheck = skipImageCheck_;
    return {};
  }

  std::string image_;
  std::string model_;
  std::string version_;
  qint64 securityVersion_ = -1;
  std::vector<std::string> revisions_;
  std::string component_ = "application";
  std::string severity_ = "none";
  std::string released_;
  std::vector<std::string> notes_;
  std::vector<std::string> advisories_;
  std::string minimumVersion_;
  int offlineSeconds_ = 0;
  bool noRestart_ = false;
  bool skipImageCheck_ = false;
};

class AddLifecycleCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app =
        declareAt(group, "add-lifecycle", "Publish a model's support dates; what is left out stays unknown");
    app->add_option("--model", model_, "The model's id")->required();
    app->add_option("--released", released_, "First sold")->type_name("DATE");
    app->add_option("--full-support-ends", fullEnds_, "First day without feature updates")->type_name("DATE");
    app->add_option("--security-support-ends", securityEnds_, "First day without any update")->type_name("DATE");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<std::optional<QDate>> released = parseDate(released_);
    const Result<std::optional<QDate>> full = parseDate(fullEnds_);
    const Result<std::optional<QDate>> security = parseDate(securityEnds_);
    for (const Result<std::optional<QDate>>* date : {&released, &full, &security}) {
      if (!*date) {
        return report(context, date->error());
      }
    }
    const Result<QString> target = desk().addLifecycle(fromStd(model_), *released, *full, *security);
    if (!target) {
      return report(context, target.error());
    }
    return done(context, QStringLiteral("Staged %1. Publish to make it visible.").arg(*target),
                {{QStringLiteral("target"), *target}});
  }

 private:
  std::string model_;
  std::string released_;
  std::string fullEnds_;
  std::string securityEnds_;
};

class PublishCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    return declareAt(group, "publish", "Sign and make visible what is staged");
  }
  ExitCode run(CommandContext& context) override {
    if (Status published = desk().publish(); !published) {
      return report(context, published.error());
    }
    return done(context, QStringLiteral("Published."), {{QStringLiteral("published"), true}});
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
    app->add_option("--key-type", keyType_, "ed25519, ecdsa-p256 or rsa-3072");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<QString> id = desk().rotateKey(fromStd(role_), fromStd(oldKeyId_), fromStd(keyType_));
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

class RefreshTimestampCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    return declareAt(group, "refresh-timestamp", "Say anew that the repository is current; run it before it expires");
  }
  ExitCode run(CommandContext& context) override {
    if (Status refreshed = desk().refreshTimestamp(); !refreshed) {
      return report(context, refreshed.error());
    }
    return done(context, QStringLiteral("Refreshed."), {{QStringLiteral("refreshed"), true}});
  }
};

class StatusCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    return declareAt(group, "status", "What each role's metadata says: version, expiry, keys");
  }
  ExitCode run(CommandContext& context) override {
    const Result<QList<RepositoryRole>> roles = desk().roles();
    if (!roles) {
      return report(context, roles.error());
    }
    QList<QStringList> rows;
    QJsonArray array;
    for (const RepositoryRole& role : *roles) {
      rows << QStringList{role.role, QString::number(role.version), role.expires.toString(Qt::ISODate),
                          QStringLiteral("%1 of %2").arg(role.threshold).arg(role.keyIds.size())};
      array << QJsonObject{{QStringLiteral("role"), role.role},
                           {QStringLiteral("version"), role.version},
                           {QStringLiteral("expires"), role.expires.toString(Qt::ISODate)},
                           {QStringLiteral("threshold"), role.threshold},
                           {QStringLiteral("keys"), QJsonArray::fromStringList(role.keyIds)}};
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("roles"), array}}));
    } else {
      context.terminal->table(
          {QStringLiteral("Role"), QStringLiteral("Version"), QStringLiteral("Expires"), QStringLiteral("Signatures")},
          rows);
    }
    return ExitCode::Success;
  }
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeRepoCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<InitCommand>());
  commands.push_back(std::make_unique<KeyGenerateCommand>());
  commands.push_back(std::make_unique<AddModelCommand>());
  commands.push_back(std::make_unique<AddReleaseCommand>());
  commands.push_back(std::make_unique<AddLifecycleCommand>());
  commands.push_back(std::make_unique<PublishCommand>());
  commands.push_back(std::make_unique<RotateKeyCommand>());
  commands.push_back(std::make_unique<RefreshTimestampCommand>());
  commands.push_back(std::make_unique<StatusCommand>());
  return commands;
}

}  // namespace sealift
