// What the commands of sealiftctl repo share.
#pragma once

#include "app/cli/command.h"
#include "app/services/pin_access.h"
#include "app/services/repository_desk.h"

#include <QDate>

namespace sealift {

class RepoCommand : public Command {
 protected:
  // The subcommand with --repo, the repository's folder.
  CLI::App* declareAt(CLI::App& group, const char* name, const char* help);
  // The same below "repo GROUP", which is made when it isn't there.
  CLI::App* declareIn(CLI::App& repo, const char* group, const char* groupHelp, const char* name, const char* help);
  // --pin-file and --pin-env, for keys that need a PIN or passphrase.
  void declarePins(CLI::App& app);

  QString folder() const { return fromStd(folder_); }
  PinAccess pins(const CommandContext& context) const;
  RepositoryDesk repository(const CommandContext& context) const { return {folder(), clock_, pins(context)}; }
  // Prints `text` or, with --json, the object.
  static ExitCode done(CommandContext& context, const QString& text, const QJsonObject& json);
  static ExitCode done(CommandContext& context, const Status& status, const QString& text, const QJsonObject& json) {
    return status ? done(context, text, json) : report(context, status.error());
  }

  SystemClock clock_;

 private:
  std::string folder_;
  std::string pinFile_;
  std::string pinVariable_;
};

inline QStringList fromStd(const std::vector<std::string>& texts) {
  QStringList list;
  for (const std::string& text : texts) {
    list << QString::fromStdString(text);
  }
  return list;
}

// "2027-06-30"; nothing for no text.
Result<std::optional<QDate>> parseDate(const std::string& text);

using Commands = std::vector<std::unique_ptr<Command>>;
void addRepoContentCommands(Commands& commands);
void addRepoKeyCommands(Commands& commands);
void addRepoRoleCommands(Commands& commands);
void addRepoSigningCommands(Commands& commands);

}  // namespace sealift
