#include "ui/views/updates_page.h"

#include "ui/dialogs/confirm_dialog.h"
#include "ui/dialogs/job_details_dialog.h"
#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/views/job_card.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/scroll_pane.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QSet>
#include <QTimer>
#include <QVBoxLayout>

#include <array>

namespace sealift {

namespace {
constexpr int kFinishedStep = 20;  // finished jobs shown at first, and with each "Show more"
}

UpdatesPage::UpdatesPage(Station& station, const Clock& clock, QWidget* parent)
    : Page(QStringLiteral("updatesPage"), parent), station_(station), clock_(clock), finishedShown_(kFinishedStep) {
  buildFrame(tr("Updates"));
  pauseAll_ = makeButton(tr("Pause all"), QStringLiteral("updatesPauseAll"), ButtonKind::Secondary);
  addHeaderAction(pauseAll_);
  connect(pauseAll_, &QPushButton::clicked, this,
          [this] { report(station_.setQueuePaused(!station_.queue().paused)); });
  QVBoxLayout* layout = buildScrollBody(QStringLiteral("updatesScroll"));
  layout->setSpacing(space::kXl);
  error_ = new Banner(QStringLiteral("updatesError"));
  error_->hide();
  layout->addWidget(error_);
  pausedNote_ = new Banner(QStringLiteral("updatesPausedNote"));
  pausedNote_->setMessage(Tone::Warning, QStringLiteral("clock"), tr("The queue is paused"),
                          tr("No further update begins. Those in progress go on to their end."));
  layout->addWidget(pausedNote_);
  empty_ = new EmptyState(QStringLiteral("updates"), tr("No updates yet"),
                          tr("When you install or schedule an update, its progress and its end are shown here."));
  empty_->setObjectName(QStringLiteral("updatesEmpty"));
  layout->addWidget(empty_, 1);
  running_ = addSection(tr("In progress"), QStringLiteral("updatesRunning"), layout);
  waiting_ = addSection(tr("Waiting"), QStringLiteral("updatesWaiting"), layout);
  scheduled_ = addSection(tr("Scheduled"), QStringLiteral("updatesScheduled"), layout);
  paused_ = addSection(tr("Paused"), QStringLiteral("updatesPaused"), layout);
  finished_ = addSection(tr("Finished"), QStringLiteral("updatesFinished"), layout);
  more_ = makeButton(tr("Show more"), QStringLiteral("updatesMore"));
  layout->addWidget(more_, 0, Qt::AlignHCenter);
  layout->addStretch(0);
  connect(more_, &QPushButton::clicked, this, [this] {
    finishedShown_ += kFinishedStep;
    load();
  });
  auto* second = new QTimer(this);
  connect(second, &QTimer::timeout, this, [this] {
    const QDateTime now = clock_.nowUtc();
    for (JobCard* card : std::as_const(cards_)) {
      card->showTimeLeft(now);
    }
  });
  constexpr int kSecondMs = 1000;
  second->start(kSecondMs);
  connect(&station_, &Station::infoChanged, this, &UpdatesPage::showQueue);
  connect(&station_, &Station::jobsChanged, this, &UpdatesPage::load);
  connect(&station_, &Station::jobChanged, this, &UpdatesPage::updateJob);
  load();
}

UpdatesPage::Section UpdatesPage::addSection(const QString& title, const QString& name, QVBoxLayout* layout) {
  Section section;
  section.widget = new QWidget;
  section.widget->setObjectName(name);
  section.widget->setAccessibleName(title);
  auto* outer = new QVBoxLayout(section.widget);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->setSpacing(space::kL);
  outer->addWidget(new TextLabel(TextStyle::BodyBold, TextTone::Muted, title));
  section.cards = new QVBoxLayout;
  section.cards->setSpacing(space::kL);
  outer->addLayout(section.cards);
  layout->addWidget(section.widget);
  return section;
}

UpdatesPage::Section& UpdatesPage::sectionOf(JobState state) {
  switch (state) {
    case JobState::Running:
      return running_;
    case JobState::Waiting:
      return waiting_;
    case JobState::Scheduled:
      return scheduled_;
    case JobState::Paused:
      return paused_;
    case JobState::Finished:
      break;
  }
  return finished_;
}

void UpdatesPage::load() {
  QSet<QString> present;
  const std::array<Section*, 5> sections{&running_, &waiting_, &scheduled_, &paused_, &finished_};
  for (Section* section : sections) {
    section->count = 0;
  }
  int finished = 0;
  const QList<JobView> jobs = station_.jobs();
  interrupted_ = station_.interruptedJobs();
  for (const JobView& job : jobs) {
    if (job.state == JobState::Finished && ++finished > finishedShown_) {
      continue;
    }
    Section& section = sectionOf(job.state);
    place(job, section, section.count++);
    present.insert(job.id);
  }
  for (auto card = cards_.begin(); card != cards_.end();) {
    if (present.contains(card.key())) {
      ++card;
    } else {
      card.value()->hide();
      card.value()->deleteLater();
      card = cards_.erase(card);
    }
  }
  for (const Section* section : sections) {
    section->widget->setVisible(section->count > 0);
  }
  more_->setVisible(finished > finishedShown_);
  empty_->setVisible(jobs.isEmpty());
  showQueue();
}

void UpdatesPage::showQueue() {
  const QueueView queue = station_.queue();
  const bool any = queue.paused || waiting_.count + scheduled_.count + running_.count > 0;
  pauseAll_->setVisible(any);
  pauseAll_->setText(queue.paused ? tr("Let all go on") : tr("Pause all"));
  pausedNote_->setVisible(queue.paused);
}

void UpdatesPage::report(const Status& done) {
  error_->setVisible(!done);
  if (!done) {
    error_->setError(done.error());
  }
  load();
}

void UpdatesPage::pause(const QString& id, bool pause) {
  report(pause ? station_.pauseJob(id) : station_.continueJob(id));
}

void UpdatesPage::retry(const QString& id) {
  whenDone(this, station_.retryJob(id),
           [this](const Result<QString>& job) { report(job ? Status() : Status(fail(job.error()))); });
}

// Cards are kept and moved, so that neither the focus nor the scroll position is lost.
void UpdatesPage::place(const JobView& job, Section& section, int position) {
  JobCard*& card = cards_[job.id];
  if (card == nullptr) {
    card = new JobCard(job);
    connect(card, &JobCard::cancelRequested, this, &UpdatesPage::askToCancel);
    connect(card, &JobCard::detailsRequested, this, &UpdatesPage::showDetails);
    connect(card, &JobCard::resumeRequested, this, &UpdatesPage::resume);
    connect(card, &JobCard::pauseRequested, this, &UpdatesPage::pause);
    connect(card, &JobCard::retryRequested, this, &UpdatesPage::retry);
  } else {
    card->showJob(job);
  }
  card->setResumable(job.outcome == Outcome::Unknown || interrupted_.contains(job.id));
  card->showTimeLeft(clock_.nowUtc());
  if (section.cards->indexOf(card) != position) {
    section.cards->insertWidget(position, card);
  }
}

void UpdatesPage::updateJob(const QString& id) {
  const auto job = station_.job(id);
  JobCard* card = cards_.value(id);
  if (!job || card == nullptr || card->job().state != job->state) {
    load();
    return;
  }
  card->showJob(*job);
}

void UpdatesPage::showJob(const QString& id) {
  load();
  if (JobCard* card = cards_.value(id)) {
    // After the layout has found the card's place.
    QTimer::singleShot(0, card, [this, card] { findChild<ScrollPane*>()->ensureWidgetVisible(card); });
  }
}

void UpdatesPage::showEvent(QShowEvent* event) {
  Page::showEvent(event);
  load();
}

void UpdatesPage::askToCancel(const QString& id) {
  const auto job = station_.job(id);
  if (!job || !job->cancellable) {
    return;
  }
  const Question question{.name = QStringLiteral("cancelDialog"),
                          .title = tr("Cancel the update of %1?").arg(job->deviceName),
                          .text = job->cancelEffect.isEmpty()
                                      ? tr("What the device does then is not known. Better wait.")
                                      : job->cancelEffect,
                          .yes = tr("Cancel the update"),
                          .no = tr("Keep going")};
  (new ConfirmDialog(
       question, [this, id] { return station_.cancelJob(id); }, window()))
      ->open();
}

void UpdatesPage::resume(const QString& id) {
  error_->hide();
  if (JobCard* card = cards_.value(id)) {
    card->setResuming(true);
  }
  whenDone(this, station_.resumeJob(id), [this, id](const Result<QString>& job) {
    if (JobCard* card = cards_.value(id)) {
      card->setResuming(false);
    }
    if (!job) {
      error_->setError(job.error());
      error_->show();
    }
    load();
  });
}

void UpdatesPage::showDetails(const QString& id) {
  if (const auto job = station_.job(id)) {
    (new JobDetailsDialog(station_, *job, window()))->open();
  }
}

}  // namespace sealift
