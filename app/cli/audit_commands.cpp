#include "app/cli/audit_commands.h"

#include "app/cli/json_views.h"

#include <QJsonArray>

namespace sealift {
namespace {

constexpr int kDefaultLines = 50;

class ListCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("list", "List entries, newest first");
    app->add_option("--limit", limit_, "How many at the most")->check(CLI::Range(1, 1000));
    app->add_option("--before", before_, "Only entries with a smaller number");
    app->add_option("--text", text_, "Words that must occur");
    app->add_option("--outcome", outcome_, "ok, refused, failed, reverted, unknown, cancelled, warning or recorded")
        ->check(CLI::IsMember(
            {"ok", "refused", "failed", "reverted", "unknown", "cancelled", "warning", "recorded", "succeeded"}));
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    AuditFilter filter;
    filter.text = fromStd(text_);
    filter.outcome = fromStd(outcome_);
    const QList<AuditRow> rows = (*station)->auditPage(filter, before_, limit_);
    if (context.json) {
      QJsonArray array;
      for (const AuditRow& row : rows) {
        array << toJson(row);
      }
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("entries"), array}}));
      return ExitCode::Success;
    }
    QList<QStringList> lines;
    for (const AuditRow& row : rows) {
      lines << QStringList{QString::number(row.sequence),
                           row.time.toLocalTime().toString(Qt::ISODate),
                           row.event,
                           row.subject,
                           row.outcome.text,
                           row.message};
    }
    context.terminal->table({QStringLiteral("#"), QStringLiteral("Time"), QStringLiteral("Event"),
                             QStringLiteral("Subject"), QStringLiteral("Outcome"), QStringLiteral("Detail")},
                            lines);
    return ExitCode::Success;
  }

 private:
  int limit_ = kDefaultLines;
  qint64 before_ = 0;
  std::string text_;
  std::string outcome_;
};

class ShowCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("show", "Show one entry with its proof");
    app->add_option("NUMBER", sequence_, "The entry's number")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Result<AuditDetail> detail = (*station)->auditDetail(sequence_);
    if (!detail) {
      return report(context, detail.error());
    }
    if (context.json) {
      QJsonObject json = toJson(detail->row);
      json[QStringLiteral("code")] = detail->code;
      json[QStringLiteral("subjectId")] = detail->subjectId;
      json[QStringLiteral("details")] = detail->details;
      json[QStringLiteral("leafHash")] = detail->leafHash;
      json[QStringLiteral("included")] = detail->included;
      context.terminal->json(QJsonDocument(json));
    } else {
      context.terminal->line(QStringLiteral("Entry %1").arg(detail->row.sequence));
      context.terminal->pairs({
          {QStringLiteral("Time"), detail->row.time.toLocalTime().toString(Qt::ISODateWithMs)},
          {QStringLiteral("Event"), detail->row.event},
          {QStringLiteral("Actor"), detail->row.actor},
          {QStringLiteral("Subject"), detail->row.subject},
          {QStringLiteral("Subject id"), detail->subjectId},
          {QStringLiteral("Outcome"), detail->row.outcome.text},
          {QStringLiteral("Code"), detail->code},
          {QStringLiteral("Message"), detail->row.message},
          {QStringLiteral("Details"), QString::fromUtf8(QJsonDocument(detail->details).toJson(QJsonDocument::Compact))},
          {QStringLiteral("Leaf hash"), detail->leafHash},
          {QStringLiteral("Proof"), detail->proofText},
      });
    }
    return detail->included ? ExitCode::Success : ExitCode::Tampered;
  }

 private:
  qint64 sequence_ = 0;
};

class VerifyCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("verify", "Recompute the whole tree and compare it with the signed head");
    app->add_option("--against", headFile_, "A head that was exported earlier: finds truncation, too")
        ->type_name("FILE");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Result<AuditHealth> health = await((*station)->verifyAudit(fromStd(headFile_), {}, context.cancel));
    if (!health) {
      return report(context, health.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{
          {QStringLiteral("intact"), health->intact},
          {QStringLiteral("entries"), health->entries},
          {QStringLiteral("rootHash"), health->headHash},
          {QStringLiteral("problem"), health->problem ? QJsonValue(toJson(*health->problem)) : QJsonValue()}}));
    } else {
      context.terminal->line(health->text);
      if (health->problem) {
        context.terminal->line(QStringLiteral("  → %1").arg(health->problem->remedy));
      }
    }
    return health->intact ? ExitCode::Success : ExitCode::Tampered;
  }

 private:
  std::string headFile_;
};

class ExportCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("export", "Write the whole log to a file");
    app->add_option("--format", format_, "jsonl or csv")->check(CLI::IsMember({"jsonl", "csv"}));
    app->add_option("FILE", path_, "Where to")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    if (Status exported = await((*station)->exportAudit(fromStd(path_), fromStd(format_))); !exported) {
      return report(context, exported.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("exported"), fromStd(path_)}}));
    } else {
      context.terminal->line(QStringLiteral("Exported to %1.").arg(fromStd(path_)));
    }
    return ExitCode::Success;
  }

 private:
  std::string format_ = "jsonl";
  std::string path_;
};

class HeadCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("head", "Export the signed tree head, to be kept elsewhere");
    app->add_option("FILE", path_, "Where to")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    if (Status exported = (*station)->exportAuditHead(fromStd(path_)); !exported) {
      return report(context, exported.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("exported"), fromStd(path_)}}));
    } else {
      context.terminal->line(
          QStringLiteral("Exported the head to %1. Keep it where this station can't change it.").arg(fromStd(path_)));
    }
    return ExitCode::Success;
  }

 private:
  std::string path_;
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeAuditCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<ListCommand>());
  commands.push_back(std::make_unique<ShowCommand>());
  commands.push_back(std::make_unique<VerifyCommand>());
  commands.push_back(std::make_unique<ExportCommand>());
  commands.push_back(std::make_unique<HeadCommand>());
  return commands;
}

}  // namespace sealift
