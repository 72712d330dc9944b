#include "app/services/update_service.h"

#include "app/services/job_view.h"
#include "app/services/refusal.h"
#include "app/store/consent_table.h"
#include "app/store/deferral_table.h"
#include "app/store/journal_table.h"
#include "app/store/plan_table.h"
#include "devices/core/device_json.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QLocale>
#include <QUuid>

#include <algorithm>

namespace sealift {
namespace {

constexpr int kJobsShown = 500;
constexpr qint64 kSignalIntervalMs = 100;

AuditSubject subjectOf(const Plan& plan) {
  return {QStringLiteral("device"), plan.deviceId, plan.deviceName};
}

AuditEntry entryFor(const Check& check, const AuditSubject& subject, const QString& actor) {
  AuditEntry entry;
  entry.actor = actor;
  entry.subject = subject;
  entry.code = check.code;
  entry.message = check.title + QStringLiteral(": ") + check.detail;
  entry.details = {{QStringLiteral("check"), check.id}, {QStringLiteral("state"), checkStateName(check.state)}};
  switch (check.state) {
    case CheckState::Failed:
      entry.event = AuditEvent::CheckFailed;
      entry.outcome = AuditOutcome::Refused;
      break;
    case CheckState::Warning:
      entry.event = AuditEvent::CheckWarned;
      entry.outcome = AuditOutcome::Warning;
      break;
    case CheckState::Passed:
    case CheckState::NotApplicable:
      entry.event = AuditEvent::CheckPassed;
      entry.outcome = check.state == CheckState::Passed ? AuditOutcome::Ok : AuditOutcome::Recorded;
      break;
  }
  return entry;
}

Error errorOf(const Check& check) {
  return makeError(errorCodeFromName(check.code).value_or(ErrorCode::Internal), check.detail, check.remedy);
}

QString durationText(const Plan& plan) {
  const int seconds = plan.expectedSeconds;
  const QString total = seconds < 90 ? QStringLiteral("about %1 s").arg(seconds)
                                     : QStringLiteral("about %1 min").arg((seconds + 30) / 60);
  return plan.release.offlineSeconds > 0
             ? QStringLiteral("%1, %2 s offline").arg(total).arg(plan.release.offlineSeconds)
             : total;
}

}  // namespace

QString UpdateService::downloadSize(qint64 bytes) {
  return QLocale().formattedDataSize(bytes, bytes < 1'000'000 ? 0 : 1, QLocale::DataSizeSIFormat);
}

Status UpdateService::load() {
  SEALIFT_TRY(const QList<JobRow> rows, JobTable(*core_.database).list(kJobsShown));
  const std::scoped_lock lock(mutex_);
  for (const JobRow& row : rows) {
    Live live;
    live.view = jobViewFrom(row);
    live_.insert(row.id, live);
  }
  return {};
}

// Planning ------------------------------------------------------------------------------------

UpdateService::Choice UpdateService::offeredOr(const QString& release) const {
  return [this, release](const KnownDevice& device) -> Result<Release> {
    if (!release.isEmpty()) {
      return findRelease(device, release);
    }
    if (const std::optional<Release> offer = offerFor(device)) {
      return *offer;
    }
    return fail(ErrorCode::UpToDate, QStringLiteral("There is no newer release for this device."));
  };
}

UpdateService::Choice UpdateService::releaseOf(const JobRow& job) const {
  const QJsonObject summary = QJsonDocument::fromJson(job.summary).object();
  return [this, summary](const KnownDevice&) -> Result<Release> {
    const std::shared_ptr<VendorRepository> repository =
        vendors_.repository(summary[QStringLiteral("vendor")].toString());
    if (!repository) {
      return fail(ErrorCode::NotFound, QStringLiteral("The vendor of this job was removed."),
                  QStringLiteral("Add the vendor again, or plan anew."));
    }
    const VendorContents contents = repository->contents();
    const Release* release =
        contents.release(summary[QStringLiteral("target")].toString(), summary[QStringLiteral("sha256")].toString());
    if (release == nullptr) {
      return fail(ErrorCode::TrustTargetMissing, QStringLiteral("The vendor has withdrawn the release of this job."),
                  QStringLiteral("Plan again: another release may be offered."));
    }
    return *release;
  };
}

// A release that doesn't fit is found, too: the policy says what stands against it, not this.
Result<Release> UpdateService::findRelease(const KnownDevice& device, const QString& text) const {
  if (const std::optional<Release> byId = releaseById(text)) {
    return *byId;
  }
  const std::shared_ptr<VendorRepository> repository = vendors_.repository(device.vendorId);
  const VendorContents contents = repository ? repository->contents() : VendorContents();
  const Release* found = nullptr;
  for (const Release& release : contents.releases) {
    if (release.terms.modelId != device.modelId || release.terms.version.toString() != text) {
      continue;
    }
    const bool forRevision = release.terms.hardwareRevisions.isEmpty() ||
                             release.terms.hardwareRevisions.contains(device.snapshot->hardwareRevision);
    if (found == nullptr || forRevision) {  // one version may come as an image for each revision
      found = &release;
    }
  }
  if (found == nullptr) {
    return fail(ErrorCode::NotFound,
                QStringLiteral("The vendor publishes no release \"%1\" for this device.").arg(text));
  }
  return *found;
}

// `before` is set when the plan of an interrupted job is made again: then that state of the device counts.
Result<UpdateService::Prepared> UpdateService::prepare(const QString& deviceId, const Choice& choose,
                                                       const std::optional<DeviceSnapshot>& before,
                                                       const CancelToken& cancel) {
  Prepared prepared;
  std::optional<Error> refreshProblem;
  if (const std::optional<KnownDevice> known = devices_.find(deviceId);
      known && !known->vendorId.isEmpty() && !before) {
    if (Result<VendorView> refreshed = vendors_.refresh(known->vendorId, cancel); !refreshed) {
      refreshProblem = refreshed.error();
    }
    SEALIFT_CHECK(cancel.check());
  }
  if (before) {
    const std::optional<KnownDevice> known = devices_.find(deviceId);
    if (!known) {
      return fail(ErrorCode::NotFound, QStringLiteral("There is no device \"%1\" any more.").arg(deviceId));
    }
    prepared.device = *known;
  } else {
    const std::optional<KnownDevice> wanted = devices_.find(deviceId);
    Result<KnownDevice> seen = devices_.look(deviceId, cancel);
    if (!seen && seen.error().code == ErrorCode::DeviceNotRecognised && refreshProblem) {
      return fail(*refreshProblem);  // why its model isn't known: what the vendor serves was not accepted
    }
    SEALIFT_TRY(prepared.device, std::move(seen));
    if (wanted && wanted->snapshot && prepared.device.id != wanted->id) {
      return fail(ErrorCode::DeviceChanged, QStringLiteral("%1 answers at %2 instead of %3.")
                                                .arg(prepared.device.id, wanted->address.toString(), wanted->id));
    }
  }
  const KnownDevice& device = prepared.device;
  SEALIFT_TRY(prepared.driven, devices_.drive(device));
  const DeviceSnapshot& snapshot = before ? *before : *device.snapshot;
  SEALIFT_TRY(const Release release, choose(device));
  PlanRequest request;
  request.deviceId = device.id;
  request.deviceName = device.givenName.isEmpty() ? prepared.driven.model.name : device.givenName;
  request.address = device.address;
  request.model = prepared.driven.model;
  request.device = snapshot;
  request.capabilities = prepared.driven.entry->capabilities;
  request.release = release;
  request.language = core_.language;
  request.highestSecurityVersionSeen = devices_.highestSecurityVersionSeen(device.id);
  request.refreshProblem = refreshProblem;
  SEALIFT_TRY(prepared.made, makePlan(request, *prepared.driven.repository, *core_.clock, cancel));
  return prepared;
}

Result<UpdateService::Prepared> UpdateService::prepareAsked(const QString& deviceId, const QString& release,
                                                            const CancelToken& cancel) {
  Result<Prepared> prepared = prepare(deviceId, offeredOr(release), std::nullopt, cancel);
  if (!prepared && isRefusal(prepared.error().code)) {
    const std::optional<KnownDevice> device = devices_.find(deviceId);
    SEALIFT_CHECK(core_.record(
        {.event = AuditEvent::UpdateRefused,
         .actor = {},
         .subject = {QStringLiteral("device"), device ? device->id : deviceId, device ? device->givenName : QString()},
         .outcome = AuditOutcome::Refused,
         .code = errorCodeName(prepared.error().code),
         .message = prepared.error().message(),
         .details = {}}));
  }
  return prepared;
}

Status UpdateService::recordPlan(const Plan& plan) {
  const QByteArray json = QJsonDocument(plan.toJson()).toJson(QJsonDocument::Compact);
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(
      PlanTable(*core_.database)
          .insert({.digest = plan.digest(), .deviceId = plan.deviceId, .json = json, .madeMs = core_.nowMs()}));
  const QString actor = core_.operatorName();
  SEALIFT_CHECK(core_.audit->append(
      transaction,
      {.event = AuditEvent::PlanMade,
       .actor = actor,
       .subject = subjectOf(plan),
       .outcome = plan.allowed() ? AuditOutcome::Ok : AuditOutcome::Refused,
       .code = {},
       .message = QStringLiteral("%1 → %2").arg(plan.fromVersion(), plan.release.terms.version.toString()),
       .details = {{QStringLiteral("plan"), plan.digest()}, {QStringLiteral("image"), plan.release.sha256}}}));
  for (const Check& check : plan.checks) {
    SEALIFT_CHECK(core_.audit->append(transaction, entryFor(check, subjectOf(plan), actor)));
  }
  return transaction.commit();
}

Result<PlanView> UpdateService::plan(const QString& deviceId, const QString& release, const CancelToken& cancel) {
  SEALIFT_TRY(const Prepared prepared, prepareAsked(deviceId, release, cancel));
  const Plan& plan = prepared.made.plan;
  SEALIFT_CHECK(recordPlan(plan));
  {
    const std::scoped_lock lock(mutex_);
    const QString key = plan.deviceId + u' ' + plan.release.id();
    if (const Check* failed = firstFailure(plan.checks)) {
      refusals_.insert(key, errorOf(*failed));
    } else {
      refusals_.remove(key);
    }
  }
  signals_.deviceChanged(plan.deviceId);
  return view(prepared);
}

PlanView UpdateService::view(const Prepared& prepared) const {
  const Plan& plan = prepared.made.plan;
  PlanView view;
  view.digest = plan.digest();
  view.deviceId = plan.deviceId;
  view.deviceName = plan.deviceName;
  view.modelLine = plan.device.hardwareRevision.isEmpty()
                       ? plan.model.name
                       : QStringLiteral("%1 rev %2").arg(plan.model.name, plan.device.hardwareRevision);
  view.fromVersion = plan.fromVersion();
  view.toVersion = plan.release.terms.version.toString();
  view.severity = plan.release.severity;
  view.released = plan.release.released;
  view.restartNeeded = plan.release.restart;
  view.notesMarkdown = plan.notesMarkdown;
  view.notesHash = plan.notesHash;
  view.checks = plan.checks;
  view.allowed = plan.allowed();
  view.transferText = QStringLiteral("%1 (full image)").arg(downloadSize(plan.release.terms.bytes));
  view.durationText = durationText(plan);
  view.fallbackText = plan.canFallBack
                          ? QStringLiteral("device returns to %1 by itself").arg(plan.fromVersion())
                          : QStringLiteral("there is no second slot: the update must be repeated until it succeeds");
  view.releaseId = plan.release.id();
  view.json = plan.toJson();
  return view;
}

// Consent and start ---------------------------------------------------------------------------

Result<QString> UpdateService::insertJob(const Plan& plan, const ConsentGiven& consent, const QDateTime& startAt) {
  const QString id = QUuid::createUuid().toString(QUuid::WithoutBraces);
  const QString actor = core_.operatorName();
  const QJsonObject summary{
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
      {QStringLiteral("startAt"), startAt.isValid() ? startAt.toUTC().toString(Qt::ISODateWithMs) : QString()},
  };
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
                               .withdrawnMs = std::nullopt}));
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

