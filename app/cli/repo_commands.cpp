#include "app/cli/repo_commands.h"

#include "app/cli/repo_command.h"
#include "app/services/vendor_desk.h"

#include <QDir>
#include <QJsonArray>
#include <QUrl>

#include <algorithm>

namespace sealift {
namespace {

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

class InitCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "init", "Make a repository with its keys, and the vendor file that customers add");
    app->add_option("--id", id_, "Short name of the vendor: a-z, 0-9, -")->required();
    app->add_option("--name", name_, "Name of the vendor")->required();
    app->add_option("--address", addresses_, "Where it will be served (https:, http:, file:); repeatable");
    app->add_option("--key-type", keyType_, "ed25519, ecdsa-p256, ecdsa-p384 or rsa-3072");
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
      wanted.addresses << QUrl::fromLocalFile(QDir(folder()).absoluteFilePath(QStringLiteral("public"))).toString();
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
    const Result<QString> fingerprint = VendorDesk(folder(), clock_).init(wanted);
    if (!fingerprint) {
      return report(context, fingerprint.error());
    }
    const QString vendorFile = VendorDesk::vendorFile(folder(), wanted.vendorId);
    const QStringList words = VendorDesk::fingerprintWords(*fingerprint);
    return done(context,
                QStringLiteral("Made the repository. Serve %1/public; give customers %2.\nFingerprint of the root: %3\n"
                               "In words, for the telephone: %4")
                    .arg(folder(), vendorFile, *fingerprint, words.join(u' ')),
                {{QStringLiteral("vendorFile"), vendorFile},
                 {QStringLiteral("fingerprint"), *fingerprint},
                 {QStringLiteral("fingerprintWords"), QJsonArray::fromStringList(words)}});
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

class PublishCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "publish", "Sign and make visible what is staged");
    declarePins(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    return done(context, repository(context).publish(), QStringLiteral("Published."),
                {{QStringLiteral("published"), true}});
  }
};

class RefreshTimestampCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app =
        declareAt(group, "refresh-timestamp",
                  "Say anew that the repository is current; needs the timestamp's and snapshot's keys only");
    declarePins(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    return done(context, repository(context).refreshTimestamp(), QStringLiteral("Refreshed."),
                {{QStringLiteral("refreshed"), true}});
  }
};

class StatusCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "status",
                              "What each role's metadata says, what is staged, and what expires soon (exit status 10)");
    app->add_option("--within", within_, "Days that count as soon; without it the last third of each role's own time")
        ->check(CLI::Range(0, 36500))
        ->type_name("DAYS");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<RepositoryOverview> overview =
        repository(context).overview(within_ < 0 ? std::nullopt : std::optional(within_));
    if (!overview) {
      return report(context, overview.error());
    }
    const bool isDue = std::any_of(overview->roles.begin(), overview->roles.end(),
                                   [](const RepositoryRole& role) { return role.isDue; });
    if (context.json) {
      printJson(context, *overview);
    } else {
      print(context, *overview);
    }
    return isDue ? ExitCode::Due : ExitCode::Success;
  }

 private:
  QString lifeOf(const RepositoryRole& role) const {
    const qint64 seconds = clock_.nowUtc().secsTo(role.expires);
    if (seconds <= 0) {
      return QStringLiteral("EXPIRED");
    }
    const QString days = QStringLiteral("%1 days").arg(seconds / 86400);
    return role.isDue ? days + QStringLiteral(", due") : days;
  }
  void print(CommandContext& context, const RepositoryOverview& overview) const {
    QList<QStringList> rows;
    for (const RepositoryRole& role : overview.roles) {
      const QString name = role.delegator.isEmpty() ? role.role
                           : role.bins > 0
                               ? QStringLiteral("%1 (%2 bins of %3)").arg(role.role).arg(role.bins).arg(role.delegator)
                               : QStringLiteral("%1 (of %2)").arg(role.role, role.delegator);
      rows << QStringList{name,
                          QString::number(role.version),
                          role.expires.toString(Qt::ISODate),
                          lifeOf(role),
                          QStringLiteral("%1 of %2").arg(role.threshold).arg(role.keyIds.size()),
                          role.role == QLatin1String("targets") || !role.delegator.isEmpty()
                              ? QString::number(role.targets)
                              : QString()};
    }
    context.terminal->table({QStringLiteral("Role"), QStringLiteral("Version"), QStringLiteral("Expires"),
                             QStringLiteral("Left"), QStringLiteral("Signatures"), QStringLiteral("Targets")},
                            rows);
    context.terminal->line();
    if (overview.staged.isEmpty()) {
      context.terminal->line(QStringLiteral("Nothing is staged."));
      return;
    }
    context.terminal->line(QStringLiteral("Staged, not published yet:"));
    for (const QString& change : overview.staged) {
      context.terminal->line(QStringLiteral("  ") + change);
    }
  }
  static void printJson(CommandContext& context, const RepositoryOverview& overview) {
    QJsonArray array;
    for (const RepositoryRole& role : overview.roles) {
      QJsonObject object{{QStringLiteral("role"), role.role},
                         {QStringLiteral("version"), role.version},
                         {QStringLiteral("expires"), role.expires.toString(Qt::ISODate)},
                         {QStringLiteral("expiryDays"), role.expiryDays},
                         {QStringLiteral("due"), role.isDue},
                         {QStringLiteral("threshold"), role.threshold},
                         {QStringLiteral("keys"), QJsonArray::fromStringList(role.keyIds)},
                         {QStringLiteral("targets"), role.targets}};
      if (!role.delegator.isEmpty()) {
        object[QStringLiteral("delegator")] = role.delegator;
        object[QStringLiteral("paths")] = QJsonArray::fromStringList(role.paths);
        object[QStringLiteral("bins")] = role.bins;
      }
      array << object;
    }
    context.terminal->json(QJsonDocument(QJsonObject{
        {QStringLiteral("roles"), array}, {QStringLiteral("staged"), QJsonArray::fromStringList(overview.staged)}}));
  }

  int within_ = -1;
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeRepoCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<InitCommand>());
  addRepoKeyCommands(commands);
  addRepoRoleCommands(commands);
  addRepoContentCommands(commands);
  commands.push_back(std::make_unique<PublishCommand>());
  addRepoSigningCommands(commands);
  commands.push_back(std::make_unique<RefreshTimestampCommand>());
  commands.push_back(std::make_unique<StatusCommand>());
  return commands;
}

}  // namespace sealift
