#include "app/cli/driver_commands.h"

#include "app/services/help_page.h"

#include <QJsonArray>
#include <QJsonObject>

namespace sealift {
namespace {

QJsonObject toJson(const DriverView& driver) {
  return {{QStringLiteral("driver"), driver.name},
          {QStringLiteral("protocol"), driver.protocol},
          {QStringLiteral("links"), QJsonArray::fromStringList(driver.links)},
          {QStringLiteral("capabilities"), QJsonArray::fromStringList(driver.capabilities)},
          {QStringLiteral("provenBy"), driver.provenBy},
          {QStringLiteral("help"), driver.help}};
}

class ListCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    return group.add_subcommand("list", "Bootloader protocols: over which links, what they can do, who proved it");
  }

  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const QList<DriverView> drivers = (*station)->drivers();
    if (context.json) {
      QJsonArray rows;
      for (const DriverView& driver : drivers) {
        rows << toJson(driver);
      }
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("drivers"), rows}}));
      return ExitCode::Success;
    }
    QList<QStringList> rows;
    for (const DriverView& driver : drivers) {
      rows << QStringList{driver.name, driver.links.join(QStringLiteral(", ")), driver.provenBy,
                          driver.capabilities.join(QStringLiteral(", "))};
    }
    context.terminal->table({QStringLiteral("Driver"), QStringLiteral("Links"), QStringLiteral("Proven by"),
                             QStringLiteral("Capabilities")},
                            rows);
    return ExitCode::Success;
  }
};

// What a family's devices need, what can go wrong, and what Sealift can prove on them.
class ShowCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* command =
        group.add_subcommand("show", "How to get such a device into its bootloader, and what can go wrong");
    command->add_option("DRIVER", name_, "As driver list names it")->required();
    return command;
  }

  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const QString name = QString::fromStdString(name_);
    for (const DriverView& driver : (*station)->drivers()) {
      if (driver.name == name) {
        const QString page = helpPage(driver.help).value_or(HelpPage()).markdown;
        if (context.json) {
          QJsonObject json = toJson(driver);
          json[QStringLiteral("page")] = page;
          context.terminal->json(QJsonDocument(json));
        } else {
          context.terminal->line(page.trimmed());
        }
        return ExitCode::Success;
      }
    }
    return report(context, makeError(ErrorCode::NotFound, QStringLiteral("There is no driver \"%1\".").arg(name),
                                     QStringLiteral("`sealiftctl driver list` names them.")));
  }

 private:
  std::string name_;
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeDriverCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<ListCommand>());
  commands.push_back(std::make_unique<ShowCommand>());
  return commands;
}

}  // namespace sealift