Result<QString> UpdateService::apply(const QString& deviceId, const ConsentGiven& consent, const QDateTime& startAt,
                                     const CancelToken& cancel) {
  const auto prepared = std::make_shared<Prepared>();
  SEALIFT_TRY(*prepared, prepareAsked(deviceId, consent.release, cancel));
  const Plan& plan = prepared->made.plan;
  if (!plan.allowed()) {
    return refuse(plan, consent);
  }
  const auto refuseConsent = [&](ErrorCode code, const QString& what) -> Result<QString> {
    const Error error = makeError(code, what);
    SEALIFT_CHECK(core_.record(
        {.event = AuditEvent::UpdateRefused,
         .actor = {},
         .subject = subjectOf(plan),
         .outcome = AuditOutcome::Refused,
         .code = errorCodeName(code),
         .message = what,
         .details = {{QStringLiteral("plan"), plan.digest()}, {QStringLiteral("agreed"), consent.planDigest}}}));
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
  if (startAt.isValid()) {
    SEALIFT_TRY(const QString id, insertJob(plan, consent, startAt));
    signals_.jobsChanged();
    return id;
  }
  AddressGate::Guard guard = core_.gate.tryEnter(prepared->device.address.toString());
  if (!guard) {
    return fail(ErrorCode::DeviceBusy, QStringLiteral("The device is being worked on."));
  }
  SEALIFT_TRY(const QString id, insertJob(plan, consent, {}));
  launch(id, prepared, /*settle=*/false, std::move(guard));
  return id;
}

void UpdateService::launch(const QString& jobId, std::shared_ptr<Prepared> prepared, bool settle,
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
    live.view.startedAt = core_.clock->nowUtc();
    live.view.statusText = QStringLiteral("Checking");
    live.view.tone = Tone::Accent;
    live.view.detail.clear();
  }
  signals_.jobsChanged();
  const auto held = std::make_shared<AddressGate::Guard>(std::move(guard));
  core_.jobPool.start([this, jobId, prepared, settle, cancel, held] {
    const Plan& plan = prepared->made.plan;
    Journal journal(*core_.database, *core_.audit, *core_.clock, jobId, subjectOf(plan), core_.operatorName());
    JobRunner::Observer observer;
    observer.stage = [this, jobId](Stage stage) {
      update(
          jobId, [&](JobView& view) { enterStage(view, stage); }, /*always=*/true);
    };
    observer.progress = [this, jobId](const ProgressUpdate& progress) {
      update(
          jobId, [&](JobView& view) { showProgress(view, progress); }, /*always=*/false);
    };
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
    if (report.device) {
      devices_.recordSnapshot(plan.deviceId, *report.device);
    }
    finish(jobId, report);
  });
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
  for (const auto& waiter : waiters) {
    waiter->addResult(ended);
    waiter->finish();
  }
}

