#include "ui/views/job_card.h"

#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/pill.h"
#include "ui/widgets/progress_track.h"
#include "ui/widgets/stage_bar.h"
#include "ui/widgets/text_label.h"

#include <QVBoxLayout>

#include <cmath>

namespace sealift {

JobCard::JobCard(const JobView& job, QWidget* parent) : Card({}, parent) {
  body()->setSpacing(space::kM);
  auto* row = new QHBoxLayout;
  row->setSpacing(space::kS);
  device_ = new TextLabel(TextStyle::ControlBold);
  device_->setElided(true);
  device_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
  versions_ = new TextLabel(TextStyle::Body, TextTone::Muted);
  status_ = new Pill;
  status_->setObjectName(QStringLiteral("jobStatus"));
  cancel_ = makeButton(tr("Cancel"), QStringLiteral("jobCancel"), ButtonKind::Secondary, true);
  details_ = makeButton(tr("Details"), QStringLiteral("jobDetails"), ButtonKind::Secondary, true);
  resume_ = makeButton(tr("Look and carry on"), QStringLiteral("jobResume"), ButtonKind::Secondary, true);
  resume_->hide();
  pause_ = makeButton(tr("Pause"), QStringLiteral("jobPause"), ButtonKind::Secondary, true);
  retry_ = makeButton(tr("Try again"), QStringLiteral("jobRetry"), ButtonKind::Secondary, true);
  priority_ = new Pill;
  priority_->setObjectName(QStringLiteral("jobPriority"));
  row->addWidget(device_);
  row->addWidget(versions_);
  row->addStretch(1);
  row->addWidget(priority_);
  row->addWidget(status_);
  row->addWidget(resume_);
  row->addWidget(retry_);
  row->addWidget(pause_);
  row->addWidget(cancel_);
  row->addWidget(details_);
  track_ = new ProgressTrack;
  stages_ = new StageBar;
  line_ = makeWrappedLabel(TextStyle::Small, TextTone::Muted);
  line_->setObjectName(QStringLiteral("jobLine"));
  nextStep_ = makeWrappedLabel(TextStyle::Small);
  nextStep_->setObjectName(QStringLiteral("jobNextStep"));
  body()->addLayout(row);
  body()->addWidget(track_);
  body()->addWidget(stages_);
  body()->addWidget(line_);
  body()->addWidget(nextStep_);
  connect(cancel_, &QPushButton::clicked, this, [this] { Q_EMIT cancelRequested(job_.id); });
  connect(details_, &QPushButton::clicked, this, [this] { Q_EMIT detailsRequested(job_.id); });
  connect(resume_, &QPushButton::clicked, this, [this] { Q_EMIT resumeRequested(job_.id); });
  connect(pause_, &QPushButton::clicked, this,
          [this] { Q_EMIT pauseRequested(job_.id, job_.state != JobState::Paused); });
  connect(retry_, &QPushButton::clicked, this, [this] { Q_EMIT retryRequested(job_.id); });
  showJob(job);
}

void JobCard::showQueue() {
  const bool waits = job_.state == JobState::Waiting || job_.state == JobState::Scheduled;
  const bool paused = job_.state == JobState::Paused;
  pause_->setVisible(waits || paused);
  pause_->setText(paused ? tr("Go on") : tr("Pause"));
  pause_->setAccessibleName(paused ? tr("Let the update of %1 go on").arg(job_.deviceName)
                                   : tr("Pause the update of %1").arg(job_.deviceName));
  const bool betweenAttempts = job_.state == JobState::Waiting && job_.attempts > 0;
  retry_->setVisible(job_.retryable || betweenAttempts);
  retry_->setText(betweenAttempts ? tr("Try now") : tr("Try again"));
  retry_->setAccessibleName(tr("Try the update of %1 again").arg(job_.deviceName));
  const bool urgent = job_.priority > 0 && job_.state != JobState::Finished;  // a badge without words is hidden
  priority_->setBadge({job_.priority > 1 ? Tone::Bad : Tone::Warning, !urgent             ? QString()
                                                                      : job_.priority > 1 ? tr("Critical security fix")
                                                                                          : tr("Security fix")});
  // Nothing was done yet: an empty bar would look like one that is stuck.
  track_->setVisible(!waits && !paused);
}

void JobCard::showTimeLeft(const QDateTime& now) {
  if (job_.state != JobState::Waiting || !job_.startsAt.isValid()) {
    return;
  }
  const qint64 seconds = now.secsTo(job_.startsAt);
  status_->setBadge(
      {job_.tone, seconds > 0 ? tr("Tries again in %1").arg(formatDuration(seconds)) : tr("Tries again")});
}

void JobCard::setResumable(bool resumable) {
  resume_->setVisible(resumable);
  resume_->setAccessibleName(tr("Look at %1 and carry on").arg(job_.deviceName));
}

void JobCard::setResuming(bool resuming) {
  resume_->setEnabled(!resuming);
  resume_->setText(resuming ? tr("Looking\u2026") : tr("Look and carry on"));
}

void JobCard::showJob(const JobView& job) {
  job_ = job;
  setObjectName(QStringLiteral("job-%1").arg(job.id));
  setAccessibleName(QStringLiteral("%1 %2 \u2192 %3").arg(job.deviceName, job.fromVersion, job.toVersion));
  setAccessibleDescription(joinParts({job.statusText, progressLine()}));
  device_->setText(job.deviceName);
  versions_->setText(QStringLiteral("%1 \u2192 %2").arg(job.fromVersion, job.toVersion));
  status_->setBadge({job.tone, job.statusText});
  cancel_->setVisible(job.cancellable);
  cancel_->setAccessibleName(tr("Cancel the update of %1").arg(job.deviceName));
  details_->setAccessibleName(tr("Details of the update of %1").arg(job.deviceName));
  const bool finished = job.state == JobState::Finished;
  // Full only where the job went all the way: to the new version, or there and back.
  const bool whole = job.outcome == Outcome::Succeeded || job.outcome == Outcome::Reverted;
  track_->setProgress(whole ? 1.0 : job.fraction, finished ? job.tone : Tone::Accent);
  track_->setAccessibleName(tr("Progress of %1").arg(job.deviceName));
  stages_->setVisible(job.state == JobState::Running);
  stages_->setStage(job.stage);
  showQueue();
  line_->setText(progressLine());
  line_->setVisible(!line_->text().isEmpty());
  QStringList words;
  if (job.error && finished) {
    words << job.error->what;
  }
  if (!job.nextStep.isEmpty()) {
    words << job.nextStep;
  }
  nextStep_->setText(words.join(QLatin1Char(' ')));
  nextStep_->setVisible(!words.isEmpty());
}

QString JobCard::progressLine() const {
  QStringList parts;
  if (job_.state == JobState::Running && job_.bytesTotal > 0) {
    parts << tr("%1 of %2").arg(formatSize(job_.bytesDone), formatSize(job_.bytesTotal));
    if (job_.bytesPerSecond > 0.0) {
      parts << formatRate(job_.bytesPerSecond);
    }
    if (job_.secondsLeft >= 0.0) {
      parts << tr("about %1 left").arg(formatDuration(std::llround(job_.secondsLeft)));
    }
  }
  if (job_.state == JobState::Finished && job_.endedAt.isValid()) {
    parts << formatDateTime(job_.endedAt);
    if (job_.startedAt.isValid()) {
      parts << formatDuration(std::max<qint64>(job_.startedAt.secsTo(job_.endedAt), 0));
    }
  }
  parts << job_.detail;
  return joinParts(parts);
}

}  // namespace sealift
