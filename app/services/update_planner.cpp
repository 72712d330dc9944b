#include "app/services/update_planner.h"

#include "app/base/size_text.h"
#include "app/base/time_text.h"
#include "app/services/proven_entry.h"
#include "app/services/refusal.h"
#include "app/store/plan_table.h"
#include "app/update/retry_policy.h"
#include "devices/core/device_json.h"

#include <QJsonDocument>

namespace sealift {
namespace {

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

QString durationText(const Plan& plan) {
  const int seconds = plan.expectedSeconds;
  const QString total = seconds < 90 ? QStringLiteral("about %1 s").arg(seconds)
                                     : QStringLiteral("about %1 min").arg((seconds + 30) / 60);
  return plan.release.offlineSeconds > 0
             ? QStringLiteral("%1, %2 s offline").arg(total).arg(plan.release.offlineSeconds)
             : total;
}

}  // namespace

AuditSubject subjectOf(const Plan& plan) {
  return {QStringLiteral("device"), plan.deviceId, plan.deviceName};
}

Error errorOf(const Check& failed) {
  return makeError(errorCodeFromName(failed.code).value_or(ErrorCode::Internal), failed.detail, failed.remedy);
}

QString idleProblem(const Plan& plan) {
  return plan.device.idle ? QString()
                          : QStringLiteral("This device, or its driver, does not tell whether it has something to do.");
}

UpdatePlanner::Choice UpdatePlanner::choiceOf(const UpdateWish& wish) const {
  const auto choose = [this, release = wish.release](const KnownDevice& device) -> Result<Release> {
    if (!release.isEmpty()) {
      return offers_.find(device, release);
    }
    if (const std::optional<Release> offer = offers_.offerFor(device)) {
      return *offer;
    }
    return fail(ErrorCode::UpToDate, QStringLiteral("There is no newer release for this device."));
  };
  return {choose, wish.eraseEverything, wish.asLastSeen, wish.again, wish.downgradeReason, {}};
}

// Who agreed to a job's downgrade stands in the audit log, which nobody edits unseen; the job's own row is not asked.
Result<QString> UpdatePlanner::recordedAgreement(const JobRow& job) const {
  constexpr int kLookedAt = 100;  // the agreement is among the device's newest
  AuditSelection selection;
  selection.event = auditEventName(AuditEvent::DowngradeAgreed);
  selection.subjectId = job.deviceId;
  SEALIFT_TRY(const QList<AuditRecord> records, AuditQuery(*core_.database).newestPage(selection, kLookedAt));
  for (const AuditRecord& record : records) {
    if (record.details[QStringLiteral("plan")].toString() == job.planDigest) {
      SEALIFT_CHECK(proveEntry(core_, record));
      return record.details[QStringLiteral("agreedBy")].toString();
    }
  }
  return fail(ErrorCode::PolicyDowngrade,
              QStringLiteral("The audit log tells of nobody who agreed to this downgrade."));
}

Result<UpdatePlanner::Choice> UpdatePlanner::wishOf(const JobRow& job) const {
  const QJsonObject summary = QJsonDocument::fromJson(job.summary).object();
  const auto choose = [this, summary](const KnownDevice&) -> Result<Release> {
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
  Choice choice{choose, summary[QStringLiteral("eraseEverything")].toBool(), false,
                summary[QStringLiteral("again")].toBool()};
  if (summary.contains(QStringLiteral("downgradeReason"))) {
    choice.downgradeReason = summary[QStringLiteral("downgradeReason")].toString();
    SEALIFT_TRY(choice.downgradeAgreedBy, recordedAgreement(job));
  }
  return choice;
}

Result<PreparedUpdate> UpdatePlanner::prepare(const QString& deviceId, const Choice& choose,
                                              const std::optional<DeviceSnapshot>& before, const CancelToken& cancel) {
  PreparedUpdate prepared;
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
    if (!seen && choose.asLastSeen && wanted && wanted->snapshot && canHeal(seen.error())) {
      seen = *wanted;  // it is looked at again before anything begins
    }
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
  SEALIFT_TRY(const Release release, choose.release(device));
  PlanRequest request;
  request.deviceId = device.id;
  request.deviceName = device.givenName.isEmpty() ? prepared.driven.model.name : device.givenName;
  request.address = device.address;
  request.model = prepared.driven.model;
  request.device = snapshot;
  request.device.readProtected = snapshot.readProtected || devices_.wasProtected(device.id);
  request.capabilities = prepared.driven.driver->capabilities();
  request.release = release;
  request.language = core_.language;
  SEALIFT_TRY(request.highestSecurityVersionSeen, devices_.securityFloor().highest(device.id));
  if (choose.downgradeReason) {
    SEALIFT_TRY(const PolicyView policy, offers_.rules().policy.current());
    KnownDevice asPlanned = device;
    asPlanned.snapshot = snapshot;
    // What was begun was allowed then, and is not left half done for having been forbidden since.
    request.downgrade = DowngradeTerms{.allowedHere = policy.downgradeAllowed || before.has_value(),
                                       .reason = choose.downgradeReason->simplified(),
                                       .running = offers_.runningTerms(asPlanned),
                                       .agreedBy = choose.downgradeAgreedBy};
  }
  request.eraseEverything = choose.eraseEverything;
  request.refreshProblem = refreshProblem;
  SEALIFT_TRY(prepared.made, makePlan(request, *prepared.driven.repository, *core_.clock, cancel));
  if (!before) {  // a job that was begun is carried on, whatever was decided since
    addStationChecks(prepared, choose.again);
  }
  if (const std::optional<QString> twin = devices_.twinOf(device)) {
    prepared.made.plan.checks << Check::warning(
        QStringLiteral("unique-serial"), QStringLiteral("Another device has this serial number"),
        QStringLiteral("It is connected at %1; this update is for the one at %2.")
            .arg(*twin, device.address.toString()));
  }
  if (const std::optional<Check> power = checkHostPower(core_.power())) {
    prepared.made.plan.checks << *power;
  }
  return prepared;
}

// What this station remembers of the release and of the device.
void UpdatePlanner::addStationChecks(PreparedUpdate& prepared, bool again) const {
  QList<Check>& checks = prepared.made.plan.checks;
  const Release& release = prepared.made.plan.release;
  const StationRules& rules = offers_.rules();
  checks += rules.releases.checks(prepared.device.id, release);
  checks << rules.trouble.check(release);
  const QString triedId = QStringLiteral("tried-before");
  const Result<std::optional<JobRow>> returned = rules.trouble.returnOf(prepared.device.id, release.id());
  if (!returned) {
    checks << Check::failed(triedId, QStringLiteral("It can't be told how it went before"), returned.error());
  } else if (*returned) {
    const QString title = QStringLiteral("The device went back from this release before");
    const QString what = QStringLiteral(
                             "On %1 it was installed, and the device returned by itself before it was confirmed "
                             "(reverted, job %2).")
                             .arg(timeText((*returned)->endedMs.value_or((*returned)->startedMs)), (*returned)->id);
    checks << (again ? Check::warning(triedId, title, what)
                     : Check::failed(triedId, title, makeError(ErrorCode::PolicyTriedBefore, what)));
  }
  if (const auto fall = devices_.securityFloor().fallOf(prepared.device.id); fall && *fall) {
    checks << Check::warning(QStringLiteral("counter-fell"), QStringLiteral("The rollback counter went down"),
                             SecurityFloor::textOf(**fall));
  }
}

Result<PreparedUpdate> UpdatePlanner::prepareAsked(const QString& deviceId, const UpdateWish& wish,
                                                   const CancelToken& cancel) {
  Result<PreparedUpdate> prepared = prepare(deviceId, choiceOf(wish), std::nullopt, cancel);
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

Status UpdatePlanner::record(const Plan& plan) {
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
       .message = QStringLiteral("%1%2 → %3")
                      .arg(plan.downgrade ? QStringLiteral("Downgrade ") : QString(), plan.fromVersion(),
                           plan.release.terms.version.toString()),
       .details = {{QStringLiteral("plan"), plan.digest()}, {QStringLiteral("image"), plan.release.sha256}}}));
  for (const Check& check : plan.checks) {
    SEALIFT_CHECK(core_.audit->append(transaction, entryFor(check, subjectOf(plan), actor)));
  }
  return transaction.commit();
}

