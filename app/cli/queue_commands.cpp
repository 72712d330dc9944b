#include "app/cli/queue_commands.h"

#include "app/cli/json_views.h"

#include <QEventLoop>
#include <QJsonArray>
#include <QLocale>
#include <QTimer>

#include <algorithm>

namespace sealift {
namespace {

bool isOpen(JobState state) {
  return state != JobState::Finished;
}

QString stateText(const JobView& job) {
  if (job.waitsFor.isEmpty() || job.state == JobState::Running) {
    return job.statusText;
  }
  return QStringLiteral("%1 (%2)").arg(job.statusText, job.waitsFor);
}

ExitCode reportJob(CommandContext& context, Station& station, const QString& id, const QString& words) {
  const std::optional<JobView> job = station.job(id);
  if (context.json && job) {
    context.terminal->json(QJsonDocument(toJson(*job)));
  } else if (job) {
    context.terminal->line(QStringLiteral("%1: %2").arg(job->deviceName, words));
  }
  return ExitCode::Success;
}

ExitCode reportQueue(CommandContext& context, Station& station, const QString& words) {
  if (context.json) {
    context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("queue"), toJson(station.queue())}}));
  } else {
    context.terminal->line(words);
  }
  return ExitCode::Success;
}

class QueueCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    return group.add_subcommand("queue", "List what runs and what waits, and why");
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    QJsonArray array;
    QList<QStringList> rows;
    for (const JobView& job : (*station)->jobs()) {
      if (isOpen(job.state)) {
        array << toJson(job);
        rows << QStringList{job.deviceName, QStringLiteral("%1 → %2").arg(job.fromVersion, job.toVersion),
                            stateText(job), job.id};
      }
    }
    const QueueView queue = (*station)->queue();
    if (context.json) {
      context.terminal->json(
          QJsonDocument(QJsonObject{{QStringLiteral("queue"), toJson(queue)}, {QStringLiteral("jobs"), array}}));
      return ExitCode::Success;
    }
    if (queue.paused) {
      context.terminal->line(
          QStringLiteral("The queue is paused: no further job begins. Let it go on: sealiftctl update continue"));
    }
    if (rows.isEmpty()) {
      context.terminal->line(QStringLiteral("Nothing runs or waits."));
    } else {
      context.terminal->table(
          {QStringLiteral("Device"), QStringLiteral("Update"), QStringLiteral("State"), QStringLiteral("Job")}, rows);
    }
    return ExitCode::Success;
  }
};

// Pausing and going on: of one job, or of the whole queue.
class PauseCommand final : public Command {
 public:
  explicit PauseCommand(bool pauses) : pauses_(pauses) {}
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app =
        pauses_ ? group.add_subcommand("pause", "Let a job that waits not begin; without JOB, let no further job begin")
                : group.add_subcommand("continue", "Let a paused job go on; without JOB, the whole queue");
    app->add_option("JOB", id_, "Its id");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    if (id_.empty()) {
      const Status done = (*station)->setQueuePaused(pauses_);
      return done ? reportQueue(context, **station,
                                pauses_ ? QStringLiteral("The queue is paused. What runs goes on to its end.")
                                        : QStringLiteral("The queue goes on."))
                  : report(context, done.error());
    }
    const QString id = fromStd(id_);
    const Status done = pauses_ ? (*station)->pauseJob(id) : (*station)->continueJob(id);
    return done ? reportJob(context, **station, id, pauses_ ? QStringLiteral("paused") : QStringLiteral("goes on"))
                : report(context, done.error());
  }

 private:
  bool pauses_;
  std::string id_;
};

class CancelCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("cancel", "End a job that has not begun");
    app->add_option("JOB", id_, "Its id")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> station = context.station();
    if (!station) {
      return report(context, station.error());
    }
    const Status done = (*station)->cancelJob(fromStd(id_));
    return done ? reportJob(context, **station, fromStd(id_), QStringLiteral("cancelled before it began"))
                : report(context, done.error());
  }

 private:
  std::string id_;
};

