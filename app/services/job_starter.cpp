#include "app/services/job_starter.h"

#include "app/base/time_text.h"
#include "app/services/job_view.h"
#include "app/services/refusal.h"
#include "app/update/retry_policy.h"
#include "devices/core/device_json.h"

#include <QJsonDocument>

namespace sealift {
namespace {

constexpr int kBusySeconds = 5;
constexpr int kAskAgainSeconds = 60;  // a device that was busy with its own work, a battery that was low

Result<WaitingJob> findWaiting(Database& database, const QString& jobId) {
  SEALIFT_TRY(const std::optional<JobRow> row, JobTable(database).find(jobId));
  SEALIFT_TRY(const std::optional<QueueRow> place, QueueTable(database).find(jobId));
  if (!row || !place) {
    return fail(ErrorCode::NotFound, QStringLiteral("The job %1 is not in the queue.").arg(jobId));
  }
  return WaitingJob{*row, *place};
}

// As one that has not begun.
void reopen(JobRow& row) {
  row.state = QStringLiteral("waiting");
  row.outcome.clear();
  row.errorCode.clear();
  row.endedMs.reset();
}

// The vendor can't be asked for news now, though it could when the plan was agreed to.
bool isRepositoryAway(const Plan& plan) {
  return std::any_of(plan.checks.cbegin(), plan.checks.cend(), [](const Check& check) {
    return check.id == QLatin1String("metadata") && check.state == CheckState::Warning;
  });
}

}  // namespace

// Running -------------------------------------------------------------------------------------

void JobStarter::launch(const QString& jobId, const std::shared_ptr<PreparedUpdate>& prepared, bool settle,
                        AddressGate::Guard guard) {
  const CancelToken cancel = book_.begin(jobId, core_.clock->nowUtc(), settle);
  if (core_.closing.isCancelled()) {
    cancel.cancel();
  }
  const auto held = std::make_shared<AddressGate::Guard>(std::move(guard));
  core_.jobPool.start([this, jobId, prepared, settle, cancel, held] {
    const Plan& plan = prepared->made.plan;
    const std::unique_ptr<LinkGuard> alone = core_.links->keepOthersAway(plan.address);
    Journal journal(*core_.database, *core_.audit, *core_.clock, jobId, subjectOf(plan), core_.operatorName());
    journal.setEndHook(
        [this, &plan](Transaction& transaction, Outcome outcome) { return noteEnd(transaction, plan, outcome); });
    JobRunner::Observer observer;
    std::shared_ptr<SleepHold> awake;
    observer.stage = [&](Stage stage) {
      if (stage != Stage::Check && !awake) {
        awake = keepAwake(journal);
      }
      book_.change(
          jobId, [&](JobView& view) { enterStage(view, stage); }, /*always=*/true);
    };
    observer.progress = [this, jobId](const ProgressUpdate& progress) {
      book_.change(
          jobId, [&](JobView& view) { showProgress(view, progress); }, /*always=*/false);
    };
    observer.pointOfNoReturn = [this, jobId] { book_.change(jobId, passPointOfNoReturn, /*always=*/true); };
    JobReport report;
    const QString message = QStringLiteral("%1 → %2").arg(plan.fromVersion(), plan.release.terms.version.toString());
    if (Status begun =
            journal.started(message, {{QStringLiteral("plan"), plan.digest()}, {QStringLiteral("job"), jobId}}, settle);
        !begun) {
      report = {Outcome::Failed, Stage::Check, begun.error(),
                QStringLiteral("The audit log could not be written, so nothing was begun."), std::nullopt};
    } else {
      JobRunner runner(plan, *prepared->made.image, *prepared->driven.driver, journal, *core_.clock, cancel, observer);
      report = settle ? runner.settle() : runner.run();
    }
    noteOverrun(jobId, journal);
    *held = AddressGate::Guard();
    noteProtection(plan.deviceId, report);
    if (report.device) {
      devices_.recordSnapshot(plan.deviceId, *report.device);
    }
    ended(jobId, report);
  });
}

// From the first write to the end. A computer that can't be kept awake is no reason not to begin: its owner is told.
std::shared_ptr<SleepHold> JobStarter::keepAwake(Journal& journal) {
  Result<std::shared_ptr<SleepHold>> held =
      core_.awake->hold(QStringLiteral("Devices are being updated; sleeping now would interrupt that."));
  if (!held) {
    (void)journal.result(QStringLiteral("keep-awake"),
                         {{QStringLiteral("ok"), true},
                          {QStringLiteral("detail"),
                           QStringLiteral("this computer may fall asleep meanwhile: %1").arg(held.error().message())}});
    return std::make_shared<SleepHold>();  // asked once
  }
  (void)journal.result(QStringLiteral("keep-awake"),
                       {{QStringLiteral("ok"), true},
                        {QStringLiteral("detail"), QStringLiteral("this computer stays awake until the end")}});
  return *held;
}

// What the outcome says of the unit and of the release, recorded with it.
Status JobStarter::noteEnd(Transaction& transaction, const Plan& plan, Outcome outcome) {
  if (outcome == Outcome::Succeeded) {
    SEALIFT_CHECK(devices_.securityFloor().noteInstalled(plan.deviceId, plan.release.terms.securityVersion));
  }
  return offers_.rules().trouble.noteEnd(transaction, plan.release, outcome);
}

// The next plan asks for erasing before anything is begun.
void JobStarter::noteProtection(const QString& deviceId, const JobReport& report) {
  if (report.outcome == Outcome::Succeeded) {
    (void)devices_.rememberProtection(deviceId, false);
  } else if (report.error && report.error->code == ErrorCode::DeviceProtected) {
    (void)devices_.rememberProtection(deviceId, true);
  }
}

// A job is never stopped because its window ends: that would leave the device worse than letting it finish.
void JobStarter::noteOverrun(const QString& jobId, Journal& journal) {
  const Result<std::optional<QueueRow>> place = QueueTable(*core_.database).find(jobId);
  const std::optional<JobView> view = book_.find(jobId);
  if (!place || !*place || !view) {
    return;
  }
  const Result<JobSchedule> schedule = JobSchedule::fromBytes((*place)->schedule);
  if (!schedule || !schedule->window) {
    return;
  }
  const std::optional<WindowTime> begun = schedule->window->currentOrNext(view->startedAt);
  const QDateTime now = core_.clock->nowUtc();
  if (begun && begun->contains(view->startedAt) && now >= begun->end) {
    (void)journal.result(
        QStringLiteral("schedule"),
        {{QStringLiteral("ok"), true},
         {QStringLiteral("detail"), QStringLiteral("the update was finished %1 min after its maintenance window")
                                        .arg((begun->end.secsTo(now) + 59) / 60)}});
  }
}

void JobStarter::ended(const QString& jobId, const JobReport& report) {
  const Result<WaitingJob> job = findWaiting(*core_.database, jobId);
  const bool heals = report.outcome == Outcome::Failed && report.error && canHeal(*report.error);
  if (job && heals && job->place.attempts + 1 < job->place.mostAttempts &&
      noteRetry(jobId, *report.error, job->place)) {
    scheduler_.left(jobId);
    return;
  }
  book_.finish(jobId, report, core_.clock->nowUtc());
  offers_.rules().trouble.tellChanged();
  scheduler_.left(jobId);
}

// Trying again --------------------------------------------------------------------------------

Status JobStarter::noteRetry(const QString& jobId, const Error& error, QueueRow place) {
  const AuditSubject subject = book_.subjectOf(jobId);
  ++place.attempts;
  place.notBeforeMs = core_.nowMs() + std::chrono::milliseconds(backOffAfter(place.attempts)).count();
  const QString text = QStringLiteral("attempt %1 of %2 at %3")
                           .arg(place.attempts + 1)
                           .arg(place.mostAttempts)
                           .arg(timeText(place.notBeforeMs));
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  JobTable jobs(*core_.database);
  SEALIFT_TRY(std::optional<JobRow> row, jobs.find(jobId));
  if (!row) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no job \"%1\".").arg(jobId));
  }
  reopen(*row);
  SEALIFT_CHECK(jobs.update(*row));
  SEALIFT_CHECK(QueueTable(*core_.database).update(place));
  Journal journal(*core_.database, *core_.audit, *core_.clock, jobId, subject, core_.operatorName());
  SEALIFT_CHECK(
      journal.result(QStringLiteral("retry"), {{QStringLiteral("ok"), true}, {QStringLiteral("detail"), text}}));
  SEALIFT_CHECK(core_.record(transaction, {.event = AuditEvent::UpdateRetried,
                                           .actor = {},
                                           .subject = subject,
                                           .outcome = AuditOutcome::Recorded,
                                           .code = errorCodeName(error.code),
                                           .message = QStringLiteral("%1 Next: %2.").arg(error.message(), text),
                                           .details = {{QStringLiteral("job"), jobId}}}));
  SEALIFT_CHECK(transaction.commit());
  book_.putBack(jobId, [&](JobView& shown) {
    shown.error = error;
    showWaiting(shown, {.next = QDateTime::fromMSecsSinceEpoch(place.notBeforeMs, Qt::UTC),
                        .reason = text,
                        .priority = place.priority,
                        .attempts = place.attempts,
                        .mostAttempts = place.mostAttempts,
                        .notBefore = place.notBeforeMs});
  });
  return {};
}

