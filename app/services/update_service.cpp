#include "app/services/update_service.h"

#include "app/services/job_view.h"
#include "app/services/refusal.h"
#include "app/store/consent_table.h"
#include "app/store/journal_table.h"
#include "app/store/plan_table.h"
#include "app/update/deferral.h"
#include "app/update/retry_policy.h"
#include "devices/core/device_json.h"

#include <QJsonDocument>
#include <QUuid>

namespace sealift {
namespace {

const QStringList kNotBegun{QStringLiteral("waiting"), QStringLiteral("scheduled"), QStringLiteral("paused")};

AuditEntry downgradeEntry(const Plan& plan) {
  const QString to = plan.release.terms.version.toString();
  return {.event = AuditEvent::DowngradeAgreed,
          .actor = plan.downgrade->agreedBy,
          .subject = subjectOf(plan),
          .outcome = AuditOutcome::Recorded,
          .code = {},
          .message = QStringLiteral("Downgrade %1 → %2: %3").arg(plan.fromVersion(), to, plan.downgrade->reason),
          .details = {{QStringLiteral("plan"), plan.digest()},
                      {QStringLiteral("agreedBy"), plan.downgrade->agreedBy},
                      {QStringLiteral("reason"), plan.downgrade->reason},
                      {QStringLiteral("from"), plan.fromVersion()},
                      {QStringLiteral("to"), to},
                      {QStringLiteral("securityVersion"), static_cast<qint64>(plan.release.terms.securityVersion)},
                      {QStringLiteral("image"), plan.release.sha256}}};
}

}  // namespace

Status UpdateService::load() {
  SEALIFT_CHECK(book_.load(*core_.database));
  if (scheduler().worksWholeQueue()) {
    SEALIFT_CHECK(starter_.requeueInterrupted());
  }
  scheduler().look();  // what waits says why before anybody asks
  return {};
}

// Planning ------------------------------------------------------------------------------------

Result<PlanView> UpdateService::plan(const QString& deviceId, const UpdateWish& wish, const CancelToken& cancel) {
  SEALIFT_TRY(const PreparedUpdate prepared, planner_.prepareAsked(deviceId, wish, cancel));
  const Plan& plan = prepared.made.plan;
  SEALIFT_CHECK(planner_.record(plan));
  const Check* failed = firstFailure(plan.checks);
  offers_.noteRefusal(plan.deviceId, plan.release.id(), failed ? std::optional(errorOf(*failed)) : std::nullopt);
  book_.tell().deviceChanged(plan.deviceId);
  return planner_.view(prepared);
}

// Consent and start ---------------------------------------------------------------------------

Result<QString> UpdateService::insertJob(const Plan& plan, const ConsentGiven& consent,
                                         const std::optional<JobSchedule>& schedule, int mostAttempts) {
  const QString id = QUuid::createUuid().toString(QUuid::WithoutBraces);
  const QString actor = core_.operatorName();
  QJsonObject summary{
      {QStringLiteral("deviceName"), plan.deviceName},
      {QStringLiteral("from"), plan.fromVersion()},
      {QStringLiteral("to"), plan.release.terms.version.toString()},
      {QStringLiteral("release"), plan.release.id()},
      {QStringLiteral("vendor"), plan.release.vendorId},
      {QStringLiteral("target"), plan.release.targetPath},
      {QStringLiteral("sha256"), plan.release.sha256},
      {QStringLiteral("bytes"), plan.release.terms.bytes},
      {QStringLiteral("before"), deviceToJson(plan.device)},
      {QStringLiteral("consentBy"), plan.allowed() ? actor : QString()},
      {QStringLiteral("eraseEverything"), plan.eraseEverything},
      {QStringLiteral("again"), consent.wish.again},
      {QStringLiteral("startAt"),
       schedule && schedule->at.isValid() ? schedule->at.toString(Qt::ISODateWithMs) : QString()},
  };
  if (plan.downgrade) {
    summary[QStringLiteral("downgradeReason")] = plan.downgrade->reason;
  }
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(PlanTable(*core_.database)
                    .insert({.digest = plan.digest(),
                             .deviceId = plan.deviceId,
                             .json = QJsonDocument(plan.toJson()).toJson(QJsonDocument::Compact),
                             .madeMs = core_.nowMs()}));
  if (plan.allowed()) {
    SEALIFT_CHECK(ConsentTable(*core_.database)
                      .insert({.id = 0,
                               .planDigest = plan.digest(),
                               .operatorName = actor,
                               .notesHash = consent.notesHash,
                               .givenMs = core_.nowMs(),
                               .withdrawnMs = std::nullopt,
                               .reason = plan.downgrade ? plan.downgrade->reason : QString(),
                               .agreedBy = plan.downgrade ? plan.downgrade->agreedBy : QString()}));
    if (plan.downgrade) {
      SEALIFT_CHECK(core_.record(transaction, downgradeEntry(plan)));
    }
    SEALIFT_CHECK(core_.audit->append(
        transaction,
        {.event = AuditEvent::ConsentGiven,
         .actor = actor,
         .subject = subjectOf(plan),
         .outcome = AuditOutcome::Recorded,
         .code = {},
         .message =
             QStringLiteral("%1, notes %2").arg(plan.release.terms.version.toString(), consent.notesHash.left(8)),
         .details = {{QStringLiteral("plan"), plan.digest()},
                     {QStringLiteral("notes"), consent.notesHash},
                     {QStringLiteral("how"), consent.how}}}));
  }
  JobRow row;
  row.id = id;
  row.deviceId = plan.deviceId;
  row.planDigest = plan.digest();
  row.state = !schedule                                  ? QStringLiteral("running")
              : schedule->kind == JobSchedule::Kind::Now ? QStringLiteral("waiting")
                                                         : QStringLiteral("scheduled");
  row.stage = stageName(Stage::Check);
  row.startedMs = core_.nowMs();
  row.summary = QJsonDocument(summary).toJson(QJsonDocument::Compact);
  SEALIFT_CHECK(JobTable(*core_.database).insert(row));
  if (schedule) {
    SEALIFT_CHECK(QueueTable(*core_.database)
                      .insert({.jobId = id,
                               .priority = static_cast<int>(priorityOf(plan.release.severity)),
                               .schedule = schedule->toBytes(),
                               .mostAttempts = std::clamp(mostAttempts, 1, kMostAttempts),
                               .toldMs = core_.nowMs(),
                               .expectedSeconds = plan.expectedSeconds}));
    SEALIFT_CHECK(core_.audit->append(
        transaction, {.event = AuditEvent::UpdateQueued,
                      .actor = actor,
                      .subject = subjectOf(plan),
                      .outcome = AuditOutcome::Recorded,
                      .code = {},
                      .message = scheduleText(*schedule),
                      .details = {{QStringLiteral("job"), id}, {QStringLiteral("schedule"), schedule->toJson()}}}));
  }
  SEALIFT_CHECK(transaction.commit());
  book_.add(row);
  return id;
}

Result<QString> UpdateService::refuse(const Plan& plan, const ConsentGiven& consent) {
  const Error error = errorOf(*firstFailure(plan.checks));
  SEALIFT_TRY(const QString id, insertJob(plan, consent, std::nullopt, 1));
  SEALIFT_CHECK(
      starter_.endWaiting(id, Outcome::Refused, error, QStringLiteral("Nothing was written. %1").arg(error.message())));
  return id;
}

Status UpdateService::recordRefusal(const Plan& plan, const ConsentGiven& consent, const Error& error) {
  return core_.record(
      {.event = AuditEvent::UpdateRefused,
       .actor = {},
       .subject = subjectOf(plan),
       .outcome = AuditOutcome::Refused,
       .code = errorCodeName(error.code),
       .message = error.what,
       .details = {{QStringLiteral("plan"), plan.digest()}, {QStringLiteral("agreed"), consent.planDigest}}});
}

// Who agrees to a downgrade apart from whoever asks for it: a supervisor; at home, as long as there are no accounts,
// the owner, by typing which version the device goes back to.
Result<QString> UpdateService::agreeToDowngrade(const Plan& plan, const ConsentGiven& consent) {
  Operators& operators = offers_.rules().operators;
  SEALIFT_TRY(const std::optional<QString> home, SettingTable(*core_.database).find(QString::fromLatin1(kHomeModeKey)));
  const bool atHome = home == QLatin1String("1");
  SEALIFT_TRY(const bool accounts, operators.exist());
  if (!atHome || accounts) {
    return operators.permitDowngrade(consent.supervisor, core_.operatorName(), atHome);
  }
  const QString version = plan.release.terms.version.toString();
  if (consent.typed.trimmed() != version) {
    return fail(ErrorCode::ConsentMissing, QStringLiteral("The version to go back to was not typed."),
                QStringLiteral("Type %1 to go back to it.").arg(version));
  }
  return core_.operatorName();
}

Result<QString> UpdateService::apply(const QString& deviceId, const ConsentGiven& consent, const StartTime& start,
                                     const CancelToken& cancel) {
  SEALIFT_TRY(const JobSchedule schedule, scheduleOf(start));
  const auto prepared = std::make_shared<PreparedUpdate>();
  SEALIFT_TRY(*prepared, planner_.prepareAsked(deviceId, consent.wish, cancel));
  const Plan& plan = prepared->made.plan;
  if (!plan.allowed()) {
    return refuse(plan, consent);
  }
  const auto refuseConsent = [&](ErrorCode code, const QString& what) -> Result<QString> {
    const Error error = makeError(code, what);
    SEALIFT_CHECK(recordRefusal(plan, consent, error));
    return fail(error);
  };
  if (consent.planDigest.isEmpty()) {
    return refuseConsent(ErrorCode::ConsentMissing, QStringLiteral("Nobody agreed to this update."));
  }
  if (consent.planDigest != plan.digest()) {
    return refuseConsent(ErrorCode::ConsentPlanChanged,
                         QStringLiteral("The plan that was agreed to is not the one that would be carried out now."));
  }
  if (consent.notesHash != plan.notesHash) {
    return refuseConsent(ErrorCode::ConsentPlanChanged,
                         QStringLiteral("The notes that were shown are not those of this release."));
  }
  if (const Status allowed = checkDeferral(plan.release, schedule, core_.clock->nowUtc()); !allowed) {
    return refuseConsent(allowed.error().code, allowed.error().what);
  }
  if (const QString problem = idleProblem(plan); schedule.kind == JobSchedule::Kind::Idle && !problem.isEmpty()) {
    return fail(ErrorCode::NotSupported, problem, QStringLiteral("Choose a time or a maintenance window."));
  }
  SEALIFT_CHECK(refuseTwice(plan));
  if (plan.downgrade) {
    const Result<QString> supervisor = agreeToDowngrade(plan, consent);
    if (!supervisor) {
      SEALIFT_CHECK(recordRefusal(plan, consent, supervisor.error()));
      return fail(supervisor.error());
    }
    prepared->made.plan.downgrade->agreedBy = *supervisor;
  }
  if (schedule.kind != JobSchedule::Kind::Now) {
    SEALIFT_TRY(const QString id, insertJob(plan, consent, schedule, start.mostAttempts));
    scheduler().look();  // whoever asks now is told what it waits for
    book_.tell().jobsChanged();
    return id;
  }
  SEALIFT_TRY(AddressGate::Guard guard,
              core_.gate.enter(prepared->device.address, prepared->device.id, AddressGate::Use::Job, core_.closing));
  SEALIFT_TRY(const QString id, insertJob(plan, consent, schedule, start.mostAttempts));
  scheduler().takeCareOf(id);
  if (!scheduler().admit(id)) {
    book_.tell().jobsChanged();
    return id;  // it is planned again when its turn comes
  }
  if (const Result<bool> taken =
          JobTable(*core_.database).moveState(id, {QStringLiteral("waiting")}, QStringLiteral("running"));
      !taken || !*taken) {
    scheduler().left(id);
    return taken ? Result<QString>(id) : fail(taken.error());
  }
  starter_.launch(id, prepared, /*settle=*/false, std::move(guard));
  return id;
}

// The same plan for the same device waits already: one of the two could only ever be refused.
Status UpdateService::refuseTwice(const Plan& plan) const {
  SEALIFT_TRY(const QList<WaitingJob> waiting, QueueTable(*core_.database).listWaiting());
  for (const WaitingJob& job : waiting) {
    if (job.job.deviceId == plan.deviceId && job.job.planDigest == plan.digest()) {
      return fail(ErrorCode::AlreadyExists, QStringLiteral("This update of the device waits already."),
                  QStringLiteral("Cancel job %1 first, or let it begin.").arg(job.job.id));
    }
  }
  return {};
}

Result<JobSchedule> UpdateService::scheduleOf(const StartTime& start) const {
  switch (start.when) {
    case StartTime::When::Now:
      break;
    case StartTime::When::Tonight:
      return JobSchedule::tonight(QString::fromLatin1(QTimeZone::systemTimeZoneId()));
    case StartTime::When::Connect:
      return JobSchedule::onConnect();
    case StartTime::When::Idle:
      return JobSchedule::whenIdle();
    case StartTime::When::At:
      if (!start.at.isValid()) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("The time at which the update should begin is none."));
      }
      return JobSchedule::atTime(start.at);
    case StartTime::When::Window: {
      if (!start.window.isEmpty()) {
        SEALIFT_TRY(const MaintenanceWindow window, MaintenanceWindow::parse(start.window));
        return JobSchedule::inWindow(window);
      }
      const std::optional<MaintenanceWindow> window = scheduler_.settings().window();
      if (!window) {
        return fail(ErrorCode::NotFound, QStringLiteral("This station has no maintenance window."),
                    QStringLiteral("Set one in the settings, or with: sealiftctl station window --set "
                                   "\"mon-fri 22:00 4h Europe/Berlin\"."));
      }
      return JobSchedule::inWindow(*window);
    }
  }
  return JobSchedule::now();
}

