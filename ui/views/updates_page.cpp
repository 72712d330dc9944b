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

namespace sealift {

namespace {
constexpr int kFinishedStep = 20;  // finished jobs shown at first, and with each "Show more"
}

UpdatesPage::UpdatesPage(Station& station, QWidget* parent)
    : Page(QStringLiteral("updatesPage"), parent), station_(station), finishedShown_(kFinishedStep) {
  buildFrame(tr("Updates"));
  QVBoxLayout* layout = buildScrollBody(QStringLiteral("updatesScroll"));
  layout->setSpacing(space::kXl);
  error_ = new Banner(QStringLiteral("updatesError"));
  error_->hide();
  layout->addWidget(error_);
  empty_ = new EmptyState(QStringLiteral("updates"), tr("No updates yet"),
                          tr("When you install or schedule an update, its progress and its end are shown here."));
  empty_->setObjectName(QStringLiteral("updatesEmpty"));
  layout->addWidget(empty_, 1);
  running_ = addSection(tr("In progress"), QStringLiteral("updatesRunning"), layout);
  scheduled_ = addSection(tr("Scheduled"), QStringLiteral("updatesScheduled"), layout);
  finished_ = addSection(tr("Finished"), QStringLiteral("updatesFinished"), layout);
  more_ = makeButton(tr("Show more"), QStringLiteral("updatesMore"));
  layout->addWidget(more_, 0, Qt::AlignHCenter);
  layout->addStretch(0);
  connect(more_, &QPushButton::clicked, this, [this] {
    finishedShown_ += kFinishedStep;
    load();
  });
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

void UpdatesPage::load() {
  QSet<QString> present;
  int positions[3] = {0, 0, 0};
  int finished = 0;
  const QList<JobView> jobs = station_.jobs();
  interrupted_ = station_.interruptedJobs();
  for (const JobView& job : jobs) {
    if (job.state == JobState::Finished && ++finished > finishedShown_) {
      continue;
    }
    Section& section = job.state == JobState::Running     ? running_
                       : job.state == JobState::Scheduled ? scheduled_
                                                          : finished_;
    place(job, section, positions[static_cast<int>(job.state)]++);
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
  running_.widget->setVisible(positions[static_cast<int>(JobState::Running)] > 0);
  scheduled_.widget->setVisible(positions[static_cast<int>(JobState::Scheduled)] > 0);
  finished_.widget->setVisible(positions[static_cast<int>(JobState::Finished)] > 0);
  more_->setVisible(finished > finishedShown_);
  empty_->setVisible(jobs.isEmpty());
}

// Cards are kept and moved, so that neither the focus nor the scroll position is lost.
void UpdatesPage::place(const JobView& job, Section& section, int position) {
  JobCard*& card = cards_[job.id];
  if (card == nullptr) {
    card = new JobCard(job);
    connect(card, &JobCard::cancelRequested, this, &UpdatesPage::askToCancel);
    connect(card, &JobCard::detailsRequested, this, &UpdatesPage::showDetails);
    connect(card, &JobCard::resumeRequested, this, &UpdatesPage::resume);
  } else {
    card->showJob(job);
  }
  card->setResumable(job.outcome == Outcome::Unknown || interrupted_.contains(job.id));
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
