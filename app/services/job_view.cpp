#include "app/services/job_view.h"

#include <QJsonDocument>
#include <QLocale>

namespace sealift {
namespace {

QString cancelEffectIn(Stage stage) {
  switch (stage) {
    case Stage::Check:
      return QStringLiteral("Nothing was written yet. The device is not affected.");
    case Stage::Transfer:
    case Stage::Verify:
      return QStringLiteral("The device goes on with its old firmware; only its spare slot was written.");
    case Stage::Activate:
      return QStringLiteral("The mark for the trial start is taken back; the device goes on with its old firmware.");
    case Stage::Restart:
    case Stage::Confirm:
      return QStringLiteral(
          "The new firmware is on trial. The device is restarted until it is back on its old firmware.");
  }
  return {};
}

QString nextStepFor(Outcome outcome, const std::optional<Error>& error) {
  switch (outcome) {
    case Outcome::Succeeded:
      return {};
    case Outcome::Reverted:
      return QStringLiteral("The device works as before. Tell the vendor; wait for another release.");
    case Outcome::Unknown:
      return QStringLiteral("Power the device off and on and look at it again: then the job is settled.");
    case Outcome::Cancelled:
      return QStringLiteral("Start the update again when it suits.");
    case Outcome::Refused:
    case Outcome::Failed:
      break;
  }
  return error ? error->remedy : QString();
}

QString stageStatus(Stage stage) {
  constexpr const char* kWords[] = {"Checking",   "Transferring",        "Verifying",
                                    "Activating", "Waiting for restart", "Confirming"};
  return QString::fromLatin1(kWords[static_cast<int>(stage)]);
}

}  // namespace

Badge outcomeBadge(Outcome outcome) {
  switch (outcome) {
    case Outcome::Succeeded:
      return {Tone::Good, QStringLiteral("Succeeded")};
    case Outcome::Reverted:
      return {Tone::Warning, QStringLiteral("Reverted")};
    case Outcome::Refused:
      return {Tone::Bad, QStringLiteral("Refused")};
    case Outcome::Failed:
      return {Tone::Bad, QStringLiteral("Failed")};
    case Outcome::Cancelled:
      return {Tone::Neutral, QStringLiteral("Cancelled")};
    case Outcome::Unknown:
      break;
  }
  return {Tone::Warning, QStringLiteral("Unknown")};
}

JobView jobViewFrom(const JobRow& row) {
  const QJsonObject summary = QJsonDocument::fromJson(row.summary).object();
  JobView view;
  view.id = row.id;
  view.deviceId = row.deviceId;
  view.deviceName = summary[QStringLiteral("deviceName")].toString();
  view.fromVersion = summary[QStringLiteral("from")].toString();
  view.toVersion = summary[QStringLiteral("to")].toString();
  view.bytesTotal = summary[QStringLiteral("bytes")].toInteger();
  view.consentBy = summary[QStringLiteral("consentBy")].toString();
  view.startedAt = QDateTime::fromMSecsSinceEpoch(row.startedMs, Qt::UTC);
  view.stage = stageFromName(row.stage).value_or(Stage::Check);
  if (const std::optional<Outcome> outcome = outcomeFromName(row.outcome)) {
    std::optional<Error> error;
    if (const std::optional<ErrorCode> code = errorCodeFromName(row.errorCode)) {
      error =
          makeError(*code, summary[QStringLiteral("error")].toString(), summary[QStringLiteral("remedy")].toString());
    }
    showEnd(view, *outcome, view.stage, error, summary[QStringLiteral("message")].toString(),
            QDateTime::fromMSecsSinceEpoch(row.endedMs.value_or(row.startedMs), Qt::UTC));
  } else if (row.state == QLatin1String("waiting") || row.state == QLatin1String("scheduled") ||
             row.state == QLatin1String("paused")) {
    // The scheduler says more as soon as it has looked.
    showWaiting(view, {.paused = row.state == QLatin1String("paused"),
                       .due = row.state == QLatin1String("waiting"),
                       .kind = row.state == QLatin1String("scheduled") ? JobSchedule::Kind::At : JobSchedule::Kind::Now,
                       .next = QDateTime::fromString(summary[QStringLiteral("startAt")].toString(), Qt::ISODateWithMs),
                       .reason = {}});
  } else {
    view.state = JobState::Running;
    view.interrupted = true;
    view.statusText = QStringLiteral("Interrupted");
    view.tone = Tone::Warning;
    view.detail = QStringLiteral("Sealift ended in the middle of this job. It goes on when the device is seen.");
  }
  return view;
}

void showBegin(JobView& view, const QDateTime& now) {
  view.state = JobState::Running;
  view.outcome.reset();
  view.error.reset();
  view.nextStep.clear();
  view.waitsFor.clear();
  view.startsAt = {};
  view.stage = Stage::Check;
  view.fraction = 0.0;
  view.cancellable = true;
  view.irrevocable = false;
  view.interrupted = false;
  view.retryable = false;
  view.cancelEffect = cancelEffectIn(Stage::Check);
  view.startedAt = now;
  view.statusText = QStringLiteral("Checking");
  view.tone = Tone::Accent;
  view.detail.clear();
}

void showWaiting(JobView& view, const WaitingState& state) {
  const bool retries = state.attempts > 0 && state.notBefore > 0;
  const bool scheduled = !state.due && !retries && (state.kind != JobSchedule::Kind::Now || state.next.isValid()) &&
                         state.kind != JobSchedule::Kind::Idle;
  view.state = state.paused ? JobState::Paused : scheduled ? JobState::Scheduled : JobState::Waiting;
  view.outcome.reset();
  view.stage = Stage::Check;
  view.fraction = 0.0;
  view.tone = Tone::Neutral;
  view.cancellable = true;
  view.irrevocable = false;
  view.cancelEffect = cancelEffectIn(Stage::Check);
  view.schedule = scheduleKindName(state.kind);
  view.startsAt = state.next;
  view.waitsFor = state.reason;
  view.priority = state.priority;
  view.attempts = state.attempts;
  view.mostAttempts = state.mostAttempts;
  switch (view.state) {
    case JobState::Paused:
      view.statusText = QStringLiteral("Paused");
      break;
    case JobState::Scheduled:
      view.statusText = state.next.isValid() ? QLocale().toString(state.next.toLocalTime(), QLocale::ShortFormat)
                        : state.kind == JobSchedule::Kind::Connect ? QStringLiteral("When it is connected")
                                                                   : QStringLiteral("Scheduled");
      break;
    default:
      view.statusText = retries && state.next.isValid() ? QStringLiteral("Tries again") : QStringLiteral("Waiting");
      break;
  }
  QStringList sentences;
  if (view.error && retries) {
    sentences << view.error->what;
  }
  const bool itsTimeSaysAll = state.kind == JobSchedule::Kind::At && view.state == JobState::Scheduled;
  if (!state.reason.isEmpty() && !itsTimeSaysAll) {
    sentences << QStringLiteral("Waits: %1.").arg(state.reason);
  }
  if (view.state == JobState::Scheduled) {
    sentences << QStringLiteral("Starts by itself while Sealift is open; all checks run again then.");
  }
  view.detail = sentences.join(u' ');
}

void enterStage(JobView& view, Stage stage) {
  view.stage = stage;
  view.statusText = stageStatus(stage);
  if (!view.irrevocable) {
    view.cancelEffect = cancelEffectIn(stage);
  }
  view.bytesPerSecond = 0.0;
  view.secondsLeft = -1.0;
  view.detail.clear();
}

void passPointOfNoReturn(JobView& view) {
  view.irrevocable = true;
  view.cancellable = false;
  view.cancelEffect =
      QStringLiteral("The firmware is being replaced in place: stopping now would leave the device without any.");
  view.detail.clear();
}

void showProgress(JobView& view, const ProgressUpdate& progress) {
  view.fraction = progress.fraction;
  if (progress.bytesTotal > 0) {
    view.bytesDone = progress.bytesDone;
    view.bytesTotal = progress.bytesTotal;
    view.bytesPerSecond = progress.bytesPerSecond;
    view.secondsLeft = progress.secondsLeft;
  } else if (!progress.phase.isEmpty() && (view.cancellable || view.irrevocable)) {
    view.detail = progress.phase;
  }
}

void showEnd(JobView& view, Outcome outcome, Stage stage, const std::optional<Error>& error, const QString& message,
             const QDateTime& endedAt) {
  view.state = JobState::Finished;
  view.stage = stage;
  view.outcome = outcome;
  view.error = error;
  const Badge badge = outcomeBadge(outcome);
  view.statusText = outcome == Outcome::Reverted ? QStringLiteral("Reverted to %1").arg(view.fromVersion) : badge.text;
  view.tone = badge.tone;
  view.detail = message;
  view.nextStep = nextStepFor(outcome, error);
  view.retryable = outcome == Outcome::Failed;
  view.waitsFor.clear();
  view.endedAt = endedAt;
  view.fraction = 1.0;
  view.cancellable = false;
  view.irrevocable = false;
  view.cancelEffect.clear();
  view.bytesPerSecond = 0.0;
  view.secondsLeft = -1.0;
}

HistoryItem historyItem(const JobView& view) {
  HistoryItem item;
  item.time = view.endedAt;
  item.jobId = view.id;
  item.outcome = outcomeBadge(*view.outcome);
  const bool done = view.outcome == Outcome::Succeeded;
  item.what = QStringLiteral("%1 %2 → %3")
                  .arg(done ? QStringLiteral("Updated") : QStringLiteral("Update"), view.fromVersion, view.toVersion);
  item.consent = view.consentBy.isEmpty() ? QString() : QStringLiteral("consent given by %1").arg(view.consentBy);
  return item;
}

QString journalLine(const JournalRow& row) {
  const QJsonObject detail = QJsonDocument::fromJson(row.detail).object();
  QString text;
  if (row.phase == JournalPhase::Intent) {
    text = QStringLiteral("began");
  } else if (detail[QStringLiteral("ok")].toBool()) {
    text = QStringLiteral("done");
    for (const QString& key : {QStringLiteral("method"), QStringLiteral("detail")}) {
      if (detail.contains(key)) {
        text += QStringLiteral(" (%1)").arg(detail[key].toString());
      }
    }
  } else {
    text = QStringLiteral("failed: %1 [%2]")
               .arg(detail[QStringLiteral("error")].toString(), detail[QStringLiteral("code")].toString());
  }
  QString line = QStringLiteral("%1  %2: %3")
                     .arg(QDateTime::fromMSecsSinceEpoch(row.timeMs, Qt::UTC)
                              .toLocalTime()
                              .toString(QStringLiteral("hh:mm:ss.zzz")),
                          row.step, text);
  const QString notes = detail[QStringLiteral("notes")].toString().trimmed();
  for (const QString& note : notes.split(u'\n', Qt::SkipEmptyParts)) {
    line += QStringLiteral("\n    ") + note;
  }
  return line;
}

}  // namespace sealift
