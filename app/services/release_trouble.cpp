#include "app/services/release_trouble.h"

#include "app/base/time_text.h"
#include "app/catalog/release.h"
#include "app/policy/reason.h"
#include "app/store/job_table.h"

#include <QJsonArray>

namespace sealift {
namespace {

constexpr qint64 kMsPerDay = 24LL * 60 * 60 * 1000;

// Before anything was sent, whatever went wrong was not the release's doing.
bool isTrouble(const JobRow& job) {
  return job.outcome == outcomeName(Outcome::Reverted) || job.outcome == outcomeName(Outcome::Unknown) ||
         (job.outcome == outcomeName(Outcome::Failed) && job.stage != stageName(Stage::Check));
}

}  // namespace

Result<std::optional<ReleasePauseRow>> ReleaseTrouble::pauseOf(const QString& releaseId) const {
  SEALIFT_TRY(std::optional<ReleasePauseRow> pause, ReleasePauseTable(*core_.database).find(releaseId));
  if (pause && pause->resumedMs) {
    pause.reset();
  }
  return pause;
}

Result<QList<ReleasePauseRow>> ReleaseTrouble::pauses() const {
  return ReleasePauseTable(*core_.database).listPaused();
}

QString ReleaseTrouble::textOf(const ReleasePauseRow& pause) {
  return QStringLiteral("Release %1 went wrong on %2 devices of the model %3/%4, so it was paused on %5.")
      .arg(pause.version)
      .arg(pause.devices.size())
      .arg(pause.vendorId, pause.modelId, timeText(pause.pausedMs));
}

Check ReleaseTrouble::check(const Release& release) const {
  const QString id = QStringLiteral("release-trouble");
  const QString title = QStringLiteral("Not paused after failures");
  const QString refusal = QStringLiteral("Paused after failures on other devices");
  const Result<std::optional<ReleasePauseRow>> pause = ReleasePauseTable(*core_.database).find(release.id());
  if (!pause) {
    return Check::failed(id, refusal, pause.error());
  }
  if (!*pause) {
    return Check::passed(id, title, QStringLiteral("the release is not known to fail here"));
  }
  if ((*pause)->resumedMs) {
    return Check::passed(id, title,
                         QStringLiteral("resumed by %1 on %2: %3")
                             .arg((*pause)->resumedBy, timeText(*(*pause)->resumedMs), (*pause)->resumeReason));
  }
  return Check::failed(id, refusal,
                       makeError(ErrorCode::PolicyReleaseTrouble, textOf(**pause),
                                 QStringLiteral("Find out why. Then somebody who may resumes it: sealiftctl release "
                                                "resume \"%1\" --reason TEXT.")
                                     .arg(release.id())));
}

Result<std::optional<JobRow>> ReleaseTrouble::returnOf(const QString& deviceId, const QString& releaseId) const {
  SEALIFT_TRY(const QList<JobRow> jobs, JobTable(*core_.database).listEndedOnDevice(deviceId, releaseId));
  std::optional<JobRow> returned;
  for (const JobRow& job : jobs) {
    if (job.outcome == outcomeName(Outcome::Succeeded)) {
      returned.reset();
    } else if (job.outcome == outcomeName(Outcome::Reverted)) {
      returned = job;
    }
  }
  return returned;
}

// The devices that count now, each with the job by which it does.
Result<QHash<QString, QString>> ReleaseTrouble::inTrouble(const QString& releaseId, const QStringList& forgiven,
                                                          qint64 sinceMs) const {
  SEALIFT_TRY(const QList<JobRow> jobs, JobTable(*core_.database).listEndedOfRelease(releaseId, sinceMs));
  QHash<QString, QString> devices;
  for (const JobRow& job : jobs) {
    if (job.outcome == outcomeName(Outcome::Succeeded)) {
      devices.remove(job.deviceId);
    } else if (isTrouble(job) && !forgiven.contains(job.id)) {
      devices.insert(job.deviceId, job.id);
    }
  }
  return devices;
}

Status ReleaseTrouble::noteEnd(Transaction& transaction, const Release& release, Outcome outcome) {
  if (outcome != Outcome::Reverted && outcome != Outcome::Failed && outcome != Outcome::Unknown) {
    return {};
  }
  ReleasePauseTable table(*core_.database);
  SEALIFT_TRY(const std::optional<ReleasePauseRow> before, table.find(release.id()));
  if (before && !before->resumedMs) {
    return {};
  }
  SEALIFT_TRY(const PolicyView policy, policy_.current());
  const QStringList forgiven = before ? before->forgiven : QStringList();
  const qint64 since = core_.nowMs() - policy.troubleDays * kMsPerDay;
  SEALIFT_TRY(const auto troubled, inTrouble(release.id(), forgiven, since));
  QStringList devices = troubled.keys();
  devices.sort();
  if (devices.size() < policy.troubleDevices) {
    return {};
  }
  const ReleasePauseRow pause{.release = release.id(),
                              .vendorId = release.vendorId,
                              .modelId = release.terms.modelId,
                              .version = release.terms.version.toString(),
                              .devices = devices,
                              .pausedMs = core_.nowMs(),
                              .forgiven = forgiven};
  SEALIFT_CHECK(table.set(pause));
  return core_.record(transaction, {.event = AuditEvent::ReleasePaused,
                                    .actor = {},
                                    .subject = {QStringLiteral("release"), release.id(), pause.version},
                                    .outcome = AuditOutcome::Warning,
                                    .code = errorCodeName(ErrorCode::PolicyReleaseTrouble),
                                    .message = textOf(pause),
                                    .details = {{QStringLiteral("devices"), QJsonArray::fromStringList(devices)},
                                                {QStringLiteral("threshold"), policy.troubleDevices},
                                                {QStringLiteral("days"), policy.troubleDays}}});
}

Status ReleaseTrouble::resume(const QString& releaseId, const QString& reason, const QString& actor) {
  SEALIFT_TRY(const QString why, readReason(reason));
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_TRY(std::optional<ReleasePauseRow> pause, pauseOf(releaseId));
  if (!pause) {
    return fail(ErrorCode::NotFound, QStringLiteral("No release \"%1\" is paused.").arg(releaseId),
                QStringLiteral("See which are: sealiftctl release list."));
  }
  pause->resumedMs = core_.nowMs();
  pause->resumedBy = actor;
  pause->resumeReason = why;
  SEALIFT_TRY(const QList<JobRow> jobs, JobTable(*core_.database).listEndedOfRelease(releaseId, 0));
  pause->forgiven.clear();
  for (const JobRow& job : jobs) {
    if (isTrouble(job)) {
      pause->forgiven << job.id;
    }
  }
  SEALIFT_CHECK(ReleasePauseTable(*core_.database).set(*pause));
  SEALIFT_CHECK(
      core_.record(transaction, {.event = AuditEvent::ReleaseResumed,
                                 .actor = actor,
                                 .subject = {QStringLiteral("release"), releaseId, pause->version},
                                 .outcome = AuditOutcome::Ok,
                                 .code = {},
                                 .message = QStringLiteral("%1 is offered again: %2").arg(pause->version, why),
                                 .details = {{QStringLiteral("reason"), why}}}));
  SEALIFT_CHECK(transaction.commit());
  changed_();
  return {};
}

}  // namespace sealift
