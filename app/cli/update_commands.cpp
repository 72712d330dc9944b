#include "app/cli/update_commands.h"

#include "app/cli/batch_command.h"
#include "app/cli/downgrade_command.h"
#include "app/cli/json_views.h"
#include "app/cli/queue_commands.h"
#include "app/cli/update_output.h"

#include <QJsonArray>
#include <QLocale>

#include <algorithm>

namespace sealift {
namespace {

QString mark(CheckState state) {
  switch (state) {
    case CheckState::Passed:
      return QStringLiteral("ok      ");
    case CheckState::Failed:
      return QStringLiteral("REFUSED ");
    case CheckState::Warning:
      return QStringLiteral("warning ");
    case CheckState::NotApplicable:
      break;
  }
  return QStringLiteral("–       ");
}

}  // namespace

void printNotes(Terminal& terminal, const PlanView& plan) {
  terminal.line(QStringLiteral("%1 (severity: %2, released %3)")
                    .arg(plan.isDowngrade ? QStringLiteral("What is undone, and what is installed")
                                          : QStringLiteral("What changes in %1").arg(plan.toVersion),
                         plan.severity, plan.released.toString(Qt::ISODate)));
  const QStringList notes = plan.notesMarkdown.trimmed().split(u'\n');
  for (const QString& note : notes) {
    terminal.line(QStringLiteral("  ") + note);
  }
}

void printPlan(Terminal& terminal, const PlanView& plan) {
  terminal.line(QStringLiteral("%1 · %2").arg(plan.deviceName, plan.modelLine));
  terminal.line(QStringLiteral("%1 %2 → %3")
                    .arg(plan.isDowngrade ? QStringLiteral("DOWNGRADE") : QStringLiteral("Update"), plan.fromVersion,
                         plan.toVersion));
  if (plan.isDowngrade) {
    terminal.line(QStringLiteral("Reason: %1").arg(plan.downgradeReason));
  }
  terminal.line();
  printNotes(terminal, plan);
  terminal.line();
  terminal.line(QStringLiteral("Checked before anything is sent"));
  for (const CheckView& check : plan.checks) {
    terminal.line(QStringLiteral("  %1%2: %3").arg(mark(check.state), check.title, check.detail));
    if (check.state == CheckState::Failed) {
      terminal.line(QStringLiteral("          → %1 (%2)").arg(check.remedy, check.code));
    }
  }
  terminal.line();
  terminal.line(QStringLiteral("What will happen"));
  terminal.pairs(
      {{QStringLiteral("Download"), plan.downloadText},
       {QStringLiteral("Transfer"), plan.transferText},
       {QStringLiteral("Takes"), plan.durationText},
       {QStringLiteral("If it fails"), plan.fallbackText},
       {QStringLiteral("Put off"),
        plan.deferrableUntil
            ? QStringLiteral("until %1 at the latest, says its vendor").arg(plan.deferrableUntil->toString(Qt::ISODate))
            : QStringLiteral("as long as you like")}});
  terminal.line();
  terminal.line(QStringLiteral("Plan %1").arg(plan.digest));
}

ExitCode printEnd(CommandContext& context, const JobView& job) {
  Terminal& terminal = *context.terminal;
  if (!context.json) {
    terminal.line(QStringLiteral("%1: %2").arg(job.statusText, job.detail));
    if (!job.nextStep.isEmpty()) {
      terminal.line(QStringLiteral("  → %1").arg(job.nextStep));
    }
    if (job.error) {
      terminal.line(QStringLiteral("  (%1)").arg(errorCodeName(job.error->code)));
    }
  }
  return job.outcome ? exitCodeFor(*job.outcome) : ExitCode::Unknown;
}

// Shows the job's progress until it has ended.
JobView follow(CommandContext& context, Station& station, const QString& jobId) {
  Terminal& terminal = *context.terminal;
  const QLocale locale;
  QString waited;
  const auto shown = QObject::connect(&station, &Station::jobChanged, &station, [&](const QString& id) {
    const std::optional<JobView> job = station.job(id);
    if (id == jobId && job && job->state == JobState::Waiting && job->detail != waited) {
      waited = job->detail;
      terminal.note(waited);
    }
    if (id != jobId || !job || job->state != JobState::Running) {
      return;
    }
    QString detail;
    if (job->bytesPerSecond > 0.0) {
      detail = QStringLiteral("%1/s").arg(
          locale.formattedDataSize(static_cast<qint64>(job->bytesPerSecond), 1, QLocale::DataSizeSIFormat));
      if (job->secondsLeft >= 0.0) {
        detail += QStringLiteral(", %1 s left").arg(static_cast<int>(job->secondsLeft));
      }
    }
    terminal.progress(job->statusText, job->fraction, detail);
  });
  const JobView ended = await(station.waitForJob(jobId));
  QObject::disconnect(shown);
  terminal.endProgress();
  return ended;
}

// Follows the job, and tells how it ended.
ExitCode followToEnd(CommandContext& context, Station& station, const QString& jobId) {
  const JobView ended = follow(context, station, jobId);
  if (context.json) {
    context.terminal->json(QJsonDocument(toJson(ended)));
  }
  return printEnd(context, ended);
}

namespace {

constexpr const char* kReleaseHelp =
    "A version, or a release's id as --json tells it, instead of the newest that fits; every check still applies";

constexpr const char* kEraseHelp =
    "Agree that a read-protected device is erased altogether first: firmware, settings, keys";

constexpr const char* kAgainHelp =
    "Agree that a release is tried again from which the device went back by itself before";

class PlanCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("plan", "Fetch, verify and ask everything; write nothing");
    app->add_option("DEVICE", id_, "Its id, address, serial number or name")->required();
    app->add_option("--release", release_, kReleaseHelp)->type_name("RELEASE");
    app->add_flag("--erase-everything", eraseEverything_, kEraseHelp);
    app->add_flag("--again", again_, kAgainHelp);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Result<PlanView> plan = await((*station)->planUpdate(
        fromStd(id_), {.release = fromStd(release_), .eraseEverything = eraseEverything_, .again = again_}));
    if (!plan) {
      return report(context, plan.error());
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(plan->json));
    } else {
      printPlan(*context.terminal, *plan);
    }
    return plan->allowed ? ExitCode::Success : ExitCode::Refused;
  }

 private:
  std::string id_;
  std::string release_;
  bool eraseEverything_ = false;
  bool again_ = false;
};

class ApplyCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("apply", "Show the plan, ask, and carry it out");
    app->add_option("DEVICE", id_, "Its id, address, serial number or name")->required();
    app->add_option("--release", release_, kReleaseHelp)->type_name("RELEASE");
    app->add_flag("--erase-everything", eraseEverything_, kEraseHelp);
    app->add_flag("--again", again_, kAgainHelp);
    app->add_option("--accept", accept_, "The digest that `update plan` printed, for scripts")->type_name("PLAN");
    when_.declare(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<StartTime> start = when_.read();
    if (!start) {
      return report(context, start.error());
    }
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    UpdateWish wish{.release = fromStd(release_),
                    .eraseEverything = eraseEverything_,
                    .asLastSeen = start->when == StartTime::When::Connect,
                    .again = again_};
    Result<PlanView> plan = await((*station)->planUpdate(fromStd(id_), wish));
    if (plan && plan->needsAgain && !context.json && accept_.empty()) {
      printPlan(*context.terminal, *plan);
      if (context.terminal->confirm(
              QStringLiteral("The device went back from this release by itself before. I want to try it again."))) {
        wish.again = true;
        plan = await((*station)->planUpdate(fromStd(id_), wish));
      }
    }
    if (plan && plan->needsErase && !context.json && accept_.empty()) {
      printPlan(*context.terminal, *plan);
      if (context.terminal->confirm(QStringLiteral("Everything on this device will be erased, for good: firmware, "
                                                   "settings, keys. I want that."))) {
        wish.eraseEverything = true;
        plan = await((*station)->planUpdate(fromStd(id_), wish));
      }
    }
    if (!plan) {
      return report(context, plan.error());
    }
    const ConsentGiven consent = ask(*context.terminal, *plan, wish, context.json);
    if (Status wanted = context.cancel.check(); !wanted) {
      return report(context, wanted.error());
    }
    // Without consent or with a failed check this is what puts the refusal into the audit log.
    const Result<QString> job = await((*station)->startUpdate(plan->deviceId, consent, *start));
    if (!job) {
      Error error = job.error();
      if (error.code == ErrorCode::ConsentMissing) {
        error.remedy = QStringLiteral("Review the plan: sealiftctl update plan %1. Agree to it with --accept %2.")
                           .arg(fromStd(id_), plan->digest);
      }
      return report(context, error);
    }
    if (const std::optional<JobView> later = (*station)->job(*job);
        start->when != StartTime::When::Now && later && later->state != JobState::Finished) {
      return tellLater(context, *later);
    }
    return followToEnd(context, **station, *job);
  }

 private:
  static ExitCode tellLater(CommandContext& context, const JobView& job) {
    if (context.json) {
      context.terminal->json(QJsonDocument(toJson(job)));
      return ExitCode::Success;
    }
    context.terminal->line(QStringLiteral("Agreed; it has not begun: %1.").arg(job.statusText));
    context.terminal->line(
        QStringLiteral("It begins while Sealift's window is open on this data, or with: sealiftctl update work"));
    context.terminal->line(QStringLiteral("Job %1").arg(job.id));
    return ExitCode::Success;
  }

  // Consent is to what was shown: nobody is asked unless the plan and its notes were printed just before.
  ConsentGiven ask(Terminal& terminal, const PlanView& plan, const UpdateWish& wish, bool json) const {
    if (!accept_.empty()) {
      return {fromStd(accept_), plan.notesHash, QStringLiteral("accept-option"), wish};
    }
    ConsentGiven consent{{}, {}, QStringLiteral("terminal"), wish};
    if (json) {
      return consent;
    }
    printPlan(terminal, plan);
    if (plan.allowed && terminal.confirm(QStringLiteral("I have read what changes and agree to update this device."))) {
      consent.planDigest = plan.digest;
      consent.notesHash = plan.notesHash;
    }
    return consent;
  }

  std::string id_;
  std::string release_;
  bool eraseEverything_ = false;
  bool again_ = false;
  std::string accept_;
  WhenOptions when_;
};

class ResumeCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("resume", "Look at the devices of interrupted jobs again and carry on");
    app->add_option("JOB", id_, "Its id; all that can be settled when left out");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const QStringList ids = id_.empty() ? (*station)->interruptedJobs() : QStringList{fromStd(id_)};
    if (ids.isEmpty() && !context.json) {
      const QueueView queue = (*station)->queue();
      const int open = queue.waiting + queue.scheduled;
      context.terminal->line(
          open == 0
              ? QStringLiteral("No job was interrupted.")
              : QStringLiteral("No job was interrupted; %1 agreed to before wait to begin: sealiftctl update work")
                    .arg(open));
    }
    ExitCode last = ExitCode::Success;
    QJsonArray ended;
    for (const QString& id : ids) {
      const Result<QString> job = await((*station)->resumeJob(id));
      if (!job) {
        last = exitCodeFor(job.error());
        const std::optional<JobView> stays = (*station)->job(id);
        if (!context.json || !stays) {
          report(context, job.error());
        } else {
          JobView view = *stays;
          view.error = job.error();
          ended << toJson(view);
        }
        continue;
      }
      const JobView view = follow(context, **station, *job);
      ended << toJson(view);
      last = std::max(last, printEnd(context, view));
    }
    if (context.json && (last == ExitCode::Success || !ended.isEmpty())) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("jobs"), ended}}));
    }
    return last;
  }

 private:
  std::string id_;
};

class RetryCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("retry", "Try a failed job again, as it was agreed to, and wait for its end");
    app->add_option("JOB", id_, "Its id")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Result<QString> job = await((*station)->retryJob(fromStd(id_)));
    if (!job) {
      return report(context, job.error());
    }
    return followToEnd(context, **station, *job);
  }

 private:
  std::string id_;
};

class ListCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    return group.add_subcommand("list", "List jobs: those that run, wait and have ended");
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    QJsonArray array;
    QList<QStringList> rows;
    const QList<JobView> jobs = (*station)->jobs();
    for (const JobView& job : jobs) {
      array << toJson(job);
      rows << QStringList{job.startedAt.toLocalTime().toString(Qt::ISODate), job.deviceName,
                          QStringLiteral("%1 → %2").arg(job.fromVersion, job.toVersion), job.statusText, job.id};
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("jobs"), array}}));
    } else if (rows.isEmpty()) {
      context.terminal->line(
          QStringLiteral("No update was made yet. See what one would do: sealiftctl update plan DEVICE"));
    } else {
      context.terminal->table({QStringLiteral("Started"), QStringLiteral("Device"), QStringLiteral("Update"),
                               QStringLiteral("State"), QStringLiteral("Job")},
                              rows);
    }
    return ExitCode::Success;
  }
};

class ShowCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("show", "Tell what a job did, step by step");
    app->add_option("JOB", id_, "Its id")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const std::optional<JobView> job = (*station)->job(fromStd(id_));
    if (!job) {
      return report(context,
                    makeError(ErrorCode::NotFound, QStringLiteral("There is no job \"%1\".").arg(fromStd(id_))));
    }
    const QStringList log = (*station)->jobLog(job->id);
    if (context.json) {
      QJsonObject json = toJson(*job);
      json[QStringLiteral("log")] = QJsonArray::fromStringList(log);
      context.terminal->json(QJsonDocument(json));
      return ExitCode::Success;
    }
    context.terminal->line(QStringLiteral("%1  %2 → %3").arg(job->deviceName, job->fromVersion, job->toVersion));
    for (const QString& entry : log) {
      context.terminal->line(QStringLiteral("  ") + entry);
    }
    context.terminal->line(QStringLiteral("%1: %2").arg(job->statusText, job->detail));
    return ExitCode::Success;
  }

 private:
  std::string id_;
};

}  // namespace

std::vector<std::unique_ptr<Command>> makeUpdateCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<PlanCommand>());
  commands.push_back(std::make_unique<ApplyCommand>());
  commands.push_back(makeBatchCommand());
  commands.push_back(makeDowngradeCommand());
  commands.push_back(std::make_unique<ResumeCommand>());
  commands.push_back(std::make_unique<RetryCommand>());
  for (std::unique_ptr<Command>& command : makeQueueCommands()) {
    commands.push_back(std::move(command));
  }
  commands.push_back(std::make_unique<ListCommand>());
  commands.push_back(std::make_unique<ShowCommand>());
  return commands;
}

}  // namespace sealift
