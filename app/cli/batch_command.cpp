#include "app/cli/batch_command.h"

#include "app/cli/json_views.h"
#include "app/cli/queue_commands.h"
#include "app/cli/update_output.h"

#include <QCryptographicHash>
#include <QEventLoop>
#include <QHash>
#include <QJsonArray>
#include <QSet>
#include <QTimer>

#include <algorithm>

namespace sealift {
namespace {

// A device of the batch, and what became of it.
struct Member {
  QString deviceId;
  QString name;    // several of a model may have the same
  QString serial;  // or its address
  std::optional<PlanView> plan;
  std::optional<Error> error;  // no plan, or its job could not be made
  QString jobId;

  bool agreeable() const { return plan && plan->allowed; }
};

Member memberFor(const DeviceView& device) {
  return {device.id, device.name, device.serial.isEmpty() ? device.address : device.serial, {}, {}, {}};
}

QString problemOf(const Member& member) {
  if (member.error) {
    return member.error->message();
  }
  const Check* failed = member.plan ? firstFailure(member.plan->checks) : nullptr;
  return failed != nullptr ? failed->detail : QString();
}

// What is agreed to: the plans of all devices that may be updated, and no others.
QString digestOf(const QList<Member>& members) {
  QStringList digests;
  for (const Member& member : members) {
    if (member.agreeable()) {
      digests << member.plan->digest;
    }
  }
  digests.sort();
  return digests.isEmpty()
             ? QString()
             : QString::fromLatin1(
                   QCryptographicHash::hash(digests.join(u'\n').toLatin1(), QCryptographicHash::Sha256).toHex());
}

// Many devices, one consent: to the list of plans that was shown, each of which is carried out as if it had been agreed
// to alone.
class BatchCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = group.add_subcommand("batch", "Show the plans of several devices, ask once, and carry them out");
    app->add_option("DEVICE", ids_,
                    "Their ids, addresses, serial numbers or names; every known device that has an "
                    "update when left out");
    app->add_option("--release", release_, "A version, instead of the newest that fits each; every check still applies")
        ->type_name("RELEASE");
    app->add_flag("--plan", planOnly_, "Show the plans and their digest; write nothing");
    app->add_option("--accept", accept_, "The digest that --plan printed, for scripts")->type_name("BATCH");
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
    QList<Member> members = choose(**station);
    plan(**station, members, start->when == StartTime::When::Connect);
    if (Status wanted = context.cancel.check(); !wanted) {
      return report(context, wanted.error());
    }
    const QString digest = digestOf(members);
    if (!context.json) {
      show(*context.terminal, members, digest);
    }
    if (planOnly_ || digest.isEmpty()) {
      return finish(context, **station, members);
    }
    if (const Status agreed = agree(context, digest); !agreed) {
      return report(context, agreed.error());
    }
    for (Member& member : members) {
      if (member.agreeable() && !context.cancel.isCancelled()) {
        begin(**station, member, *start);
      }
    }
    if (start->when == StartTime::When::Now) {
      follow(context, **station, members);
    }
    return finish(context, **station, members);
  }

 private:
  QList<Member> choose(const Station& station) const {
    QList<Member> members;
    if (ids_.empty()) {
      for (const DeviceView& device : station.devices()) {
        if (device.offer && !device.offer->skipped) {
          members << memberFor(device);
        }
      }
      return members;
    }
    QSet<QString> taken;
    for (const std::string& text : ids_) {
      const std::optional<DeviceView> device = station.device(fromStd(text));
      const QString id = device ? device->id : fromStd(text);
      if (!taken.contains(id)) {
        taken << id;
        members << (device ? memberFor(*device) : Member{id, id, {}, {}, {}, {}});
      }
    }
    return members;
  }

  void plan(Station& station, QList<Member>& members, bool asLastSeen) const {
    const UpdateWish wish{.release = fromStd(release_), .asLastSeen = asLastSeen};
    QList<QFuture<Result<PlanView>>> plans;
    for (const Member& member : members) {
      plans << station.planUpdate(member.deviceId, wish);
    }
    for (qsizetype i = 0; i < members.size(); ++i) {
      const Result<PlanView> made = await(plans[i]);
      if (made) {
        members[i].plan = *made;
        members[i].name = made->deviceName;
      } else {
        members[i].error = made.error();
      }
    }
  }

  // The notes once for each release, then each device with what stands against it.
  static void show(Terminal& terminal, const QList<Member>& members, const QString& digest) {
    QSet<QString> told;
    QList<QStringList> rows;
    for (const Member& member : members) {
      if (member.agreeable() && !told.contains(member.plan->releaseId)) {
        told << member.plan->releaseId;
        terminal.line(member.plan->modelLine);
        printNotes(terminal, *member.plan);
        terminal.line();
      }
      rows << QStringList{
          member.name,
          member.plan ? QStringLiteral("%1 → %2").arg(member.plan->fromVersion, member.plan->toVersion) : QString(),
          member.agreeable() ? QStringLiteral("ready, %1").arg(member.plan->durationText)
          : member.error && member.error->code == ErrorCode::UpToDate
              ? QStringLiteral("up to date")
              : QStringLiteral("LEFT OUT: %1").arg(problemOf(member))};
    }
    if (rows.isEmpty()) {
      terminal.line(QStringLiteral("No known device has an update."));
      return;
    }
    terminal.table(
        {QStringLiteral("Device"), QStringLiteral("Serial number"), QStringLiteral("Update"), QStringLiteral("State")},
        rows);
    if (!digest.isEmpty()) {
      terminal.line();
      terminal.line(QStringLiteral("Batch %1").arg(digest));
    }
  }

