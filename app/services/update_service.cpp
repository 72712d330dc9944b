#include "app/services/update_service.h"

#include "app/services/job_view.h"
#include "app/services/refusal.h"
#include "app/store/consent_table.h"
#include "app/store/journal_table.h"
#include "app/store/plan_table.h"
#include "devices/core/device_json.h"

#include <QJsonDocument>
#include <QUuid>

#include <algorithm>

namespace sealift {
namespace {

constexpr int kJobsShown = 500;
constexpr qint64 kSignalIntervalMs = 100;

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
  JobTable table(*core_.database);
  SEALIFT_TRY(QList<JobRow> rows, table.list(kJobsShown));
  SEALIFT_TRY(const QList<JobRow> unsettled, table.listUnfinishedOr(outcomeName(Outcome::Unknown)));
  rows += unsettled;  // however old: their devices may still come
  const std::scoped_lock lock(mutex_);
  for (const JobRow& row : rows) {
    Live live;
    live.view = jobViewFrom(row);
    live_.insert(row.id, live);
  }
  return {};
}

// Planning ------------------------------------------------------------------------------------

Result<PlanView> UpdateService::plan(const QString& deviceId, const UpdateWish& wish, const CancelToken& cancel) {
  SEALIFT_TRY(const PreparedUpdate prepared, planner_.prepareAsked(deviceId, wish, cancel));
  const Plan& plan = prepared.made.plan;
  SEALIFT_CHECK(planner_.record(plan));
  const Check* failed = firstFailure(plan.checks);
  offers_.noteRefusal(plan.deviceId, plan.release.id(), failed ? std::optional(errorOf(*failed)) : std::nullopt);
  signals_.deviceChanged(plan.deviceId);
  return planner_.view(prepared);
}

// Consent and start ---------------------------------------------------------------------------

Result<QString> UpdateService::insertJob(const Plan& plan, const ConsentGiven& consent, const QDateTime& startAt) {
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
      {QStringLiteral("startAt"), startAt.isValid() ? startAt.toUTC().toString(Qt::ISODateWithMs) : QString()},
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
  row.state = startAt.isValid() ? QStringLiteral("scheduled") : QStringLiteral("running");
  row.stage = stageName(Stage::Check);
  row.startedMs = core_.nowMs();
  row.summary = QJsonDocument(summary).toJson(QJsonDocument::Compact);
  SEALIFT_CHECK(JobTable(*core_.database).insert(row));
  SEALIFT_CHECK(transaction.commit());
  {
    const std::scoped_lock lock(mutex_);
    Live live;
    live.view = jobViewFrom(row);
    live_.insert(id, live);
  }
  return id;
}

Result<QString> UpdateService::refuse(const Plan& plan, const ConsentGiven& consent) {
  const Error error = errorOf(*firstFailure(plan.checks));
  SEALIFT_TRY(const QString id, insertJob(plan, consent, {}));
  Journal journal(*core_.database, *core_.audit, *core_.clock, id, subjectOf(plan), core_.operatorName());
  const QString message = QStringLiteral("Nothing was written. %1").arg(error.message());
  SEALIFT_CHECK(journal.ended(Outcome::Refused, Stage::Check, error, message, {}));
  finish(id, {Outcome::Refused, Stage::Check, error, message, std::nullopt});
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

Result<QString> UpdateService::apply(const QString& deviceId, const ConsentGiven& consent, const QDateTime& startAt,
                                     const CancelToken& cancel) {
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
  if (plan.downgrade) {
    const Result<QString> supervisor = agreeToDowngrade(plan, consent);
    if (!supervisor) {
      SEALIFT_CHECK(recordRefusal(plan, consent, supervisor.error()));
      return fail(supervisor.error());
    }
    prepared->made.plan.downgrade->agreedBy = *supervisor;
  }
  if (startAt.isValid()) {
    SEALIFT_TRY(const QString id, insertJob(plan, consent, startAt));
    signals_.jobsChanged();
    return id;
  }
  SEALIFT_TRY(AddressGate::Guard guard,
              core_.gate.enter(prepared->device.address, prepared->device.id, AddressGate::Use::Job, core_.closing));
  SEALIFT_TRY(const QString id, insertJob(plan, consent, {}));
  launch(id, prepared, /*settle=*/false, std::move(guard));
  return id;
}

void UpdateService::launch(const QString& jobId, const std::shared_ptr<PreparedUpdate>& prepared, bool settle,
                           AddressGate::Guard guard) {
  CancelToken cancel;
  {
    const std::scoped_lock lock(mutex_);
    Live& live = live_[jobId];
    if (settle) {
      live.cancel = CancelToken();  // an earlier run's may have been used
    }
    cancel = live.cancel;
    if (core_.closing.isCancelled()) {
      cancel.cancel();
    }
    live.running = true;
    live.view.state = JobState::Running;
    live.view.outcome.reset();
    live.view.error.reset();
    live.view.cancellable = true;
    live.view.irrevocable = false;
    live.view.startedAt = core_.clock->nowUtc();
    live.view.statusText = QStringLiteral("Checking");
    live.view.tone = Tone::Accent;
    live.view.detail.clear();
  }
  signals_.jobsChanged();
  const auto held = std::make_shared<AddressGate::Guard>(std::move(guard));
  core_.jobPool.start([this, jobId, prepared, settle, cancel, held] {
    const Plan& plan = prepared->made.plan;
    const std::unique_ptr<LinkGuard> alone = core_.links->keepOthersAway(plan.address);
    Journal journal(*core_.database, *core_.audit, *core_.clock, jobId, subjectOf(plan), core_.operatorName());
    journal.setEndHook(
        [this, &plan](Transaction& transaction, Outcome outcome) { return noteEnd(transaction, plan, outcome); });
    JobRunner::Observer observer;
    observer.stage = [this, jobId](Stage stage) {
      update(
          jobId, [&](JobView& view) { enterStage(view, stage); }, /*always=*/true);
    };
    observer.progress = [this, jobId](const ProgressUpdate& progress) {
      update(
          jobId, [&](JobView& view) { showProgress(view, progress); }, /*always=*/false);
    };
    observer.pointOfNoReturn = [this, jobId] { update(jobId, passPointOfNoReturn, /*always=*/true); };
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
    *held = AddressGate::Guard();
    noteProtection(plan.deviceId, report);
    if (report.device) {
      devices_.recordSnapshot(plan.deviceId, *report.device);
    }
    finish(jobId, report);
  });
}

// What the outcome says of the unit and of the release, recorded with it.
Status UpdateService::noteEnd(Transaction& transaction, const Plan& plan, Outcome outcome) {
  if (outcome == Outcome::Succeeded) {
    SEALIFT_CHECK(devices_.securityFloor().noteInstalled(plan.deviceId, plan.release.terms.securityVersion));
  }
  return offers_.rules().trouble.noteEnd(transaction, plan.release, outcome);
}

// The next plan asks for erasing before anything is begun.
void UpdateService::noteProtection(const QString& deviceId, const JobReport& report) {
  if (report.outcome == Outcome::Succeeded) {
    (void)devices_.rememberProtection(deviceId, false);
  } else if (report.error && report.error->code == ErrorCode::DeviceProtected) {
    (void)devices_.rememberProtection(deviceId, true);
  }
}

void UpdateService::update(const QString& jobId, const std::function<void(JobView&)>& change, bool always) {
  {
    const std::scoped_lock lock(mutex_);
    const auto it = live_.find(jobId);
    if (it == live_.end()) {
      return;
    }
    change(it->view);
    const qint64 now = QDeadlineTimer::current(Qt::PreciseTimer).deadline();
    if (!always && now - it->lastSignalMs < kSignalIntervalMs) {
      return;
    }
    it->lastSignalMs = now;
  }
  signals_.jobChanged(jobId);
}

void UpdateService::finish(const QString& jobId, const JobReport& report) {
  QList<std::shared_ptr<QPromise<JobView>>> waiters;
  JobView ended;
  {
    const std::scoped_lock lock(mutex_);
    Live& live = live_[jobId];
    live.running = false;
    showEnd(live.view, report.outcome, report.stage, report.error, report.message, core_.clock->nowUtc());
    waiters = std::exchange(live.waiters, {});
    ended = live.view;
  }
  signals_.jobsChanged();
  signals_.deviceChanged(ended.deviceId);
  offers_.rules().trouble.tellChanged();
  for (const auto& waiter : waiters) {
    waiter->addResult(ended);
    waiter->finish();
  }
}

// Interrupted and scheduled jobs --------------------------------------------------------------

Result<QString> UpdateService::resume(const QString& jobId) {
  {
    const std::scoped_lock lock(mutex_);
    if (const auto it = live_.find(jobId); it != live_.end() && (it->running || std::exchange(it->resuming, true))) {
      return jobId;  // sight of the device was enough
    }
  }
  Result<QString> resumed = carryOn(jobId);
  const std::scoped_lock lock(mutex_);
  if (const auto it = live_.find(jobId); it != live_.end()) {
    it->resuming = false;
  }
  return resumed;
}

Result<QString> UpdateService::carryOn(const QString& jobId) {
  SEALIFT_TRY(const std::optional<JobRow> row, JobTable(*core_.database).find(jobId));
  if (!row) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no job \"%1\".").arg(jobId));
  }
  SEALIFT_CHECK(checkResumable(*row));
  const QJsonObject summary = QJsonDocument::fromJson(row->summary).object();
  const DeviceSnapshot before = deviceFromJson(summary[QStringLiteral("before")].toObject());
  const auto prepared = std::make_shared<PreparedUpdate>();
  SEALIFT_TRY(const UpdatePlanner::Choice wish, planner_.wishOf(*row));
  SEALIFT_TRY(*prepared, planner_.prepare(row->deviceId, wish, before, core_.closing));
  const Plan& plan = prepared->made.plan;
  SEALIFT_CHECK(planner_.checkStillAgreed(plan, row->planDigest));
  SEALIFT_TRY(AddressGate::Guard guard,
              core_.gate.enter(prepared->device.address, prepared->device.id, AddressGate::Use::Job, core_.closing));
  // Another program may have settled it until the device was ours.
  SEALIFT_TRY(const std::optional<JobRow> now, JobTable(*core_.database).find(jobId));
  SEALIFT_CHECK(checkResumable(now.value_or(*row)));
  launch(jobId, prepared, /*settle=*/true, std::move(guard));
  return jobId;
}