// Interrupted and scheduled jobs --------------------------------------------------------------

Result<QString> UpdateService::resume(const QString& jobId) {
  SEALIFT_TRY(const std::optional<JobRow> row, JobTable(*core_.database).find(jobId));
  if (!row) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no job \"%1\".").arg(jobId));
  }
  if (!row->outcome.isEmpty() && row->outcome != outcomeName(Outcome::Unknown) &&
      row->outcome != outcomeName(Outcome::Failed)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The job has ended: %1.").arg(row->outcome));
  }
  const QJsonObject summary = QJsonDocument::fromJson(row->summary).object();
  const DeviceSnapshot before = deviceFromJson(summary[QStringLiteral("before")].toObject());
  const auto prepared = std::make_shared<Prepared>();
  SEALIFT_TRY(*prepared, prepare(row->deviceId, releaseOf(*row), before, core_.closing));
  const Plan& plan = prepared->made.plan;
  SEALIFT_CHECK(checkStillAgreed(plan, row->planDigest));
  AddressGate::Guard guard = core_.gate.tryEnter(prepared->device.address.toString());
  if (!guard) {
    return fail(ErrorCode::DeviceBusy, QStringLiteral("The device is being worked on."));
  }
  launch(jobId, prepared, /*settle=*/true, std::move(guard));
  return jobId;
}