Status JobStarter::requeue(const JobRow& row) {
  SEALIFT_TRY(WaitingJob job, findWaiting(*core_.database, row.id));
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  reopen(job.job);
  SEALIFT_CHECK(JobTable(*core_.database).update(job.job));
  job.place.schedule = JobSchedule::now().toBytes();
  job.place.attempts = 0;
  job.place.notBeforeMs = 0;
  SEALIFT_CHECK(QueueTable(*core_.database).update(job.place));
  SEALIFT_CHECK(core_.record(transaction, {.event = AuditEvent::UpdateRetried,
                                           .actor = {},
                                           .subject = book_.subjectOf(row.id),
                                           .outcome = AuditOutcome::Recorded,
                                           .code = {},
                                           .message = QStringLiteral("Somebody asked for it to be tried again."),
                                           .details = {{QStringLiteral("job"), row.id}}}));
  SEALIFT_CHECK(transaction.commit());
  book_.putBack(row.id, [](JobView& view) { showWaiting(view, {.due = true}); });
  return {};
}

Status JobStarter::requeueInterrupted() {
  constexpr int kLooked = 500;
  SEALIFT_TRY(const QList<JobRow> rows, JobTable(*core_.database).list(kLooked));
  for (const JobRow& row : rows) {
    const std::optional<ErrorCode> code = errorCodeFromName(row.errorCode);
    if (row.outcome != outcomeName(Outcome::Failed) || !code || !canHeal(*code)) {
      continue;
    }
    SEALIFT_TRY(const std::optional<QueueRow> place, QueueTable(*core_.database).find(row.id));
    if (place && place->attempts + 1 < place->mostAttempts) {
      const QJsonObject summary = QJsonDocument::fromJson(row.summary).object();
      SEALIFT_CHECK(noteRetry(row.id, makeError(*code, summary[QStringLiteral("error")].toString()), *place));
    }
  }
  return {};
}