// Errors: InvalidArgument when it has ended; what is shown of it follows then.
Status UpdateService::checkResumable(const JobRow& row) {
  if (row.outcome.isEmpty() || row.outcome == outcomeName(Outcome::Unknown) ||
      row.outcome == outcomeName(Outcome::Failed)) {
    return {};
  }
  update(
      row.id,
      [&](JobView& view) {
        if (view.state == JobState::Running || view.outcome == Outcome::Unknown) {
          view = jobViewFrom(row);
        }
      },
      /*always=*/true);
  return fail(ErrorCode::InvalidArgument, QStringLiteral("The job has ended: %1.").arg(row.outcome));
}

QDateTime UpdateService::startDue() {
  const QDateTime now = core_.clock->nowUtc();
  QDateTime next;
  QStringList due;
  {
    const std::scoped_lock lock(mutex_);
    for (auto it = live_.begin(); it != live_.end(); ++it) {
      if (it->view.state != JobState::Scheduled || it->running) {
        continue;
      }
      if (it->view.startsAt <= now) {
        it->running = true;  // taken
        due << it.key();
      } else if (!next.isValid() || it->view.startsAt < next) {
        next = it->view.startsAt;
      }
    }
  }
  for (const QString& id : due) {
    core_.lookPool.start([this, id] { startScheduled(id); });
  }
  return next;
}

