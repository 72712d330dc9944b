#include "app/cli/vendor_commands.h"

#include "app/cli/json_views.h"
#include "app/cli/vendor_set_command.h"

#include <QJsonArray>

namespace sealift {
namespace {

void printCandidate(Terminal& terminal, const VendorCandidate& candidate) {
  constexpr qsizetype kWordsInRow = 8;
  terminal.line(candidate.name);
  QList<std::pair<QString, QString>> facts{
      {QStringLiteral("Addresses"), candidate.addresses.join(QStringLiteral(", "))},
      {QStringLiteral("Authorities"), candidate.authorities.join(QStringLiteral(", "))},
      {QStringLiteral("Root"),
       QStringLiteral("%1 of %2 keys must sign").arg(candidate.rootThreshold).arg(candidate.rootKeys)},
      {QStringLiteral("Fingerprint"), candidate.fingerprint}};
  for (qsizetype i = 0; i < candidate.words.size(); i += kWordsInRow) {
    facts << std::pair(i == 0 ? QStringLiteral("In words") : QString(), candidate.words.mid(i, kWordsInRow).join(u' '));
  }
  terminal.pairs(facts);
  terminal.line(
      QStringLiteral("Compare the fingerprint with one that you have from the vendor by another way; by telephone, the "
                     "words."));
}

class AddCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("add", "Trust a vendor, after comparing its fingerprint");
    app->add_option("FILE", file_, "The vendor file")->required();
    app->add_option("--accept", accept_, "The fingerprint that was compared, for scripts")->type_name("FINGERPRINT");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Result<VendorCandidate> candidate = (*station)->readVendorFile(fromStd(file_));
    if (!candidate) {
      return report(context, candidate.error());
    }
    QString confirmed = fromStd(accept_).remove(u' ');
    if (confirmed.isEmpty()) {
      Terminal& terminal = *context.terminal;
      const bool canAsk = terminal.interactive() && !context.json;
      if (!context.json) {
        printCandidate(terminal, *candidate);
      }
      if (canAsk && terminal.confirm(QStringLiteral("Trust %1 for firmware?").arg(candidate->name))) {
        confirmed = candidate->fingerprint;
      } else {
        return report(context, makeError(ErrorCode::TrustFingerprint, QStringLiteral("The vendor was not added."),
                                         canAsk ? QStringLiteral("Nothing has changed.")
                                                : QStringLiteral("Give the fingerprint that you compared: --accept %1")
                                                      .arg(candidate->fingerprint)));
      }
    }
    const Result<VendorView> added = await((*station)->addVendor(*candidate, confirmed));
    if (!added) {
      return report(context, added.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(toJson(*added)));
    } else {
      context.terminal->line(
          added->models.isEmpty()
              ? QStringLiteral("Added %1. No models of it are known yet.").arg(added->name)
              : QStringLiteral("Added %1: %2.").arg(added->name, added->models.join(QStringLiteral(", "))));
      if (added->problem) {
        context.terminal->error(*added->problem);
      }
    }
    return added->problem ? exitCodeFor(*added->problem) : ExitCode::Success;
  }

 private:
  std::string file_;
  std::string accept_;
};

class ListCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override { return group.add_subcommand("list", "List the trusted vendors"); }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const QList<VendorView> vendors = (*station)->vendors();
    if (context.json) {
      QJsonArray array;
      for (const VendorView& vendor : vendors) {
        array << toJson(vendor);
      }
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("vendors"), array}}));
      return ExitCode::Success;
    }
    if (vendors.isEmpty()) {
      context.terminal->line(QStringLiteral("No vendor is trusted yet. Add one: sealiftctl vendor add FILE"));
      return ExitCode::Success;
    }
    QList<QStringList> rows;
    for (const VendorView& vendor : vendors) {
      rows << QStringList{vendor.id, vendor.name, vendor.fresh ? QStringLiteral("fresh") : QStringLiteral("not fresh"),
                          vendor.models.join(QStringLiteral(", ")), vendor.fingerprint.left(16)};
    }
    context.terminal->table({QStringLiteral("Id"), QStringLiteral("Name"), QStringLiteral("Metadata"),
                             QStringLiteral("Models"), QStringLiteral("Fingerprint")},
                            rows);
    return ExitCode::Success;
  }
};

class RefreshCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("refresh", "Fetch and verify what vendors publish now");
    app->add_option("VENDOR", id_, "Its id; all when left out");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    QStringList ids{fromStd(id_)};
    if (id_.empty()) {
      ids.clear();
      const QList<VendorView> vendors = (*station)->vendors();
      for (const VendorView& vendor : vendors) {
        ids << vendor.id;
      }
    }
    ExitCode worst = ExitCode::Success;
    bool isTold = false;  // the one that was asked for, by its error
    QJsonArray refreshedVendors;
    for (const QString& id : ids) {
      const Result<VendorView> refreshed = await((*station)->refreshVendor(id));
      if (!refreshed) {
        if (!id_.empty() || !context.json) {
          worst = report(context, refreshed.error());
          isTold = true;
        } else {
          worst = exitCodeFor(refreshed.error());  // the vendor's own "problem" tells it, below
        }
      } else {
        if (!context.json) {
          context.terminal->line(QStringLiteral("%1 is fresh.").arg(refreshed->name));
        }
        if (refreshed->problem) {  // of a part of what it offers
          worst = context.json ? exitCodeFor(*refreshed->problem) : report(context, *refreshed->problem);
        }
      }
    }
    if (context.json && !isTold) {
      const QList<VendorView> vendors = (*station)->vendors();
      for (const VendorView& vendor : vendors) {
        if (ids.contains(vendor.id)) {
          refreshedVendors << toJson(vendor);
        }
      }
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("vendors"), refreshedVendors}}));
    } else if (ids.isEmpty()) {
      context.terminal->line(QStringLiteral("No vendor is trusted yet. Add one: sealiftctl vendor add FILE"));
    }
    return worst;
  }

 private:
  std::string id_;
};

class ImportCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("import", "Take what a vendor published from an offline bundle");
    app->add_option("FILE", file_, "The bundle, as `repo bundle` makes it")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Result<BundleImport> imported = await((*station)->importBundle(fromStd(file_)));
    if (!imported) {
      return report(context, imported.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(toJson(*imported)));
      return ExitCode::Success;
    }
    context.terminal->line(QStringLiteral("Imported from %1: %2 verified files%3.")
                               .arg(imported->vendorName)
                               .arg(imported->files)
                               .arg(imported->models.isEmpty() ? QString()
                                                               : QStringLiteral(", releases for ") +
                                                                     imported->models.join(QStringLiteral(", "))));
    context.terminal->line(imported->ageText);
    return ExitCode::Success;
  }

 private:
  std::string file_;
};

class RemoveCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("remove", "Stop trusting a vendor");
    app->add_option("VENDOR", id_, "Its id")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    if (Status removed = (*station)->removeVendor(fromStd(id_)); !removed) {
      return report(context, removed.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("removed"), fromStd(id_)}}));
    } else {
      context.terminal->line(QStringLiteral("Removed. Devices of this vendor are no longer managed."));
    }
    return ExitCode::Success;
  }

 private:
  std::string id_;
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeVendorCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<AddCommand>());
  commands.push_back(std::make_unique<ListCommand>());
  commands.push_back(std::make_unique<RefreshCommand>());
  commands.push_back(makeVendorSetCommand());
  commands.push_back(std::make_unique<ImportCommand>());
  commands.push_back(std::make_unique<RemoveCommand>());
  return commands;
}

}  // namespace sealift