// Interrupted and failed jobs -----------------------------------------------------------------

Result<JobRow> UpdateService::findRow(const QString& jobId) const {
  SEALIFT_TRY(const std::optional<JobRow> row, JobTable(*core_.database).find(jobId));
  if (!row) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no job \"%1\".").arg(jobId));
  }
  return *row;
}

Result<QString> UpdateService::resume(const QString& jobId) {
  SEALIFT_TRY(const JobRow row, findRow(jobId));
  if (kNotBegun.contains(row.state)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The job has not begun."),
                QStringLiteral("Wait for its turn, or cancel it."));
  }
  SEALIFT_CHECK(starter_.carryOn(row));
  return jobId;
}

Result<QString> UpdateService::retry(const QString& jobId) {
  SEALIFT_TRY(const JobRow row, findRow(jobId));
  if (row.state == QLatin1String("waiting")) {  // for its next attempt: it is made now
    SEALIFT_TRY(std::optional<QueueRow> place, QueueTable(*core_.database).find(jobId));
    if (place) {
      place->notBeforeMs = 0;
      SEALIFT_CHECK(QueueTable(*core_.database).update(*place));
    }
  } else if (row.outcome != outcomeName(Outcome::Failed)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("Only a job that has failed can be tried again."),
                QStringLiteral("Plan the update anew."));
  } else if (stageFromName(row.stage).value_or(Stage::Check) != Stage::Check) {
    SEALIFT_CHECK(starter_.carryOn(row));  // something may have been written: the device is looked at first
    return jobId;
  } else {
    SEALIFT_CHECK(starter_.requeue(row));
  }
  scheduler().takeCareOf(jobId);
  scheduler().lookSoon();
  return jobId;
}

