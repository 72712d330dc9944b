#include "ui/views/batch_page.h"

#include "ui/dialogs/when_dialog.h"
#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/consent_bar.h"
#include "ui/widgets/notes_view.h"
#include "ui/widgets/pill.h"
#include "ui/widgets/scroll_pane.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QSet>
#include <QVBoxLayout>

#include <algorithm>

namespace sealift {

namespace {

constexpr int kNotesHeight = 200;

QString failureOf(const PlanView& plan) {
  const Check* failed = firstFailure(plan.checks);
  return failed != nullptr ? failed->detail : QString();
}

}  // namespace

BatchPage::BatchPage(Station& station, const Clock& clock, QWidget* parent)
    : Page(QStringLiteral("batchPage"), parent), station_(station), clock_(clock) {
  setAccessibleName(tr("Review several updates"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);

  auto* content = new QWidget;
  auto* inner = new QVBoxLayout(content);
  inner->setContentsMargins(space::kPage, space::kXl, space::kPage, space::kL);
  inner->setSpacing(space::kL);
  auto* header = new QHBoxLayout;
  auto* titles = new QVBoxLayout;
  titles->setSpacing(0);
  summary_ = new TextLabel(TextStyle::Small, TextTone::Muted);
  summary_->setObjectName(QStringLiteral("batchSummary"));
  summary_->setElided(true);
  titles->addWidget(summary_);
  titles->addWidget(new TextLabel(TextStyle::Heading, TextTone::Normal, tr("Review several updates")));
  header->addLayout(titles, 1);
  QPushButton* back = makeButton(tr("Back"), QStringLiteral("batchBack"));
  connect(back, &QPushButton::clicked, this, &BatchPage::closed);
  header->addWidget(back, 0, Qt::AlignVCenter);
  inner->addLayout(header);
  error_ = new Banner(QStringLiteral("batchError"));
  error_->hide();
  inner->addWidget(error_);

  auto* notesCard = new Card(tr("What changes"));
  notes_ = new NotesView;
  notes_->setObjectName(QStringLiteral("batchNotes"));
  notes_->setMinimumHeight(kNotesHeight);
  notesCard->body()->addWidget(notes_, 1);
  inner->addWidget(notesCard, 1);
  devices_ = new Card(tr("Devices"));
  devices_->setObjectName(QStringLiteral("batchDevices"));
  inner->addWidget(devices_);
  layout->addWidget(new ScrollPane(content, space::kPage, QStringLiteral("batchScroll")), 1);

  consent_ = new ConsentBar(QStringLiteral("batchConsent"));
  schedule_ = makeButton(tr("Schedule\u2026"), QStringLiteral("batchSchedule"));
  install_ = makeButton(tr("Install now"), QStringLiteral("batchInstall"), ButtonKind::Primary);
  consent_->addButton(schedule_);
  consent_->addButton(install_);
  connect(consent_, &ConsentBar::changed, this, &BatchPage::showState);
  connect(schedule_, &QPushButton::clicked, this, &BatchPage::schedule);
  connect(install_, &QPushButton::clicked, this, [this] { install({.mostAttempts = kMostAttempts}); });
  layout->addWidget(consent_);
}

void BatchPage::review(const QStringList& deviceIds) {
  deviceIds_ = deviceIds;
  const int request = ++request_;
  starting_ = 0;
  rows_.clear();
  clearLayout(devices_->body());
  error_->hide();
  consent_->clear();
  for (const QString& id : deviceIds) {
    addRow(id);
  }
  showNotes();
  showState();
  for (qsizetype row = 0; row < deviceIds.size(); ++row) {
    whenDone(this, station_.planUpdate(deviceIds[row]), [this, request, row](const Result<PlanView>& plan) {
      if (request == request_) {
        take(row, plan);
      }
    });
  }
}

void BatchPage::refresh() {
  if (!deviceIds_.isEmpty() && starting_ == 0) {
    review(deviceIds_);
  }
}

void BatchPage::addRow(const QString& deviceId) {
  const std::optional<DeviceView> device = station_.device(deviceId);
  Row row;
  row.deviceId = deviceId;
  const QString name = device ? device->name : deviceId;
  row.serial = device ? (device->serial.isEmpty() ? device->address : device->serial) : QString();
  row.widget = new QWidget;
  auto* line = new QHBoxLayout(row.widget);
  line->setContentsMargins(0, space::kS, 0, space::kS);
  line->setSpacing(space::kM);
  row.box = new QCheckBox;
  row.box->setObjectName(QStringLiteral("batchDevice-%1").arg(deviceId));
  row.box->setAccessibleName(joinParts({name, row.serial}));
  row.box->setChecked(true);
  line->addWidget(row.box);
  auto* words = new QVBoxLayout;
  words->setSpacing(0);
  auto* title = new TextLabel(TextStyle::Body, TextTone::Normal, name);
  title->setElided(true);
  title->setBuddy(row.box);
  row.detail = makeWrappedLabel(TextStyle::Small, TextTone::Muted);
  words->addWidget(title);
  words->addWidget(row.detail);
  line->addLayout(words, 1);
  row.state = new Pill;
  line->addWidget(row.state);
  // Another choice is another thing to agree to.
  connect(row.box, &QCheckBox::toggled, this, [this] {
    consent_->clear();
    showNotes();
    showState();
  });
  devices_->body()->addWidget(row.widget);
  rows_.push_back(row);
  showRow(rows_.back());
}

void BatchPage::take(qsizetype row, const Result<PlanView>& plan) {
  Row& at = rows_[static_cast<std::size_t>(row)];
  if (plan) {
    at.plan = *plan;
  } else {
    at.error = plan.error();
  }
  showRow(at);
  showNotes();
  showState();
}

void BatchPage::showRow(Row& row) {
  const bool ready = row.ready();
  row.box->setEnabled(ready);
  if (!ready && row.planned()) {
    row.box->setChecked(false);
  }
  if (!row.planned()) {
    row.state->setBadge({Tone::Neutral, tr("Checking\u2026")});
  } else if (row.begun) {
    row.state->setBadge({Tone::Accent, tr("Agreed")});
  } else if (ready) {
    row.state->setBadge({Tone::Good, tr("Ready")});
  } else if (row.error && row.error->code == ErrorCode::UpToDate) {
    row.state->setBadge({Tone::Neutral, tr("Up to date")});
  } else {
    row.state->setBadge({Tone::Bad, tr("Left out")});
  }
  if (row.error) {
    row.detail->setText(joinParts({row.serial, row.error->message()}));
  } else if (!row.plan) {
    row.detail->setText(row.serial);
  } else {
    const QString versions = QStringLiteral("%1 \u2192 %2").arg(row.plan->fromVersion, row.plan->toVersion);
    row.detail->setText(
        joinParts({row.serial, versions, row.plan->allowed ? row.plan->durationText : failureOf(*row.plan)}));
  }
}

// Of each release that is chosen once; two devices that come from other versions have other notes.
void BatchPage::showNotes() {
  QString text;
  QSet<QString> told;
  for (const qsizetype at : chosen()) {
    const PlanView& plan = *rows_[static_cast<std::size_t>(at)].plan;
    if (told.contains(plan.notesHash)) {
      continue;
    }
    told << plan.notesHash;
    const QString notes = plan.notesMarkdown.trimmed().isEmpty() ? tr("The vendor published no notes for this release.")
                                                                 : plan.notesMarkdown.trimmed();
    text += QStringLiteral("# %1 %2\n\n%3\n\n%4\n\n")
                .arg(plan.modelLine, plan.toVersion, severityText(plan.severity), notes);
  }
  if (text.isEmpty()) {
    text =
        std::all_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.planned(); })
            ? tr("No device is chosen.")
            : tr("Sealift verifies the vendors\u2019 metadata and the images, and asks the devices again. Nothing is "
                 "written to them.");
  }
  notes_->setNotes(text);
}