// Beginning -----------------------------------------------------------------------------------

// The consent was to a plan. It is made again now; when it has become another one, nothing happens.
void JobStarter::startWaiting(const QString& jobId) {
  const Result<WaitingJob> job = findWaiting(*core_.database, jobId);
  if (!job) {
    wait(jobId, core_.clock->nowUtc().addSecs(kAskAgainSeconds), job.error().message());
    return;
  }
  if (const Stage stage = stageFromName(job->job.stage).value_or(Stage::Check); stage != Stage::Check) {
    // An earlier attempt wrote something: what became of it is looked at first.
    const Status begun = take(jobId) ? carryOnAlone(job->job) : Status();
    if (!begun) {
      end(*job, {Outcome::Failed, stage, begun.error(), begun.error().message(), std::nullopt});
    }
    return;
  }
  if (waitsForRelease(*job)) {
    return;
  }
  const std::shared_ptr<PreparedUpdate> prepared = planAgain(*job);
  if (!prepared) {
    return;
  }
  Result<AddressGate::Guard> guard =
      core_.gate.enter(prepared->device.address, prepared->device.id, AddressGate::Use::Job, core_.closing);
  if (!guard) {
    waitOrStop(*job, guard.error());
    return;
  }
  if (take(jobId)) {
    launch(jobId, prepared, /*settle=*/false, std::move(*guard));
  }
}