// The queue -----------------------------------------------------------------------------------

Status UpdateService::recordMove(const QString& jobId, AuditEvent event, const QString& message) {
  return core_.record({.event = event,
                       .actor = {},
                       .subject = book_.subjectOf(jobId),
                       .outcome = AuditOutcome::Recorded,
                       .code = {},
                       .message = message,
                       .details = {{QStringLiteral("job"), jobId}}});
}

Status UpdateService::pause(const QString& jobId) {
  SEALIFT_TRY(const JobRow row, findRow(jobId));
  SEALIFT_TRY(const bool moved, scheduler().move(jobId, {QStringLiteral("waiting"), QStringLiteral("scheduled")},
                                                 QStringLiteral("paused")));
  if (!moved) {
    return row.state == QLatin1String("paused")
               ? Status()
               : fail(ErrorCode::NotSupported, QStringLiteral("Only a job that has not begun can be paused."),
                      QStringLiteral("Let it end, or cancel it."));
  }
  book_.change(
      jobId, [](JobView& view) { showWaiting(view, {.paused = true, .reason = QStringLiteral("it is paused")}); },
      /*always=*/true);
  SEALIFT_CHECK(
      recordMove(jobId, AuditEvent::UpdatePaused, QStringLiteral("It does not begin until it is let go on.")));
  scheduler().lookSoon();
  return {};
}