  Status agree(CommandContext& context, const QString& digest) const {
    if (!accept_.empty()) {
      return fromStd(accept_) == digest
                 ? Status()
                 : Status(fail(ErrorCode::ConsentPlanChanged,
                               QStringLiteral("The plans that were agreed to are not those that would be carried out "
                                              "now."),
                               QStringLiteral("Look at them again: sealiftctl update batch --plan.")));
    }
    if (!context.json && context.terminal->confirm(QStringLiteral(
                             "I have read what changes and agree to update the devices that are ready."))) {
      return {};
    }
    SEALIFT_CHECK(context.cancel.check());
    return fail(ErrorCode::ConsentMissing, QStringLiteral("Nobody agreed to these updates."),
                QStringLiteral("Review the plans: sealiftctl update batch --plan. Agree to them with --accept %1.")
                    .arg(digest));
  }

  void begin(Station& station, Member& member, const StartTime& start) const {
    const ConsentGiven consent{
        .planDigest = member.plan->digest,
        .notesHash = member.plan->notesHash,
        .how = accept_.empty() ? QStringLiteral("terminal-batch") : QStringLiteral("accept-option-batch"),
        .wish = {.release = member.plan->releaseId, .asLastSeen = start.when == StartTime::When::Connect}};
    const Result<QString> job = await(station.startUpdate(member.deviceId, consent, start));
    if (job) {
      member.jobId = *job;
    } else {
      member.error = job.error();
    }
  }

  // Tells each end as it comes, and how far the whole is.
  static void follow(CommandContext& context, Station& station, const QList<Member>& members) {
    QStringList open;
    QHash<QString, QString> serials;
    for (const Member& member : members) {
      if (!member.jobId.isEmpty()) {
        open << member.jobId;
        serials.insert(member.jobId, member.serial);
      }
    }
    const qsizetype all = open.size();
    QEventLoop loop;
    QTimer timer;
    const auto look = [&] {
      double done = static_cast<double>(all - open.size());
      int running = 0;
      for (const QString& id : QStringList(open)) {
        const std::optional<JobView> job = station.job(id);
        if (!job || job->state == JobState::Finished) {
          open.removeOne(id);
          done += 1;
          if (job && !context.json) {
            context.terminal->endProgress();
            context.terminal->line(
                QStringLiteral("%1 %2: %3. %4").arg(job->deviceName, serials.value(id), job->statusText, job->detail));
          }
        } else if (job->state == JobState::Running) {
          ++running;
          done += std::clamp(job->fraction, 0.0, 1.0);
        }
      }
      if (all > 0 && !context.json) {
        context.terminal->progress(
            QStringLiteral("Updating"), done / static_cast<double>(all),
            QStringLiteral("%1 of %2 ended, %3 running").arg(all - open.size()).arg(all).arg(running));
      }
      if (open.isEmpty()) {
        loop.quit();
      }
    };
    QObject::connect(&timer, &QTimer::timeout, &loop, look);
    timer.start(kLookMs);
    look();
    if (!open.isEmpty()) {
      loop.exec();
    }
    context.terminal->endProgress();
  }

  // The worst of all decides the exit status; whoever is up to date already is no failure among others.
  ExitCode finish(CommandContext& context, const Station& station, const QList<Member>& members) const {
    const bool nothingToDo = std::all_of(members.cbegin(), members.cend(), [](const Member& member) {
      return member.error && member.error->code == ErrorCode::UpToDate;
    });
    ExitCode worst = nothingToDo ? ExitCode::UpToDate : ExitCode::Success;
    QJsonArray devices;
    int waiting = 0;
    for (const Member& member : members) {
      const std::optional<JobView> job = member.jobId.isEmpty() ? std::nullopt : station.job(member.jobId);
      if (job && job->outcome) {
        worst = std::max(worst, exitCodeFor(*job->outcome));
      } else if (job) {
        ++waiting;
      } else if (member.error && member.error->code != ErrorCode::UpToDate) {
        worst = std::max(worst, exitCodeFor(*member.error));
        if (!planOnly_ && member.plan && !context.json) {
          context.terminal->line(
              QStringLiteral("%1 %2: not begun. %3").arg(member.name, member.serial, member.error->message()));
        }
      } else if (member.plan && !member.plan->allowed) {
        worst = std::max(worst, ExitCode::Refused);
      }
      devices << toJson(member, job);
    }
    if (context.json) {
      context.terminal->json(QJsonDocument(
          QJsonObject{{QStringLiteral("batch"), digestOf(members)}, {QStringLiteral("devices"), devices}}));
    } else if (waiting > 0) {
      context.terminal->line(
          QStringLiteral(
              "Agreed; %1 of them have not begun. They begin while Sealift's window is open on this data, or "
              "with: sealiftctl update work")
              .arg(waiting));
    }
    return worst;
  }

  static QJsonObject toJson(const Member& member, const std::optional<JobView>& job) {
    return {{QStringLiteral("device"), member.deviceId},
            {QStringLiteral("name"), member.name},
            {QStringLiteral("serial"), member.serial},
            {QStringLiteral("plan"), member.plan ? QJsonValue(member.plan->json) : QJsonValue()},
            {QStringLiteral("error"), member.error ? QJsonValue(sealift::toJson(*member.error)) : QJsonValue()},
            {QStringLiteral("job"), job ? QJsonValue(sealift::toJson(*job)) : QJsonValue()}};
  }

  static constexpr int kLookMs = 200;

  std::vector<std::string> ids_;
  std::string release_;
  bool planOnly_ = false;
  std::string accept_;
  WhenOptions when_;
};

}  // namespace

std::unique_ptr<Command> makeBatchCommand() {
  return std::make_unique<BatchCommand>();
}

}  // namespace sealift