QList<qsizetype> BatchPage::chosen() const {
  QList<qsizetype> found;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].ready() && rows_[i].box->isChecked()) {
      found << static_cast<qsizetype>(i);
    }
  }
  return found;
}

void BatchPage::showState() {
  const auto planned = std::count_if(rows_.begin(), rows_.end(), [](const Row& row) { return row.planned(); });
  const int count = static_cast<int>(chosen().size());
  const bool all = planned == static_cast<qsizetype>(rows_.size());
  summary_->setText(all ? tr("%1 of %2 devices are chosen").arg(count).arg(rows_.size())
                        : tr("Checking: %1 of %2").arg(planned).arg(rows_.size()));
  consent_->setText(tr("I have read what changes and agree to update these devices: %1.").arg(count));
  consent_->setHint(count > 0 || !all ? tr("Your choice is recorded in the audit log, for each device.")
                                      : tr("There is nothing to agree to."));
  consent_->setPossible(all && count > 0 && starting_ == 0);
  const bool agreed = consent_->isAgreed();
  install_->setEnabled(agreed);
  schedule_->setEnabled(agreed);
  install_->setText(starting_ > 0 ? tr("Starting\u2026") : tr("Install now"));
}

void BatchPage::install(const StartTime& start) {
  if (!consent_->isAgreed()) {
    return;
  }
  const QList<qsizetype> rows = chosen();
  starting_ = static_cast<int>(rows.size());
  error_->hide();
  showState();
  for (const qsizetype row : rows) {
    const Row& at = rows_[static_cast<std::size_t>(row)];
    const ConsentGiven consent{at.plan->digest, at.plan->notesHash, QStringLiteral("window-batch"), {}};
    whenDone(this, station_.startUpdate(at.deviceId, consent, start),
             [this, request = request_, row](const Result<QString>& job) {
               if (request == request_) {
                 takeJob(row, job);
               }
             });
  }
}

void BatchPage::takeJob(qsizetype row, const Result<QString>& job) {
  Row& at = rows_[static_cast<std::size_t>(row)];
  if (job) {
    at.begun = true;
  } else {
    at.error = job.error();
    at.plan.reset();
    error_->setError(job.error());
    error_->show();
  }
  showRow(at);
  if (--starting_ > 0) {
    return;
  }
  consent_->clear();
  showNotes();
  showState();
  // Whoever was left behind is told here; otherwise there is nothing more to see.
  if (error_->isHidden()) {
    Q_EMIT started();
  }
}

void BatchPage::schedule() {
  if (!consent_->isAgreed()) {
    return;
  }
  const QueueView queue = station_.queue();
  WhenDialog::Schedule choice{.deviceName = tr("these devices"),
                              .window = queue.window,
                              .windowStart = queue.windowStart,
                              .idleProblem = {},
                              .deferrableUntil = {}};
  for (const qsizetype row : chosen()) {
    const PlanView& plan = *rows_[static_cast<std::size_t>(row)].plan;
    if (choice.idleProblem.isEmpty()) {
      choice.idleProblem = plan.idleProblem;
    }
    if (plan.deferrableUntil && (!choice.deferrableUntil || *plan.deferrableUntil < *choice.deferrableUntil)) {
      choice.deferrableUntil = plan.deferrableUntil;
    }
  }
  auto* dialog = WhenDialog::forSchedule(choice, clock_.nowUtc(), window());
  connect(dialog, &WhenDialog::startChosen, this, &BatchPage::install);
  dialog->open();
}

}  // namespace sealift
