// Signing on a machine without a network: request-signatures → sign → import-signatures → publish.
#include "app/cli/repo_command.h"

#include <QJsonArray>

#include <algorithm>

namespace sealift {
namespace {

QString dateOf(const QDateTime& time) {
  return time.isValid() ? time.toString(Qt::ISODate) : QStringLiteral("never");
}

void print(Terminal& terminal, const SigningView& view) {
  for (const SigningItem& item : view.items) {
    terminal.line(item.versionBefore == 0
                      ? QStringLiteral("Role \"%1\", version %2 (new)").arg(item.role).arg(item.version)
                      : QStringLiteral("Role \"%1\", version %2 (published now: %3)")
                            .arg(item.role)
                            .arg(item.version)
                            .arg(item.versionBefore));
    terminal.line(item.versionBefore == 0 ? QStringLiteral("  Expires %1.").arg(dateOf(item.expires))
                                          : QStringLiteral("  Expires %1 (published now: %2).")
                                                .arg(dateOf(item.expires), dateOf(item.expiresBefore)));
    for (const QString& change : item.changes) {
      QString line = change;
      terminal.line(QStringLiteral("  - ") + line.replace(u'\n', u' '));
    }
    terminal.line(QStringLiteral("  Needs %1 more %2 of these keys:")
                      .arg(item.needed)
                      .arg(item.needed == 1 ? QStringLiteral("signature") : QStringLiteral("signatures")));
    for (const QString& keyId : item.stillSignable) {
      terminal.line(QStringLiteral("    ") + keyId);
    }
    if (item.comparedWithOwn) {
      terminal.line(*item.comparedWithOwn
                        ? QStringLiteral("  This key signed the version that it is compared with.")
                        : QStringLiteral("  NOTE: this key did not sign the version that it is compared with; compare "
                                         "with what you know, not with what this file says."));
    }
  }
}

QJsonObject toJson(const SigningView& view) {
  QJsonArray items;
  for (const SigningItem& item : view.items) {
    QJsonObject object{{QStringLiteral("role"), item.role},
                       {QStringLiteral("version"), item.version},
                       {QStringLiteral("versionBefore"), item.versionBefore},
                       {QStringLiteral("expires"), item.expires.toString(Qt::ISODate)},
                       {QStringLiteral("changes"), QJsonArray::fromStringList(item.changes)},
                       {QStringLiteral("signedBy"), QJsonArray::fromStringList(item.signedBy)},
                       {QStringLiteral("stillSignable"), QJsonArray::fromStringList(item.stillSignable)},
                       {QStringLiteral("needed"), item.needed}};
    if (item.comparedWithOwn) {
      object[QStringLiteral("comparedWithOwn")] = *item.comparedWithOwn;
    }
    items << object;
  }
  return {{QStringLiteral("digest"), view.digest}, {QStringLiteral("documents"), items}};
}

class RequestSignaturesCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "request-signatures",
                              "Export what publish lacks signatures for, to be signed on another machine");
    app->add_option("--output", output_, "The file to write")->required()->type_name("FILE");
    declarePins(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<SigningView> view = repository(context).requestSignatures(fromStd(output_));
    if (!view) {
      return report(context, view.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(toJson(*view)));
      return ExitCode::Success;
    }
    print(*context.terminal, *view);
    context.terminal->line(
        QStringLiteral("\nWrote %1. Where the keys are: sealiftctl repo sign %1 --key KEY --output "
                       "SIGNATURES\nThen here: sealiftctl repo import-signatures SIGNATURES…\nDigest: %2")
            .arg(fromStd(output_), view->digest));
    return ExitCode::Success;
  }

 private:
  std::string output_;
};

// Needs no repository: the request and a key are enough.
class SignCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("sign", "Show what a request asks to sign, and with --key sign it");
    app->add_option("REQUEST", request_, "The file of repo request-signatures")->required();
    CLI::Option* key = app->add_option("--key", key_, "Address of the private key: a file, pkcs11:, tpm: or keychain:")
                           ->type_name("ADDRESS");
    CLI::Option* output =
        app->add_option("--output", output_, "The file to write signatures to")->needs(key)->type_name("FILE");
    key->needs(output);
    app->add_option("--accept", accept_, "Sign without asking if this is the request's digest")
        ->needs(key)
        ->type_name("DIGEST");
    declarePins(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<SigningView> view = inspectSigningRequest(fromStd(request_), fromStd(key_), pins(context));
    if (!view) {
      return report(context, view.error());
    }
    if (key_.empty()) {
      return show(context, *view);
    }
    QString digest = fromStd(accept_);
    if (!context.json) {
      print(*context.terminal, *view);
    }
    if (digest.isEmpty()) {
      if (context.json || !context.terminal->confirm(QStringLiteral("Sign this?"))) {
        return report(context, makeError(ErrorCode::ConsentMissing, QStringLiteral("Nothing was signed."),
                                         QStringLiteral("To sign without being asked: --accept %1").arg(view->digest)));
      }
      digest = view->digest;
    }
    const Result<QStringList> roles =
        signRequestFile(fromStd(request_), digest, fromStd(key_), pins(context), fromStd(output_));
    if (!roles) {
      return report(context, roles.error());
    }
    return done(context,
                QStringLiteral("Signed %1. Bring %2 back: sealiftctl repo import-signatures.")
                    .arg(roles->join(QStringLiteral(", ")), fromStd(output_)),
                {{QStringLiteral("signed"), QJsonArray::fromStringList(*roles)},
                 {QStringLiteral("signatures"), fromStd(output_)}});
  }

 private:
  static ExitCode show(CommandContext& context, const SigningView& view) {
    if (context.json) {
      context.terminal->json(QJsonDocument(toJson(view)));
      return ExitCode::Success;
    }
    print(*context.terminal, view);
    context.terminal->line(QStringLiteral("\nDigest: %1\nTo sign it, say --key and --output.").arg(view.digest));
    return ExitCode::Success;
  }

  std::string request_;
  std::string key_;
  std::string output_;
  std::string accept_;
};

class ImportSignaturesCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "import-signatures", "Take up signatures that were made elsewhere");
    app->add_option("FILE", files_, "Files of repo sign")->required();
    declarePins(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<QList<SignatureProgress>> progress = repository(context).importSignatures(fromStd(files_));
    if (!progress) {
      return report(context, progress.error());
    }
    QStringList lines;
    QJsonArray array;
    for (const SignatureProgress& role : *progress) {
      lines << QStringLiteral("%1 has %2 of %3 signatures.").arg(role.role).arg(role.have).arg(role.needed);
      array << QJsonObject{{QStringLiteral("role"), role.role},
                           {QStringLiteral("have"), role.have},
                           {QStringLiteral("needed"), role.needed}};
    }
    const bool isComplete = std::all_of(progress->begin(), progress->end(),
                                        [](const SignatureProgress& role) { return role.have >= role.needed; });
    lines << (isComplete ? QStringLiteral("Nothing is missing: go on with sealiftctl repo publish.")
                         : QStringLiteral("More signatures are needed before it can be published."));
    return done(context, lines.join(u'\n'),
                {{QStringLiteral("progress"), array}, {QStringLiteral("complete"), isComplete}});
  }

 private:
  std::vector<std::string> files_;
};

}  // namespace

void addRepoSigningCommands(Commands& commands) {
  commands.push_back(std::make_unique<RequestSignaturesCommand>());
  commands.push_back(std::make_unique<SignCommand>());
  commands.push_back(std::make_unique<ImportSignaturesCommand>());
}

}  // namespace sealift