// Carries out the queue in this terminal: for a station without a window, or by a timer of the system.
class WorkCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("work", "Carry out what waits, until nothing does or you stop it");
    app->add_flag("--due", due_, "End as soon as nothing runs and nothing is due; what is scheduled stays so");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<Station*> opened = context.station();
    if (!opened) {
      return report(context, opened.error());
    }
    Station& station = **opened;
    QStringList seen;
    for (const JobView& job : station.jobs()) {
      if (job.state == JobState::Finished) {
        seen << job.id;  // before this
      }
    }
    QJsonArray ended;
    ExitCode worst = ExitCode::Success;
    station.watchDevices();
    station.workQueue();
    QEventLoop loop;
    QTimer timer;  // one look at everything each time; what changes meanwhile is told by then
    QObject::connect(&timer, &QTimer::timeout, &loop, [&] {
      const QList<JobView> jobs = station.jobs();
      bool busy = false;
      for (const JobView& job : jobs) {
        busy = busy || isBusy(job, station.queue().paused);
        if (job.state == JobState::Finished && !seen.contains(job.id)) {
          seen << job.id;
          ended << toJson(job);
          worst = std::max(worst, job.outcome ? exitCodeFor(*job.outcome) : ExitCode::Unknown);
          if (!context.json) {
            context.terminal->line(QStringLiteral("%1: %2. %3").arg(job.deviceName, job.statusText, job.detail));
          }
        }
      }
      idleLooks_ = busy ? 0 : idleLooks_ + 1;
      if (idleLooks_ >= kIdleLooks || context.cancel.isCancelled()) {
        loop.quit();
      }
    });
    timer.start(kLookMs);
    loop.exec();
    if (context.json) {
      context.terminal->json(QJsonDocument(QJsonObject{{QStringLiteral("jobs"), ended}}));
    } else if (ended.isEmpty()) {
      context.terminal->line(QStringLiteral("Nothing had to be done."));
    }
    return worst;
  }

 private:
  static constexpr int kLookMs = 250;
  static constexpr int kIdleLooks = 8;  // two seconds: the queue is looked at each second

  bool isBusy(const JobView& job, bool queuePaused) const {
    switch (job.state) {
      case JobState::Running:
        return !job.interrupted;
      case JobState::Waiting:
        return !queuePaused && !(due_ && job.startsAt.isValid());
      case JobState::Scheduled:
        return !queuePaused && !due_;
      case JobState::Paused:
      case JobState::Finished:
        break;
    }
    return false;
  }

  bool due_ = false;
  int idleLooks_ = 0;
};

}  // namespace

Result<StartTime> parseWhen(const QString& text, const QString& window, std::optional<int> attempts) {
  using When = StartTime::When;
  StartTime start;
  const QList<std::pair<QString, When>> words{{QStringLiteral("now"), When::Now},
                                              {QStringLiteral("tonight"), When::Tonight},
                                              {QStringLiteral("window"), When::Window},
                                              {QStringLiteral("connect"), When::Connect},
                                              {QStringLiteral("idle"), When::Idle}};
  const auto word = std::find_if(words.cbegin(), words.cend(), [&](const auto& one) { return one.first == text; });
  if (word != words.cend()) {
    start.when = word->second;
  } else {
    start.when = When::At;
    start.at = QDateTime::fromString(text, Qt::ISODate).toUTC();
    if (!start.at.isValid()) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is not a time to begin.").arg(text.left(40)),
                  QStringLiteral("Write now, tonight, window, connect, idle or a time as 2026-11-30T22:00."));
    }
  }
  if (!window.isEmpty()) {
    if (start.when != When::Window) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("A window goes with --when window only."));
    }
    start.window = window;
  }
  start.mostAttempts = attempts.value_or(start.when == When::Now ? 1 : kMostAttempts);
  return start;
}

void WhenOptions::declare(CLI::App& app) {
  app.add_option("--when", when_,
                 "now; tonight; window (the station's, or --window); connect: as soon as the device is seen; idle: as "
                 "soon as it has nothing to do; or a time")
      ->type_name("WHEN");
  app.add_option("--window", window_, "Days, start, length, time zone: \"mon-fri 22:00 4h Europe/Berlin\"")
      ->type_name("WINDOW");
  app.add_option("--attempts", attempts_,
                 "How often it is tried where time can heal a failure: 1 with --when now, else 6")
      ->check(CLI::Range(1, 6));
}

Result<StartTime> WhenOptions::read() const {
  return parseWhen(fromStd(when_), fromStd(window_), attempts_ > 0 ? std::optional(attempts_) : std::nullopt);
}

std::vector<std::unique_ptr<Command>> makeQueueCommands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(std::make_unique<QueueCommand>());
  commands.push_back(std::make_unique<PauseCommand>(true));
  commands.push_back(std::make_unique<PauseCommand>(false));
  commands.push_back(std::make_unique<CancelCommand>());
  commands.push_back(std::make_unique<WorkCommand>());
  return commands;
}

}  // namespace sealift
