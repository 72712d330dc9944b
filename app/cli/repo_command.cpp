#include "app/cli/repo_command.h"

#include "app/cli/secret_input.h"

namespace sealift {

CLI::App* RepoCommand::declareAt(CLI::App& group, const char* name, const char* help) {
  CLI::App* app = group.add_subcommand(name, help);
  app->add_option("--repo", folder_, "The repository's folder")->required()->type_name("DIR");
  return app;
}

CLI::App* RepoCommand::declareIn(CLI::App& repo, const char* group, const char* groupHelp, const char* name,
                                 const char* help) {
  for (CLI::App* known : repo.get_subcommands([](const CLI::App*) { return true; })) {
    if (known->get_name() == group) {
      return declareAt(*known, name, help);
    }
  }
  CLI::App* made = repo.add_subcommand(group, groupHelp);
  made->require_subcommand(1);
  made->fallthrough();
  return declareAt(*made, name, help);
}

void RepoCommand::declarePins(CLI::App& app) {
  app.add_option("--pin-file", pinFile_, "The first line of this private file is the key's PIN or passphrase")
      ->type_name("FILE");
  app.add_option("--pin-env", pinVariable_, "This environment variable holds the key's PIN or passphrase")
      ->type_name("NAME");
}

PinAccess RepoCommand::pins(const CommandContext& context) const {
  PinAccess access{fromStd(pinFile_), fromStd(pinVariable_), {}};
  if (context.terminal->interactive() && !context.json) {
    access.ask = readSecret;
  }
  return access;
}

ExitCode RepoCommand::done(CommandContext& context, const QString& text, const QJsonObject& json) {
  if (context.json) {
    context.terminal->json(QJsonDocument(json));
  } else {
    context.terminal->line(text);
  }
  return ExitCode::Success;
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

}  // namespace sealift