Status UpdateService::proceed(const QString& jobId) {
  SEALIFT_TRY(const JobRow row, findRow(jobId));
  SEALIFT_TRY(const bool moved, scheduler().move(jobId, {QStringLiteral("paused")}, QStringLiteral("waiting")));
  if (!moved) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The job is not paused."));
  }
  book_.change(
      jobId, [](JobView& view) { showWaiting(view, {.due = true}); }, /*always=*/true);
  SEALIFT_CHECK(recordMove(jobId, AuditEvent::UpdateContinued, QStringLiteral("It may begin again.")));
  scheduler().lookSoon();
  return {};
}

Status UpdateService::setQueuePaused(bool paused) {
  SEALIFT_CHECK(scheduler().settings().setPaused(paused));
  scheduler().lookSoon();
  return {};
}

Status UpdateService::changeLimits(const LimitsChange& change) {
  QueueLimits limits = scheduler().settings().limits();
  limits.all = change.all.value_or(limits.all);
  limits.perHub = change.perHub.value_or(limits.perHub);
  limits.perAdapter = change.perAdapter.value_or(limits.perAdapter);
  limits.perHost = change.perHost.value_or(limits.perHost);
  SEALIFT_CHECK(scheduler().settings().setLimits(limits));
  scheduler().lookSoon();
  return {};
}

