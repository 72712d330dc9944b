#include "app/cli/device_discover_command.h"

#include "app/cli/json_views.h"

#include <QJsonArray>

namespace sealift {
namespace {

constexpr int kSeconds = 4;  // Multicast DNS asks at once, after one second and after three
constexpr int kMaxSeconds = 600;

class DiscoverCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand(
        "discover", "Find what is connected or announces itself; look at what a model names, open nothing else");
    app->add_option("--seconds", seconds_, "How long the network is searched")
        ->check(CLI::Range(0, kMaxSeconds))
        ->type_name("N")
        ->capture_default_str();
    return app;
  }

  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Status searched = await((*station)->discover(seconds_));
    if (context.cancel.isCancelled()) {
      return report(context, makeError(ErrorCode::Cancelled, QStringLiteral("Cancelled.")));
    }
    const std::optional<Error> problem = searched ? std::nullopt : std::optional(searched.error());
    if (context.json) {
      printJson(context, (*station)->found(), problem);
    } else {
      print(context, **station, problem);
    }
    return ExitCode::Success;
  }

 private:
  static void printJson(CommandContext& context, const QList<FoundView>& found, const std::optional<Error>& problem) {
    QJsonArray array;
    for (const FoundView& each : found) {
      array << toJson(each);
    }
    context.terminal->json(QJsonDocument(
        QJsonObject{{QStringLiteral("found"), array},
                    {QStringLiteral("networkProblem"), problem ? QJsonValue(toJson(*problem)) : QJsonValue()}}));
  }

  static void print(CommandContext& context, const Station& station, const std::optional<Error>& problem) {
    Terminal& terminal = *context.terminal;
    const QList<FoundView> found = station.found();
    QList<QStringList> known;
    QList<QStringList> others;
    for (const FoundView& each : found) {
      const std::optional<DeviceView> device = each.deviceId.isEmpty() ? std::nullopt : station.device(each.deviceId);
      if (device) {
        known << QStringList{device->name,       device->modelName, device->serial, device->version,
                             device->badge.text, each.place,        device->address};
      } else {
        others << QStringList{each.name, each.detail, each.place, each.addable ? each.address : QString(), each.note};
      }
      if (device && !device->warning.isEmpty()) {
        terminal.note(QStringLiteral("%1: %2").arg(device->address, device->warning));
      }
    }
    if (!known.isEmpty()) {
      terminal.table(
          {QStringLiteral("Name"), QStringLiteral("Model"), QStringLiteral("Serial"), QStringLiteral("Version"),
           QStringLiteral("State"), QStringLiteral("Place"), QStringLiteral("Address")},
          known);
    }
    if (!others.isEmpty()) {
      if (!known.isEmpty()) {
        terminal.line(QString());
      }
      terminal.line(QStringLiteral("Found, not known:"));
      terminal.table({QStringLiteral("Name"), QStringLiteral("What it is"), QStringLiteral("Place"),
                      QStringLiteral("For device add"), QStringLiteral("Why it is not known")},
                     others);
    }
    if (found.isEmpty()) {
      terminal.line(QStringLiteral("Nothing was found."));
    }
    if (problem) {
      terminal.note(QStringLiteral("%1 %2").arg(problem->message(), problem->remedy));
    } else if (!station.info().searchesNetwork) {
      terminal.note(QStringLiteral("The network was not searched: that is switched off in the settings."));
    } else if (station.info().offline) {
      terminal.note(QStringLiteral("The network was not searched: offline mode is on."));
    }
  }

  int seconds_ = kSeconds;
};

}  // namespace

std::unique_ptr<Command> makeDeviceDiscoverCommand() {
  return std::make_unique<DiscoverCommand>();
}

}  // namespace sealift
