#include "app/cli/driver_commands.h"

#include <QJsonArray>
#include <QJsonObject>

namespace sealift {
namespace {

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
        rows << QJsonObject{{QStringLiteral("driver"), driver.name},
                            {QStringLiteral("protocol"), driver.protocol},
                            {QStringLiteral("links"), QJsonArray::fromStringList(driver.links)},
                            {QStringLiteral("capabilities"), QJsonArray::fromStringList(driver.capabilities)},
                            {QStringLiteral("provenBy"), driver.provenBy}};
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

}  // namespace

std::vector<std::unique_ptr<Command>> makeDriverCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<ListCommand>());
  return commands;
}

}  // namespace sealift