// Nobody else may have begun or ended it meanwhile.
bool JobStarter::take(const QString& jobId) {
  const Result<bool> taken =
      JobTable(*core_.database)
          .moveState(jobId, {QStringLiteral("waiting"), QStringLiteral("scheduled")}, QStringLiteral("running"));
  if (!taken || !*taken) {
    wait(jobId, core_.clock->nowUtc().addSecs(kAskAgainSeconds), QStringLiteral("another Sealift has it"));
  }
  return taken && *taken;
}

bool JobStarter::waitsForRelease(const WaitingJob& job) {
  const QString release = QJsonDocument::fromJson(job.job.summary).object()[QStringLiteral("release")].toString();
  const Result<std::optional<ReleasePauseRow>> pause = offers_.rules().trouble.pauseOf(release);
  if (pause && !*pause) {
    return false;
  }
  wait(job.job.id, core_.clock->nowUtc().addSecs(kBusySeconds),
       pause ? ReleaseTrouble::textOf(**pause) : pause.error().message());
  return true;
}

std::shared_ptr<PreparedUpdate> JobStarter::planAgain(const WaitingJob& job) {
  const CancelToken cancel = book_.tokenOf(job.job.id);
  auto prepared = std::make_shared<PreparedUpdate>();
  const Result<UpdatePlanner::Choice> wish = planner_.wishOf(job.job);
  Result<PreparedUpdate> made = wish ? planner_.prepare(job.job.deviceId, *wish, std::nullopt, core_.closing)
                                     : Result<PreparedUpdate>(fail(wish.error()));
  if (cancel.isCancelled()) {
    stop(job, Outcome::Cancelled, makeError(ErrorCode::Cancelled, QStringLiteral("Cancelled before it began.")));
    return nullptr;
  }
  if (core_.closing.isCancelled()) {  // it waits for the next start of the program
    wait(job.job.id, {}, QStringLiteral("Sealift is being closed"));
    return nullptr;
  }
  if (!made) {
    waitOrStop(job, made.error());
    return nullptr;
  }
  *prepared = std::move(*made);
  return stillAgreed(job, *prepared) ? prepared : nullptr;
}

bool JobStarter::stillAgreed(const WaitingJob& job, const PreparedUpdate& prepared) {
  const Plan& plan = prepared.made.plan;
  if (const Check* failed = firstFailure(plan.checks)) {
    if (failed->id == QLatin1String(kHostPowerCheck)) {  // somebody may plug it in
      wait(job.job.id, core_.clock->nowUtc().addSecs(kAskAgainSeconds),
           QStringLiteral("this computer's battery is too low"));
    } else if (failed->code == errorCodeName(ErrorCode::PolicyReleaseTrouble)) {
      wait(job.job.id, core_.clock->nowUtc().addSecs(kBusySeconds), failed->detail);
    } else {
      stop(job, Outcome::Refused, errorOf(*failed));
    }
    return false;
  }
  if (plan.digest() != job.job.planDigest) {
    const bool mayPass = isRepositoryAway(plan) && job.place.attempts + 1 < job.place.mostAttempts;
    stop(job, mayPass ? Outcome::Failed : Outcome::Refused,
         mayPass ? makeError(ErrorCode::FetchFailed, QStringLiteral("The vendor could not be reached."))
                 : makeError(ErrorCode::ConsentPlanChanged,
                             QStringLiteral("The plan has changed since it was agreed to.")));
    return false;
  }
  const QDateTime now = core_.clock->nowUtc();
  const Result<JobSchedule> schedule = JobSchedule::fromBytes(job.place.schedule);
  if (!schedule) {
    stop(job, Outcome::Refused, schedule.error());
    return false;
  }
  if (schedule->kind == JobSchedule::Kind::Idle && !plan.device.idle.value_or(false)) {
    wait(job.job.id, now.addSecs(kAskAgainSeconds), QStringLiteral("the device has something to do"));
    return false;
  }
  // Planning took its time, and the clock may have been set.
  if (schedule->window) {
    if (const Turn turn = turnAt(*schedule, now, job.place.expectedSeconds); !turn.due) {
      wait(job.job.id, {}, turn.reason);
      return false;
    }
  }
  return true;
}

