#include "ui/views/review_page.h"

#include "ui/dialogs/confirm_dialog.h"
#include "ui/dialogs/decision_dialog.h"
#include "ui/dialogs/when_dialog.h"
#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/check_list.h"
#include "ui/widgets/consent_bar.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/flow_layout.h"
#include "ui/widgets/key_value_grid.h"
#include "ui/widgets/notes_view.h"
#include "ui/widgets/pill.h"
#include "ui/widgets/scroll_pane.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QGridLayout>
#include <QPromise>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <memory>

namespace sealift {

namespace {
constexpr int kSideWidth = 394;
constexpr int kTwoColumns = 820;
constexpr int kEffectKeyWidth = 116;
constexpr int kNotesHeight = 240;
}  // namespace

ReviewPage::ReviewPage(Station& station, const Clock& clock, QWidget* parent)
    : Page(QStringLiteral("reviewPage"), parent), station_(station), clock_(clock) {
  setAccessibleName(tr("Review update"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  stack_ = new QStackedWidget;
  layout->addWidget(stack_);

  loading_ =
      new EmptyState(QStringLiteral("shield"), tr("Checking the update\u2026"),
                     tr("Sealift verifies the vendor's metadata and the image, and asks the device again. Nothing is "
                        "written to it."));
  loading_->setObjectName(QStringLiteral("reviewLoading"));
  stack_->addWidget(loading_);

  failurePage_ = new QWidget;
  auto* failureLayout = new QVBoxLayout(failurePage_);
  failureLayout->setContentsMargins(space::kPage, space::kXl, space::kPage, space::kXl);
  failureLayout->setSpacing(space::kL);
  failureLayout->addWidget(new TextLabel(TextStyle::Heading, TextTone::Normal, tr("Review update")));
  failure_ = new Banner(QStringLiteral("reviewFailure"));
  QPushButton* back = makeButton(tr("Back"), QStringLiteral("reviewFailureBack"));
  QPushButton* again = makeButton(tr("Try again"), QStringLiteral("reviewRetry"), ButtonKind::Primary);
  failure_->addButton(back);
  failure_->addButton(again);
  failureLayout->addWidget(failure_);
  failureLayout->addStretch(1);
  connect(back, &QPushButton::clicked, this, &ReviewPage::closed);
  connect(again, &QPushButton::clicked, this, &ReviewPage::refresh);
  stack_->addWidget(failurePage_);

  planPage_ = buildPlan();
  stack_->addWidget(planPage_);
}

QWidget* ReviewPage::buildPlan() {
  auto* page = new QWidget;
  auto* layout = new QVBoxLayout(page);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);

  auto* content = new QWidget;
  auto* inner = new QVBoxLayout(content);
  inner->setContentsMargins(space::kPage, space::kXl, space::kPage, space::kL);
  inner->setSpacing(space::kL);
  auto* header = new QHBoxLayout;
  auto* titles = new QVBoxLayout;
  titles->setSpacing(0);
  subtitle_ = new TextLabel(TextStyle::Small, TextTone::Muted);
  subtitle_->setElided(true);
  heading_ = new TextLabel(TextStyle::Heading);
  heading_->setObjectName(QStringLiteral("reviewHeading"));
  heading_->setElided(true);
  titles->addWidget(subtitle_);
  titles->addWidget(heading_);
  header->addLayout(titles, 1);
  QPushButton* back = makeButton(tr("Back"), QStringLiteral("reviewBack"));
  connect(back, &QPushButton::clicked, this, &ReviewPage::closed);
  header->addWidget(back, 0, Qt::AlignVCenter);
  inner->addLayout(header);
  refused_ = new Banner(QStringLiteral("reviewRefused"));
  erase_ = makeButton(tr("Erase everything\u2026"), QStringLiteral("reviewErase"));
  refused_->addButton(erase_);
  connect(erase_, &QPushButton::clicked, this, &ReviewPage::askToErase);
  again_ = makeButton(tr("Try it again\u2026"), QStringLiteral("reviewAgain"));
  refused_->addButton(again_);
  connect(again_, &QPushButton::clicked, this, &ReviewPage::askToTryAgain);
  resume_ = makeButton(tr("Resume the release\u2026"), QStringLiteral("reviewResume"));
  refused_->addButton(resume_);
  connect(resume_, &QPushButton::clicked, this, &ReviewPage::askToResume);
  error_ = new Banner(QStringLiteral("reviewError"));
  inner->addWidget(refused_);
  inner->addWidget(error_);

  notesCard_ = new Card(tr("What changes"));
  notesCard_->setObjectName(QStringLiteral("reviewNotesCard"));
  pills_ = new QWidget;
  pillRow_ = new FlowLayout(space::kS, pills_);
  notes_ = new NotesView;
  notes_->setObjectName(QStringLiteral("reviewNotes"));
  notes_->setMinimumHeight(kNotesHeight);
  link_ = makeWrappedLabel(TextStyle::Small, TextTone::Muted);
  link_->setObjectName(QStringLiteral("reviewLink"));
  link_->setSelectable(true);
  link_->hide();
  connect(notes_, &NotesView::linkChosen, this, [this](const QString& address) {
    link_->setText(tr("Sealift does not open links of release notes. The address is: %1").arg(address));
    link_->show();
  });
  notesCard_->body()->addWidget(pills_);
  notesCard_->body()->addSpacing(space::kS);
  notesCard_->body()->addWidget(notes_, 1);
  notesCard_->body()->addWidget(link_);

  side_ = new QWidget;
  auto* sideLayout = new QVBoxLayout(side_);
  sideLayout->setContentsMargins(0, 0, 0, 0);
  sideLayout->setSpacing(space::kL);
  auto* checksCard = new Card(tr("Checked before anything is sent"));
  checks_ = new CheckList;
  checks_->setObjectName(QStringLiteral("reviewChecks"));
  checksCard->body()->addWidget(checks_);
  auto* effectsCard = new Card(tr("What will happen"));
  effectsCard->setObjectName(QStringLiteral("reviewEffects"));
  effects_ = new KeyValueGrid(kEffectKeyWidth);
  effectsCard->body()->addWidget(effects_);
  sideLayout->addWidget(checksCard);
  sideLayout->addWidget(effectsCard);
  sideLayout->addStretch(1);
  columns_ = new QWidget;
  auto* grid = new QGridLayout(columns_);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setSpacing(space::kL);
  inner->addWidget(columns_, 1);
  arrange();

  layout->addWidget(new ScrollPane(content, space::kPage, QStringLiteral("reviewScroll")), 1);
  layout->addWidget(buildConsentBar());
  return page;
}

QWidget* ReviewPage::buildConsentBar() {
  consent_ = new ConsentBar(QStringLiteral("reviewConsent"));
  skip_ = makeButton(tr("Skip this version"), QStringLiteral("reviewSkip"));
  schedule_ = makeButton(tr("Schedule\u2026"), QStringLiteral("reviewSchedule"));
  install_ = makeButton(tr("Install now"), QStringLiteral("reviewInstall"), ButtonKind::Primary);
  for (QPushButton* button : {skip_, schedule_, install_}) {
    consent_->addButton(button);
  }
  connect(consent_, &ConsentBar::changed, this, &ReviewPage::updateButtons);
  connect(skip_, &QPushButton::clicked, this, &ReviewPage::skip);
  connect(schedule_, &QPushButton::clicked, this, &ReviewPage::schedule);
  connect(install_, &QPushButton::clicked, this, &ReviewPage::install);
  return consent_;
}

void ReviewPage::arrange() {
  auto* grid = static_cast<QGridLayout*>(columns_->layout());
  grid->removeWidget(notesCard_);
  grid->removeWidget(side_);
  const bool wide = width() >= kTwoColumns;
  grid->addWidget(notesCard_, 0, 0);
  grid->addWidget(side_, wide ? 0 : 1, wide ? 1 : 0);
  grid->setColumnStretch(0, 1);
  grid->setRowStretch(0, 1);
  side_->setMinimumWidth(wide ? kSideWidth : 0);
  side_->setMaximumWidth(wide ? kSideWidth : QWIDGETSIZE_MAX);
}

void ReviewPage::resizeEvent(QResizeEvent* event) {
  Page::resizeEvent(event);
  arrange();
}

void ReviewPage::review(const QString& deviceId, const UpdateWish& wish) {
  deviceId_ = deviceId;
  wish_ = wish;
  plan_.reset();
  consent_->clear();
  link_->hide();
  error_->hide();
  busy_ = false;
  updateButtons();
  stack_->setCurrentWidget(loading_);
  const int request = ++request_;
  whenDone(this, station_.planUpdate(deviceId, wish_), [this, request](const Result<PlanView>& plan) {
    if (request != request_) {
      return;
    }
    if (plan) {
      showPlan(*plan);
    } else {
      showFailure(plan.error());
    }
  });
}

void ReviewPage::refresh() {
  if (!deviceId_.isEmpty() && !busy_) {
    review(deviceId_, wish_);
  }
}

void ReviewPage::showFailure(const Error& error) {
  failure_->setError(error);
  stack_->setCurrentWidget(failurePage_);
}

void ReviewPage::showPlan(const PlanView& plan) {
  plan_ = plan;
  subtitle_->setText(joinParts({plan.deviceName, plan.modelLine}));
  heading_->setText((plan.isDowngrade ? tr("Review downgrade %1 \u2192 %2") : tr("Review update %1 \u2192 %2"))
                        .arg(plan.fromVersion, plan.toVersion));
  notesCard_->setTitle(plan.isDowngrade ? tr("What is undone, and what is installed") : tr("What changes"));
  consent_->setText(plan.isDowngrade ? tr("I have read what this downgrade undoes and agree to go back from %1 to %2.")
                                           .arg(plan.fromVersion, plan.toVersion)
                                     : tr("I have read what changes and agree to update this device."));
  showPills();
  notes_->setNotes(plan.notesMarkdown.trimmed().isEmpty() ? tr("The vendor published no notes for this release.")
                                                          : plan.notesMarkdown);
  checks_->setChecks(plan.checks);
  const auto setWay = [this](const QString& key, const QString& text) {
    const qsizetype aside = text.indexOf(QLatin1String(" ("));  // what stands in brackets is an aside
    effects_->setText(key, text.left(aside), aside < 0 ? QString() : text.mid(aside + 1));
  };
  if (!plan.downloadText.isEmpty()) {
    setWay(tr("Download"), plan.downloadText);
  }
  setWay(tr("Transfer"), plan.transferText);
  effects_->setText(tr("Takes"), plan.durationText);
  effects_->setText(tr("If it fails"), plan.fallbackText);
  effects_->setText(tr("Reason"), plan.downgradeReason);  // of a downgrade; otherwise there is no such row
  showRefusal();
  stack_->setCurrentWidget(planPage_);
  updateButtons();
  notes_->setFocus(Qt::OtherFocusReason);  // what changes is read before it is agreed to
}

void ReviewPage::showRefusal() {
  const PlanView& plan = *plan_;
  refused_->setVisible(!plan.allowed);
  erase_->setVisible(plan.needsErase);
  again_->setVisible(plan.needsAgain);
  resume_->setVisible(plan.paused);
  if (plan.allowed) {
    return;
  }
  QStringList titles;
  QString words;
  for (const CheckView& check : plan.checks) {
    if (check.state == CheckState::Failed) {
      titles << check.title;
      words = words.isEmpty() ? check.detail : words;
    }
  }
  if (plan.needsErase) {
    refused_->setMessage(
        Tone::Warning, QStringLiteral("warning"), tr("The device is protected against reading"),
        tr("It takes new firmware only after everything on it was erased: firmware, settings and keys. "
           "Nothing was sent to it yet."));
  } else if (plan.needsAgain) {
    refused_->setMessage(Tone::Warning, QStringLiteral("history"), tr("The device went back from this release before"),
                         tr("%1 Find out why before you try it again. Nothing was sent to the device.").arg(words));
  } else if (plan.paused) {
    refused_->setMessage(
        Tone::Bad, QStringLiteral("pause"), tr("This release is paused"),
        tr("%1 Whatever waits of it does not begin until somebody resumes it with a reason.").arg(words));
  } else {
    refused_->setMessage(
        Tone::Bad, QStringLiteral("warning"),
        plan.isDowngrade ? tr("This downgrade must not be made") : tr("This update must not be installed"),
        tr("Failed: \u201c%1\u201d. Nothing was sent to the device, and nothing will be.")
            .arg(titles.join(QStringLiteral("\u201d, \u201c"))));
  }
}

void ReviewPage::showPills() {
  clearLayout(pillRow_);
  QList<Badge> badges;
  if (plan_->isDowngrade) {
    badges << Badge{Tone::Warning, tr("Downgrade")};
  }
  const QString& severity = plan_->severity;
  const Tone tone = severity == QLatin1String("critical") || severity == QLatin1String("high")  ? Tone::Bad
                    : severity == QLatin1String("moderate") || severity == QLatin1String("low") ? Tone::Warning
                                                                                                : Tone::Neutral;
  badges << Badge{tone, severityText(severity)};
  if (plan_->released.isValid()) {
    badges << Badge{Tone::Neutral, tr("Released %1").arg(formatDate(plan_->released))};
  }
  badges << Badge{Tone::Neutral, plan_->restartNeeded ? tr("Restart needed") : tr("No restart needed")};
  for (const Badge& badge : std::as_const(badges)) {
    auto* pill = new Pill(badge);
    pillRow_->addWidget(pill);
    pill->show();
  }
}

void ReviewPage::updateButtons() {
  const bool possible = plan_ && plan_->allowed && !busy_;
  consent_->setPossible(possible);
  const bool agreed = consent_->isAgreed();
  install_->setEnabled(agreed);
  schedule_->setEnabled(agreed);
  skip_->setEnabled(plan_ && !busy_);
  const bool downgrade = plan_ && plan_->isDowngrade;
  skip_->setVisible(!downgrade);
  schedule_->setVisible(!downgrade);
  install_->setText(busy_ ? tr("Starting\u2026") : downgrade ? tr("Downgrade\u2026") : tr("Install now"));
  consent_->setHint(plan_ && !plan_->allowed ? tr("A check failed, so there is nothing to agree to.")
                                             : tr("Your choice is recorded in the audit log."));
}

ConsentGiven ReviewPage::consent() const {
  return {plan_->digest, plan_->notesHash, QStringLiteral("window"), wish_};
}

void ReviewPage::askToErase() {
  const Question question{.name = QStringLiteral("eraseDialog"),
                          .title = tr("Erase everything on %1?").arg(plan_->deviceName),
                          .text = tr("The update would first erase all of its flash: firmware, settings, and keys that "
                                     "it keeps there. That can\u2019t be taken back. Nothing is erased before you also "
                                     "agree to the update itself."),
                          .yes = tr("Plan with erasing"),
                          .no = tr("Leave it as it is")};
  (new ConfirmDialog(
       question,
       [this] {
         UpdateWish wish = wish_;
         wish.eraseEverything = true;
         review(deviceId_, wish);
         return Status();
       },
       window()))
      ->open();
}

void ReviewPage::askToTryAgain() {
  const Question question{
      .name = QStringLiteral("againDialog"),
      .title = tr("Try %1 again on %2?").arg(plan_->toVersion, plan_->deviceName),
      .text = tr(
          "The device returned from this release by itself before it was confirmed. Unless it lost its power then, or "
          "something was changed since, it will do so again. Nothing is installed before you also agree to the update "
          "itself."),
      .yes = tr("Plan it again"),
      .no = tr("Leave it as it is")};
  (new ConfirmDialog(
       question,
       [this] {
         UpdateWish wish = wish_;
         wish.again = true;
         review(deviceId_, wish);
         return Status();
       },
       window()))
      ->open();
}

void ReviewPage::askToResume() {
  auto* dialog = new DecisionDialog(
      {.name = QStringLiteral("resumeDialog"),
       .title = tr("Resume version %1?").arg(plan_->toVersion),
       .text =
           tr("It went wrong on several devices of this model. Once it is resumed, whatever waits of it begins again."),
       .yes = tr("Resume"),
       .asksSignIn = !station_.operators().isEmpty(),
       .harmful = true},
      [this, release = plan_->releaseId](const Decision& decision) {
        return station_.resumeRelease(release, decision.reason, decision.signIn);
      },
      window());
  connect(dialog, &QDialog::accepted, this, [this] { review(deviceId_, wish_); });
  dialog->open();
}

void ReviewPage::reviewDowngrade(const QString& deviceId, const QString& version, const QString& reason) {
  UpdateWish wish;
  wish.release = version;
  wish.downgradeReason = reason;
  review(deviceId, wish);
}

// A downgrade takes four eyes: a supervisor signs in for this one act; at home its owner types the version.
void ReviewPage::askWhoAgrees() {
  const bool atHome = station_.info().homeMode && station_.operators().isEmpty();
  auto* dialog = new DecisionDialog(
      {.name = QStringLiteral("downgradeDialog"),
       .title = tr("Go back from %1 to %2?").arg(plan_->fromVersion, plan_->toVersion),
       .text = atHome
                   ? tr("What the versions in between brought is undone, on %1. Nothing is sent before you type it.")
                         .arg(plan_->deviceName)
                   : tr("What the versions in between brought is undone, on %1. A supervisor agrees to it by signing "
                        "in for this one act: another person than who asks.")
                         .arg(plan_->deviceName),
       .yes = tr("Downgrade"),
       .asksReason = false,
       .asksSignIn = !atHome,
       .typed = atHome ? plan_->toVersion : QString(),
       .harmful = true},
      [this, request = request_](const Decision& decision) {
        ConsentGiven agreed = consent();
        agreed.supervisor = decision.signIn;
        agreed.typed = decision.typed;
        auto promise = std::make_shared<QPromise<Status>>();
        promise->start();
        whenDone(this, station_.applyUpdate(deviceId_, agreed), [this, promise, request](const Result<QString>& job) {
          promise->addResult(job ? Status() : Status(fail(job.error())));
          promise->finish();
          if (job && request == request_) {
            take(job);
          }
        });
        return promise->future();
      },
      window());
  dialog->open();
}

void ReviewPage::install() {
  if (!plan_ || !plan_->allowed || !consent_->isAgreed() || busy_) {
    return;
  }
  if (plan_->isDowngrade) {
    askWhoAgrees();
    return;
  }
  busy_ = true;
  error_->hide();
  updateButtons();
  whenDone(this, station_.startUpdate(deviceId_, consent(), {.mostAttempts = kMostAttempts}),
           [this, request = request_](const Result<QString>& job) {
             if (request == request_) {
               take(job);
             }
           });
}

void ReviewPage::schedule() {
  if (!plan_ || !plan_->allowed || !consent_->isAgreed() || busy_) {
    return;
  }
  const QueueView queue = station_.queue();
  auto* dialog = WhenDialog::forSchedule({.deviceName = plan_->deviceName,
                                          .window = queue.window,
                                          .windowStart = queue.windowStart,
                                          .idleProblem = plan_->idleProblem,
                                          .deferrableUntil = plan_->deferrableUntil},
                                         clock_.nowUtc(), window());
  connect(dialog, &WhenDialog::startChosen, this, [this, request = request_](const StartTime& start) {
    if (request != request_ || !plan_) {
      return;
    }
    busy_ = true;
    error_->hide();
    updateButtons();
    whenDone(this, station_.startUpdate(deviceId_, consent(), start), [this, request](const Result<QString>& job) {
      if (request == request_) {
        take(job);
      }
    });
  });
  dialog->open();
}

void ReviewPage::take(const Result<QString>& job) {
  busy_ = false;
  if (job) {
    const QString& id = *job;
    consent_->clear();
    updateButtons();
    Q_EMIT installing(id);
    return;
  }
  // What was agreed to is not what would be installed now: the new plan needs a new yes.
  const Error& error = job.error();
  if (error.code == ErrorCode::ConsentPlanChanged) {
    review(deviceId_, wish_);
  }
  error_->setError(error);
  error_->show();
  updateButtons();
}

void ReviewPage::skip() {
  if (!plan_) {
    return;
  }
  const Question question{
      .name = QStringLiteral("skipDialog"),
      .title = tr("Skip version %1?").arg(plan_->toVersion),
      .text = tr("This version is not offered for %1 again. Later versions are. You can undo this on the "
                 "device's page.")
                  .arg(plan_->deviceName),
      .yes = tr("Skip this version"),
      .no = tr("Back"),
      .harmful = false};
  auto* dialog = new ConfirmDialog(
      question, [this, id = deviceId_, release = plan_->releaseId] { return station_.skipRelease(id, release, true); },
      window());
  connect(dialog, &QDialog::accepted, this, &ReviewPage::closed);
  dialog->open();
}

}  // namespace sealift