// The same unit, from the same firmware, to the same bytes, with the same notes, and nothing stands against it
// now. What an answer was then may have changed by itself: the vendor can be reached again, support has ended.
Status UpdateService::checkStillAgreed(const Plan& plan, const QString& agreedDigest) const {
  if (const Check* failed = firstFailure(plan.checks)) {
    return fail(errorOf(*failed));
  }
  if (plan.digest() == agreedDigest) {
    return {};
  }
  SEALIFT_TRY(const std::optional<PlanRow> agreed, PlanTable(*core_.database).find(agreedDigest));
  const QJsonObject then = agreed ? QJsonDocument::fromJson(agreed->json).object() : QJsonObject();
  const QJsonObject now = plan.toJson();
  for (const QString& part : {QStringLiteral("device"), QStringLiteral("from"), QStringLiteral("to"),
                              QStringLiteral("notesHash"), QStringLiteral("canFallBack")}) {
    if (then[part] != now[part]) {
      return fail(ErrorCode::ConsentPlanChanged,
                  QStringLiteral("Something that was agreed to has changed since the job began."));
    }
  }
  return {};
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
  const auto prepared = std::make_shared<Prepared>();
  Result<Prepared> made = prepare(scheduled->deviceId, releaseOf(**row), std::nullopt, core_.closing);
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
  AddressGate::Guard guard = core_.gate.tryEnter(prepared->device.address.toString());
  if (!guard) {
    stop(Outcome::Failed, makeError(ErrorCode::DeviceBusy, QStringLiteral("The device was being worked on.")));
    return;
  }
  launch(jobId, prepared, /*settle=*/false, std::move(guard));
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

// Offers --------------------------------------------------------------------------------------

std::optional<Release> UpdateService::offerFor(const KnownDevice& device) const {
  const std::shared_ptr<VendorRepository> repository = vendors_.repository(device.vendorId);
  if (!repository || !device.snapshot) {
    return std::nullopt;
  }
  const VendorContents contents = repository->contents();
  const ModelDescription* model = contents.model(device.modelId);
  if (model == nullptr) {
    return std::nullopt;
  }
  DeferralTable deferrals(*core_.database);
  return chooseRelease(contents, *model, *device.snapshot, [&](const Release& release) {
    const Result<std::optional<DeferralRow>> row = deferrals.find(DeferralScope::Device, device.id, release.targetPath);
    return row && *row && (*row)->kind == DeferralKind::Skip && (*row)->imageHash == release.sha256;
  });
}

std::optional<Error> UpdateService::refusalOf(const QString& deviceId, const QString& releaseId) const {
  const std::scoped_lock lock(mutex_);
  const auto it = refusals_.find(deviceId + u' ' + releaseId);
  return it == refusals_.end() ? std::nullopt : std::optional(*it);
}

std::optional<QDateTime> UpdateService::remindAt(const QString& deviceId, const Release& release) const {
  const Result<std::optional<DeferralRow>> row =
      DeferralTable(*core_.database).find(DeferralScope::Device, deviceId, release.targetPath);
  if (!row || !*row || (*row)->kind != DeferralKind::Remind || !(*row)->untilMs) {
    return std::nullopt;
  }
  return QDateTime::fromMSecsSinceEpoch(*(*row)->untilMs, Qt::UTC);
}

std::optional<Release> UpdateService::releaseById(const QString& releaseId) const {
  for (const std::shared_ptr<VendorRepository>& repository : vendors_.repositories()) {
    const VendorContents contents = repository->contents();
    for (const Release& release : contents.releases) {
      if (release.id() == releaseId) {
        return release;
      }
    }
  }
  return std::nullopt;
}

Status UpdateService::remindLater(const QString& deviceId, const QString& releaseId, const QDateTime& when) {
  const std::optional<Release> release = releaseById(releaseId);
  if (!release) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no release \"%1\".").arg(releaseId));
  }
  SEALIFT_CHECK(DeferralTable(*core_.database)
                    .set({.scope = DeferralScope::Device,
                          .scopeId = deviceId,
                          .releasePath = release->targetPath,
                          .version = release->terms.version.toString(),
                          .imageHash = release->sha256,
                          .kind = DeferralKind::Remind,
                          .untilMs = when.toMSecsSinceEpoch(),
                          .madeMs = core_.nowMs()}));
  SEALIFT_CHECK(
      core_.record({.event = AuditEvent::ReleaseDeferred,
                    .actor = {},
                    .subject = {QStringLiteral("device"), deviceId, {}},
                    .outcome = AuditOutcome::Recorded,
                    .code = {},
                    .message = QStringLiteral("%1, remind again %2")
                                   .arg(release->terms.version.toString(), when.toUTC().toString(Qt::ISODate)),
                    .details = {{QStringLiteral("release"), releaseId}}}));
  signals_.deviceChanged(deviceId);
  return {};
}