// The consent was to a plan. It is made again now; when it has become another one, nothing happens.
void UpdateService::startScheduled(const QString& jobId) {
  const auto stop = [&](Outcome outcome, const Error& error) {
    JobReport report{outcome, Stage::Check, error, QStringLiteral("Nothing was written. %1").arg(error.message()),
                     std::nullopt};
    const std::optional<JobView> view = job(jobId);
    const AuditSubject subject{QStringLiteral("device"), view ? view->deviceId : QString(),
                               view ? view->deviceName : QString()};
    Journal journal(*core_.database, *core_.audit, *core_.clock, jobId, subject, core_.operatorName());
    if (Status ended = journal.ended(outcome, Stage::Check, error, report.message, {}); !ended) {
      report.message += u' ' + ended.error().message();
    }
    finish(jobId, report);
  };
  const std::optional<JobView> scheduled = job(jobId);
  const Result<std::optional<JobRow>> row = JobTable(*core_.database).find(jobId);
  if (!scheduled || !row || !*row) {
    return;
  }
  const auto prepared = std::make_shared<PreparedUpdate>();
  const Result<UpdatePlanner::Choice> wish = planner_.wishOf(**row);
  Result<PreparedUpdate> made = wish ? planner_.prepare(scheduled->deviceId, *wish, std::nullopt, core_.closing)
                                     : Result<PreparedUpdate>(fail(wish.error()));
  if (!made) {
    stop(isRefusal(made.error().code) ? Outcome::Refused : Outcome::Failed, made.error());
    return;
  }
  *prepared = std::move(*made);
  if (const Check* failed = firstFailure(prepared->made.plan.checks)) {
    stop(Outcome::Refused, errorOf(*failed));
    return;
  }
  if (prepared->made.plan.digest() != (*row)->planDigest) {
    stop(Outcome::Refused,
         makeError(ErrorCode::ConsentPlanChanged, QStringLiteral("The plan has changed since it was agreed to.")));
    return;
  }
  Result<AddressGate::Guard> guard =
      core_.gate.enter(prepared->device.address, prepared->device.id, AddressGate::Use::Job, core_.closing);
  if (!guard) {
    stop(Outcome::Failed, guard.error());
    return;
  }
  launch(jobId, prepared, /*settle=*/false, std::move(*guard));
}