Status UpdateService::setWindow(const QString& text) {
  std::optional<MaintenanceWindow> window;
  if (!text.isEmpty()) {
    SEALIFT_TRY(window, MaintenanceWindow::parse(text));
  }
  return scheduler().settings().setWindow(window);
}

QueueView UpdateService::queue() const {
  const QueueLimits limits = scheduler_.settings().limits();
  QueueView view;
  view.paused = scheduler_.settings().isPaused();
  view.limitAll = limits.all;
  view.limitPerHub = limits.perHub;
  view.limitPerAdapter = limits.perAdapter;
  view.limitPerHost = limits.perHost;
  for (const JobView& job : book_.all()) {
    view.running += job.state == JobState::Running ? 1 : 0;
    view.waiting += job.state == JobState::Waiting ? 1 : 0;
    view.scheduled += job.state == JobState::Scheduled ? 1 : 0;
    view.pausedJobs += job.state == JobState::Paused ? 1 : 0;
  }
  if (const std::optional<MaintenanceWindow> window = scheduler_.settings().window()) {
    view.window = window->toString();
    if (const std::optional<WindowTime> time = window->currentOrNext(core_.clock->nowUtc())) {
      view.windowStart = time->start;
      view.windowEnd = time->end;
    }
  }
  return view;
}

Status UpdateService::cancel(const QString& jobId) {
  SEALIFT_TRY(const bool held, scheduler().move(jobId, kNotBegun, QStringLiteral("paused")));
  return held ? starter_.endWaiting(jobId, Outcome::Cancelled, std::nullopt,
                                    QStringLiteral("Cancelled before it began."))
              : book_.cancelRunning(jobId);
}

void UpdateService::cancelAll() {
  for (const JobView& job : book_.all()) {
    const bool onlyOurs = !scheduler().worksWholeQueue() && scheduler().isMine(job.id);
    const bool waits = job.state == JobState::Waiting || job.state == JobState::Scheduled;
    // One that is still being planned waits for the next start of the program.
    const Result<JobRow> row = findRow(job.id);
    const bool begun = job.state == JobState::Running && job.cancellable && row && !kNotBegun.contains(row->state);
    if (begun || ((waits || job.state == JobState::Running) && onlyOurs)) {
      (void)cancel(job.id);
    }
  }
}

QStringList UpdateService::log(const QString& id) const {
  const Result<QList<JournalRow>> rows = JournalTable(*core_.database).list(id);
  QStringList lines;
  if (!rows) {
    return {rows.error().message()};
  }
  for (const JournalRow& row : *rows) {
    lines << journalLine(row);
  }
  return lines;
}

}  // namespace sealift