Status UpdateService::skip(const QString& deviceId, const QString& releaseId, bool skip) {
  const std::optional<Release> release = releaseById(releaseId);
  if (!release) {
    return fail(ErrorCode::NotFound, QStringLiteral("There is no release \"%1\".").arg(releaseId));
  }
  DeferralTable table(*core_.database);
  if (skip) {
    SEALIFT_CHECK(table.set({.scope = DeferralScope::Device,
                             .scopeId = deviceId,
                             .releasePath = release->targetPath,
                             .version = release->terms.version.toString(),
                             .imageHash = release->sha256,
                             .kind = DeferralKind::Skip,
                             .untilMs = std::nullopt,
                             .madeMs = core_.nowMs()}));
  } else {
    SEALIFT_CHECK(table.remove(DeferralScope::Device, deviceId, release->targetPath));
  }
  SEALIFT_CHECK(core_.record({.event = skip ? AuditEvent::ReleaseSkipped : AuditEvent::ReleaseUnskipped,
                              .actor = {},
                              .subject = {QStringLiteral("device"), deviceId, {}},
                              .outcome = AuditOutcome::Recorded,
                              .code = {},
                              .message = release->terms.version.toString(),
                              .details = {{QStringLiteral("release"), releaseId}}}));
  signals_.deviceChanged(deviceId);
  return {};
}

}  // namespace sealift