Status UpdateService::cancel(const QString& jobId) {
  bool scheduled = false;
  {
    const std::scoped_lock lock(mutex_);
    const auto it = live_.find(jobId);
    if (it == live_.end()) {
      return fail(ErrorCode::NotFound, QStringLiteral("There is no job \"%1\".").arg(jobId));
    }
    if (it->view.state == JobState::Finished) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("The job has ended already."));
    }
    scheduled = it->view.state == JobState::Scheduled && !it->running;
    if (!scheduled && !it->view.cancellable) {
      return fail(ErrorCode::NotSupported, it->view.cancelEffect.isEmpty()
                                               ? QStringLiteral("The job is being stopped already.")
                                               : it->view.cancelEffect);
    }
    if (!scheduled) {
      it->cancel.cancel();
      it->view.cancellable = false;
      it->view.detail = QStringLiteral("Stopping…");
    }
  }
  if (!scheduled) {
    signals_.jobChanged(jobId);
    return {};
  }
  const std::optional<JobView> view = job(jobId);
  Journal journal(*core_.database, *core_.audit, *core_.clock, jobId,
                  {QStringLiteral("device"), view->deviceId, view->deviceName}, core_.operatorName());
  const QString message = QStringLiteral("Cancelled before it began.");
  SEALIFT_CHECK(journal.ended(Outcome::Cancelled, Stage::Check, std::nullopt, message, {}));
  finish(jobId, {Outcome::Cancelled, Stage::Check, std::nullopt, message, std::nullopt});
  return {};
}

QFuture<JobView> UpdateService::wait(const QString& jobId) {
  auto promise = std::make_shared<QPromise<JobView>>();
  promise->start();
  QFuture<JobView> future = promise->future();
  {
    const std::scoped_lock lock(mutex_);
    const auto it = live_.find(jobId);
    if (it != live_.end() && it->view.state != JobState::Finished) {
      it->waiters << promise;
      return future;
    }
    promise->addResult(it != live_.end() ? it->view : JobView());
  }
  promise->finish();
  return future;
}

// Looking at jobs -----------------------------------------------------------------------------

QList<JobView> UpdateService::jobs() const {
  QList<JobView> all;
  {
    const std::scoped_lock lock(mutex_);
    for (const Live& live : live_) {
      all << live.view;
    }
  }
  const auto rank = [](const JobView& view) {
    return view.state == JobState::Running ? 0 : view.state == JobState::Scheduled ? 1 : 2;
  };
  std::sort(all.begin(), all.end(), [&](const JobView& a, const JobView& b) {
    if (rank(a) != rank(b)) {
      return rank(a) < rank(b);
    }
    return a.startedAt != b.startedAt ? a.startedAt > b.startedAt : a.id < b.id;
  });
  return all;
}

std::optional<JobView> UpdateService::job(const QString& id) const {
  const std::scoped_lock lock(mutex_);
  const auto it = live_.find(id);
  return it == live_.end() ? std::nullopt : std::optional(it->view);
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

QList<QString> UpdateService::interrupted() const {
  QList<QString> ids;
  const std::scoped_lock lock(mutex_);
  for (auto it = live_.begin(); it != live_.end(); ++it) {
    const bool leftRunning = it->view.state == JobState::Running && !it->running;
    if (leftRunning || it->view.outcome == Outcome::Unknown) {
      // What a later job did to the device says nothing about this one: it stays as it ended.
      const bool superseded = std::any_of(live_.begin(), live_.end(), [&](const Live& other) {
        return other.view.deviceId == it->view.deviceId && other.view.startedAt > it->view.startedAt &&
               other.view.stage != Stage::Check;
      });
      if (!superseded) {
        ids << it.key();
      }
    }
  }
  return ids;
}

std::optional<QString> UpdateService::runningJobOf(const QString& deviceId) const {
  const std::scoped_lock lock(mutex_);
  for (auto it = live_.begin(); it != live_.end(); ++it) {
    if (it->view.deviceId == deviceId && it->running) {
      return it.key();
    }
  }
  return std::nullopt;
}

QList<HistoryItem> UpdateService::historyOf(const QString& deviceId) const {
  QList<HistoryItem> items;
  const std::scoped_lock lock(mutex_);
  for (const Live& live : live_) {
    if (live.view.deviceId == deviceId && live.view.outcome) {
      items << historyItem(live.view);
    }
  }
  std::sort(items.begin(), items.end(), [](const HistoryItem& a, const HistoryItem& b) { return a.time > b.time; });
  return items;
}

}  // namespace sealift