// Errors: InvalidArgument when it has ended; what is shown of it follows then.
Status JobStarter::checkResumable(const JobRow& row) {
  if (row.outcome.isEmpty() || row.outcome == outcomeName(Outcome::Unknown) ||
      row.outcome == outcomeName(Outcome::Failed)) {
    return {};
  }
  book_.follow(row);
  return fail(ErrorCode::InvalidArgument, QStringLiteral("The job has ended: %1.").arg(row.outcome));
}

Status JobStarter::carryOn(const JobRow& row) {
  if (!book_.beginResuming(row.id)) {
    return {};  // sight of the device was enough
  }
  const Status carried = carryOnAlone(row);
  book_.endResuming(row.id);
  return carried;
}

Status JobStarter::carryOnAlone(const JobRow& row) {
  SEALIFT_CHECK(checkResumable(row));
  const QJsonObject summary = QJsonDocument::fromJson(row.summary).object();
  const DeviceSnapshot before = deviceFromJson(summary[QStringLiteral("before")].toObject());
  const auto prepared = std::make_shared<PreparedUpdate>();
  SEALIFT_TRY(const UpdatePlanner::Choice wish, planner_.wishOf(row));
  SEALIFT_TRY(*prepared, planner_.prepare(row.deviceId, wish, before, core_.closing));
  const Plan& plan = prepared->made.plan;
  SEALIFT_CHECK(planner_.checkStillAgreed(plan, row.planDigest));
  SEALIFT_TRY(AddressGate::Guard guard,
              core_.gate.enter(prepared->device.address, prepared->device.id, AddressGate::Use::Job, core_.closing));
  // Another program may have settled it until the device was ours.
  SEALIFT_TRY(const std::optional<JobRow> now, JobTable(*core_.database).find(row.id));
  SEALIFT_CHECK(checkResumable(now.value_or(row)));
  scheduler_.count(row.id, row.deviceId);
  launch(row.id, prepared, /*settle=*/true, std::move(guard));
  return {};
}

// Not beginning -------------------------------------------------------------------------------

void JobStarter::wait(const QString& jobId, const QDateTime& until, const QString& reason) {
  book_.putBack(jobId, [&](JobView& view) { showWaiting(view, {.due = true, .next = until, .reason = reason}); });
  scheduler_.leftUntil(jobId, until, reason);
}

// Whoever has the device lets go of it at some time; that is no failed attempt.
void JobStarter::waitOrStop(const WaitingJob& job, const Error& error) {
  if (error.code == ErrorCode::DeviceBusy) {
    wait(job.job.id, core_.clock->nowUtc().addSecs(kBusySeconds), QStringLiteral("the device is being worked on"));
  } else {
    stop(job, isRefusal(error.code) ? Outcome::Refused : Outcome::Failed, error);
  }
}

void JobStarter::stop(const WaitingJob& job, Outcome outcome, const Error& error) {
  end(job,
      {outcome, Stage::Check, error, QStringLiteral("Nothing was written. %1").arg(error.message()), std::nullopt});
}

void JobStarter::end(const WaitingJob& job, JobReport report) {
  Journal journal(*core_.database, *core_.audit, *core_.clock, job.job.id, book_.subjectOf(job.job.id),
                  core_.operatorName());
  if (Status done = journal.ended(report.outcome, report.stage, report.error, report.message, {}); !done) {
    report.message += u' ' + done.error().message();
  }
  ended(job.job.id, report);
}

Status JobStarter::endWaiting(const QString& jobId, Outcome outcome, const std::optional<Error>& error,
                              const QString& message) {
  Journal journal(*core_.database, *core_.audit, *core_.clock, jobId, book_.subjectOf(jobId), core_.operatorName());
  SEALIFT_CHECK(journal.ended(outcome, Stage::Check, error, message, {}));
  book_.finish(jobId, {outcome, Stage::Check, error, message, std::nullopt}, core_.clock->nowUtc());
  return {};
}

}  // namespace sealift
