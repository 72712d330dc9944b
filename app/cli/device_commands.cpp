#include "app/cli/device_commands.h"

#include "app/cli/device_discover_command.h"
#include "app/cli/device_set_command.h"
#include "app/cli/json_views.h"

#include <QJsonArray>
#include <QLocale>

namespace sealift {
namespace {

void printDevice(Terminal& terminal, const DeviceView& device) {
  const QLocale locale;
  terminal.line(QStringLiteral("%1 — %2").arg(device.name, device.badge.text));
  terminal.pairs({
      {QStringLiteral("Id"), device.id},
      {QStringLiteral("Vendor"), device.vendorName},
      {QStringLiteral("Model"), device.hardwareRevision.isEmpty()
                                    ? device.modelName
                                    : QStringLiteral("%1 rev %2").arg(device.modelName, device.hardwareRevision)},
      {QStringLiteral("Serial"), device.serial},
      {QStringLiteral("Address"), device.address},
      {QStringLiteral("Version"), device.version},
      {QStringLiteral("Identity"), QStringLiteral("%1 (%2)").arg(device.identity.text, device.identityDetail)},
      {QStringLiteral("Secure boot"),
       device.secureBootDetail.isEmpty()
           ? device.secureBoot.text
           : QStringLiteral("%1 (%2)").arg(device.secureBoot.text, device.secureBootDetail)},
      {QStringLiteral("Rollback counter"),
       device.rollbackCounter.isEmpty() ? QString()
                                        : QStringLiteral("%1 (%2)").arg(device.rollbackCounter, device.rollbackDetail)},
      {QStringLiteral("Bootloader"), device.bootloader},
      {QStringLiteral("Support"), device.phaseText},
      {QStringLiteral("Offer"),
       device.offer ? QStringLiteral("%1: %2").arg(device.offer->version, device.offer->headline) : QString()},
      {QStringLiteral("It returned"), device.offer ? device.offer->returned : QString()},
      {QStringLiteral("Paused"), device.offer && device.offer->paused
                                     ? QStringLiteral("the offered release went wrong on several devices")
                                     : QString()},
      {QStringLiteral("Mind"), device.warning},
      {QStringLiteral("Counter"), device.counterWarning},
      {QStringLiteral("Problem"),
       device.problem ? device.problem->message() + u' ' + device.problem->remedy : QString()},
  });
  for (const SlotView& slot : device.slots) {
    terminal.line(QStringLiteral("  Slot %1: %2  %3")
                      .arg(slot.name, slot.version.isEmpty() ? QStringLiteral("–") : slot.version, slot.state.text));
  }
  for (const ReleaseRuleView& rule : device.rules) {
    terminal.line(QStringLiteral("  Rule: %1 %2 (%3) for the %4, by %5%6")
                      .arg(rule.kind, rule.version,
                           rule.imageHash.isEmpty() ? QStringLiteral("every build") : rule.imageHash.left(16),
                           rule.scope, rule.madeBy.isEmpty() ? QStringLiteral("somebody") : rule.madeBy,
                           rule.reason.isEmpty() ? QString() : QStringLiteral(": ") + rule.reason));
  }
  for (const HistoryItem& item : device.history) {
    terminal.line(QStringLiteral("  %1  %2  %3  %4")
                      .arg(locale.toString(item.time.toLocalTime(), QLocale::ShortFormat), item.what, item.outcome.text,
                           item.consent));
  }
}

class ListCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("list", "Look at the devices that are known or plugged in, and list them");
    app->add_flag("--no-look", noLook_, "List what was seen last, without asking the devices");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    if (!noLook_) {
      if (Status looked = await((*station)->lookAtDevices()); !looked) {
        return report(context, looked.error());
      }
    }
    const QList<DeviceView> devices = (*station)->devices();
    if (context.json) {
      QJsonArray array;
      for (const DeviceView& device : devices) {
        array << toJson(device);
      }
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("devices"), array}}));
      return ExitCode::Success;
    }
    if (devices.isEmpty()) {
      context.terminal->line(QStringLiteral("No device is known yet. See what is there: sealiftctl device discover"));
      return ExitCode::Success;
    }
    QList<QStringList> rows;
    for (const DeviceView& device : devices) {
      rows << QStringList{device.name,    device.modelName,  device.serial,
                          device.version, device.badge.text, device.address};
    }
    context.terminal->table({QStringLiteral("Name"), QStringLiteral("Model"), QStringLiteral("Serial"),
                             QStringLiteral("Version"), QStringLiteral("State"), QStringLiteral("Address")},
                            rows);
    return ExitCode::Success;
  }

 private:
  bool noLook_ = false;
};

class ShowCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("show", "Look at one device and tell everything about it");
    app->add_option("DEVICE", id_, "Its id, address, serial number or name")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const std::optional<DeviceView> wanted = (*station)->device(fromStd(id_));
    Result<DeviceView> device = await((*station)->lookAtDevice(fromStd(id_)));
    const bool anotherUnit = device && wanted && device->id != wanted->id && fromStd(id_) != wanted->address;
    if (!device || anotherUnit) {
      const std::optional<DeviceView> known = (*station)->device(wanted ? wanted->id : fromStd(id_));
      if (!known) {
        return report(context, device.error());
      }
      device = *known;  // away: what was seen last, with the problem
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(toJson(*device)));
    } else {
      printDevice(*context.terminal, *device);
    }
    return ExitCode::Success;
  }

 private:
  std::string id_;
};

class AddCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("add", "Look for a device at an address and keep it");
    app->add_option("ADDRESS", address_,
                    "serial:PORT?baud=N, usb:BUS-PORT, udp:HOST:PORT, tcp:HOST:PORT or https:HOST:PORT")
        ->required();
    app->add_option("--name", name_, "A name for people");
    app->add_option("--model", model_, "Its model (VENDOR/MODEL): nothing else is tried then");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Result<DeviceView> added = await((*station)->addDevice(fromStd(address_), fromStd(name_), fromStd(model_)));
    if (!added) {
      return report(context, added.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(toJson(*added)));
    } else {
      printDevice(*context.terminal, *added);
    }
    return ExitCode::Success;
  }

 private:
  std::string address_;
  std::string name_;
  std::string model_;
};

class RemoveCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("remove", "Forget a device; its entries in the audit log stay");
    app->add_option("DEVICE", id_, "Its id, address, serial number or name")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    if (Status removed = (*station)->removeDevice(fromStd(id_)); !removed) {
      return report(context, removed.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("removed"), fromStd(id_)}}));
    } else {
      context.terminal->line(QStringLiteral("Removed."));
    }
    return ExitCode::Success;
  }

 private:
  std::string id_;
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeDeviceCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<ListCommand>());
  commands.push_back(makeDeviceDiscoverCommand());
  commands.push_back(std::make_unique<ShowCommand>());
  commands.push_back(std::make_unique<AddCommand>());
  commands.push_back(std::make_unique<RemoveCommand>());
  commands.push_back(makeDeviceSetCommand());
  return commands;
}

}  // namespace sealift