PlanView UpdatePlanner::view(const PreparedUpdate& prepared) const {
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
  view.downloadText = plan.delivery.download;
  view.transferText = plan.delivery.send;
  view.durationText = durationText(plan);
  view.fallbackText = plan.canFallBack
                          ? QStringLiteral("device returns to %1 by itself").arg(plan.fromVersion())
                          : QStringLiteral("there is no second slot: the update must be repeated until it succeeds");
  view.releaseId = plan.release.id();
  view.idleProblem = idleProblem(plan);
  view.deferrableUntil = plan.release.deferrableUntil;
  const auto fails = [&](ErrorCode code) {
    return std::any_of(plan.checks.begin(), plan.checks.end(), [&](const Check& check) {
      return check.state == CheckState::Failed && check.code == errorCodeName(code);
    });
  };
  const auto onlyFails = [&](ErrorCode code) {
    return fails(code) && std::none_of(plan.checks.begin(), plan.checks.end(), [&](const Check& check) {
             return check.state == CheckState::Failed && check.code != errorCodeName(code);
           });
  };
  view.needsErase = onlyFails(ErrorCode::DeviceProtected);
  view.needsAgain = onlyFails(ErrorCode::PolicyTriedBefore);
  view.paused = fails(ErrorCode::PolicyReleaseTrouble);
  view.isDowngrade = plan.downgrade.has_value();
  view.downgradeReason = plan.downgrade ? plan.downgrade->reason : QString();
  view.json = plan.toJson();
  return view;
}

// The same unit, from the same firmware, to the same bytes, with the same notes, and nothing stands against it
// now. What an answer was then may have changed by itself: the vendor can be reached again, support has ended.
Status UpdatePlanner::checkStillAgreed(const Plan& plan, const QString& agreedDigest) const {
  if (const Check* failed = firstFailure(plan.checks)) {
    return fail(errorOf(*failed));
  }
  if (plan.digest() == agreedDigest) {
    return {};
  }
  SEALIFT_TRY(const std::optional<PlanRow> agreed, PlanTable(*core_.database).find(agreedDigest));
  const QJsonObject then = agreed ? QJsonDocument::fromJson(agreed->json).object() : QJsonObject();
  const QJsonObject now = plan.toJson();
  for (const QString& part :
       {QStringLiteral("device"), QStringLiteral("from"), QStringLiteral("to"), QStringLiteral("notesHash"),
        QStringLiteral("canFallBack"), QStringLiteral("eraseEverything"), QStringLiteral("downgrade")}) {
    if (then[part] != now[part]) {
      return fail(ErrorCode::ConsentPlanChanged,
                  QStringLiteral("Something that was agreed to has changed since the job began."));
    }
  }
  return {};
}

}  // namespace sealift
