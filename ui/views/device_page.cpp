#include "ui/views/device_page.h"

#include "ui/dialogs/confirm_dialog.h"
#include "ui/dialogs/decision_dialog.h"
#include "ui/dialogs/help_dialog.h"
#include "ui/dialogs/text_entry_dialog.h"
#include "ui/dialogs/when_dialog.h"
#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/views/page.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/key_value_grid.h"
#include "ui/widgets/static_table.h"
#include "ui/widgets/support_timeline.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QClipboard>
#include <QGridLayout>
#include <QGuiApplication>
#include <QMenu>
#include <QPromise>
#include <QVBoxLayout>

#include <memory>

namespace sealift {

namespace {
constexpr int kSecurityKeyWidth = 116;
constexpr int kTwoColumns = 600;  // narrower than this the cards stand below one another

QFuture<Status> answered(const Status& status) {
  QPromise<Status> promise;
  promise.start();
  promise.addResult(status);
  promise.finish();
  return promise.future();
}

}  // namespace

DevicePage::DevicePage(Station& station, const Clock& clock, QWidget* parent)
    : QWidget(parent), station_(station), clock_(clock) {
  setObjectName(QStringLiteral("devicePage"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(space::kPage, space::kXl, space::kPage, space::kXl);
  layout->setSpacing(space::kL);
  buildHeader(layout);
  buildBanners(layout);
  buildCards(layout);
  layout->addStretch(1);
}

void DevicePage::buildHeader(QVBoxLayout* layout) {
  auto* header = new QHBoxLayout;
  header->setSpacing(space::kM);
  auto* titles = new QVBoxLayout;
  titles->setSpacing(space::kXs);
  name_ = new TextLabel(TextStyle::Heading);
  name_->setObjectName(QStringLiteral("deviceName"));
  name_->setElided(true);
  subtitle_ = makeWrappedLabel(TextStyle::Body, TextTone::Muted);
  subtitle_->setObjectName(QStringLiteral("deviceSubtitle"));
  titles->addWidget(name_);
  titles->addWidget(subtitle_);
  header->addLayout(titles, 1);

  auto* menu = new QMenu;
  lookAction_ = menu->addAction(tr("Look again"), this, &DevicePage::lookAgain);
  lookAction_->setObjectName(QStringLiteral("deviceActionLook"));
  menu->addAction(tr("Rename\u2026"), this, &DevicePage::rename)->setObjectName(QStringLiteral("deviceActionRename"));
  menu->addAction(tr("Copy details"), this, &DevicePage::copyDetails)
      ->setObjectName(QStringLiteral("deviceActionCopy"));
  skipAction_ = menu->addAction(tr("Offer the skipped version again"), this, &DevicePage::stopSkipping);
  skipAction_->setObjectName(QStringLiteral("deviceActionUnskip"));
  menu->addSeparator();
  menu->addAction(tr("Skip a version\u2026"), this, [this] { askForRule(QStringLiteral("skip")); })
      ->setObjectName(QStringLiteral("deviceActionSkip"));
  menu->addAction(tr("Block a version\u2026"), this, [this] { askForRule(QStringLiteral("block")); })
      ->setObjectName(QStringLiteral("deviceActionBlock"));
  menu->addAction(tr("Pin to a version\u2026"), this, [this] { askForRule(QStringLiteral("pin")); })
      ->setObjectName(QStringLiteral("deviceActionPin"));
  menu->addAction(tr("Downgrade\u2026"), this, &DevicePage::askForDowngrade)
      ->setObjectName(QStringLiteral("deviceActionDowngrade"));
  menu->addSeparator();
  helpAction_ = menu->addAction(tr("Help on this kind of device"), this,
                                [this] { (new HelpDialog(device_.help, window()))->open(); });
  helpAction_->setObjectName(QStringLiteral("deviceActionHelp"));
  menu->addSeparator();
  menu->addAction(tr("Remove\u2026"), this, &DevicePage::remove)->setObjectName(QStringLiteral("deviceActionRemove"));
  header->addWidget(makeMenuButton(tr("More"), QStringLiteral("deviceMore"), menu), 0, Qt::AlignTop);
  layout->addLayout(header);
}

void DevicePage::buildBanners(QVBoxLayout* layout) {
  offer_ = new Banner(QStringLiteral("deviceOffer"));
  remind_ = makeButton(tr("Remind me later"), QStringLiteral("deviceRemind"));
  unskip_ = makeButton(tr("Offer it again"), QStringLiteral("deviceUnskip"));
  progress_ = makeButton(tr("Show progress"), QStringLiteral("deviceProgress"), ButtonKind::Primary);
  review_ = makeButton(tr("Review update"), QStringLiteral("deviceReview"), ButtonKind::Primary);
  for (QPushButton* button : {remind_, unskip_, progress_, review_}) {
    offer_->addButton(button);
  }
  connect(remind_, &QPushButton::clicked, this, &DevicePage::remindLater);
  connect(unskip_, &QPushButton::clicked, this, &DevicePage::stopSkipping);
  connect(progress_, &QPushButton::clicked, this, &DevicePage::progressRequested);
  connect(review_, &QPushButton::clicked, this, [this] { Q_EMIT reviewRequested(device_.id); });
  notice_ = new Banner(QStringLiteral("deviceNotice"));
  noticeLook_ = makeButton(tr("Look again"), QStringLiteral("deviceLookAgain"));
  notice_->addButton(noticeLook_);
  connect(noticeLook_, &QPushButton::clicked, this, &DevicePage::lookAgain);
  counter_ = new Banner(QStringLiteral("deviceCounter"));
  layout->addWidget(notice_);
  layout->addWidget(counter_);
  layout->addWidget(offer_);
}

void DevicePage::buildCards(QVBoxLayout* layout) {
  firmwareCard_ = new Card(tr("Firmware"));
  firmwareCard_->setObjectName(QStringLiteral("deviceFirmware"));
  slots_ = new StaticTable({tr("Slot"), tr("Version"), tr("State")}, 3, 2);
  noSlots_ = makeWrappedLabel(TextStyle::Body, TextTone::Muted, tr("This device has not told what it holds."));
  imageNote_ = makeWrappedLabel(TextStyle::Small, TextTone::Muted);
  imageNote_->setObjectName(QStringLiteral("deviceImageNote"));
  firmwareCard_->body()->addWidget(slots_);
  firmwareCard_->body()->addWidget(noSlots_);
  firmwareCard_->body()->addWidget(imageNote_);
  firmwareCard_->body()->addStretch(1);

  securityCard_ = new Card(tr("Security"));
  securityCard_->setObjectName(QStringLiteral("deviceSecurity"));
  security_ = new KeyValueGrid(kSecurityKeyWidth);
  securityCard_->body()->addWidget(security_);
  securityCard_->body()->addStretch(1);

  supportCard_ = new Card(tr("Support"));
  supportCard_->setObjectName(QStringLiteral("deviceSupport"));
  timeline_ = new SupportTimeline;
  timeline_->setObjectName(QStringLiteral("supportTimeline"));
  phase_ = makeWrappedLabel(TextStyle::Small, TextTone::Muted);
  phase_->setObjectName(QStringLiteral("devicePhase"));
  supportCard_->body()->addWidget(timeline_);
  supportCard_->body()->addWidget(phase_);

  rulesCard_ = new Card(tr("Decided about releases"));
  rulesCard_->setObjectName(QStringLiteral("deviceRules"));
  rules_ = new QVBoxLayout;
  rules_->setSpacing(space::kS);
  rulesCard_->body()->addLayout(rules_);

  historyCard_ = new Card(tr("History"));
  historyCard_->setObjectName(QStringLiteral("deviceHistory"));
  history_ = new StaticTable({}, 4, 3);
  noHistory_ = makeWrappedLabel(TextStyle::Body, TextTone::Muted, tr("Sealift has not updated this device yet."));
  historyCard_->body()->addWidget(history_);
  historyCard_->body()->addWidget(noHistory_);

  grid_ = new QGridLayout;
  grid_->setSpacing(space::kL);
  layout->addLayout(grid_);
  arrangeCards();
}

void DevicePage::arrangeCards() {
  const bool wide = width() >= kTwoColumns;
  for (QWidget* card :
       {static_cast<QWidget*>(firmwareCard_), static_cast<QWidget*>(securityCard_), static_cast<QWidget*>(supportCard_),
        static_cast<QWidget*>(rulesCard_), static_cast<QWidget*>(historyCard_)}) {
    grid_->removeWidget(card);
  }
  grid_->setColumnStretch(0, 1);
  grid_->setColumnStretch(1, wide ? 1 : 0);
  grid_->addWidget(firmwareCard_, 0, 0, 1, wide ? 1 : 2);
  grid_->addWidget(securityCard_, wide ? 0 : 1, wide ? 1 : 0, 1, wide ? 1 : 2);
  grid_->addWidget(supportCard_, 2, 0, 1, 2);
  grid_->addWidget(rulesCard_, 3, 0, 1, 2);
  grid_->addWidget(historyCard_, 4, 0, 1, 2);
}

void DevicePage::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  arrangeCards();
}

void DevicePage::showDevice(const DeviceView& device) {
  if (device.id != device_.id) {
    lookError_.reset();
    looking_ = false;
  }
  device_ = device;
  showHeader();
  showOffer();
  showNotice();
  showFirmware();
  showSecurity();
  showSupport();
  showRules();
  showHistory();
}

void DevicePage::showHeader() {
  name_->setText(device_.name);
  const QString revision = device_.hardwareRevision.isEmpty() ? QString() : tr("rev %1").arg(device_.hardwareRevision);
  const QString model = QStringList({device_.modelName, revision}).join(QLatin1Char(' ')).trimmed();
  const QString serial = device_.serial.isEmpty() ? QString() : tr("serial %1").arg(device_.serial);
  const QString seen =
      looking_ ? tr("looking\u2026") : tr("last seen %1").arg(formatAgo(device_.lastSeen, clock_.nowUtc()));
  subtitle_->setText(joinParts({model, serial, device_.address, seen}));
  lookAction_->setEnabled(!looking_);
  helpAction_->setVisible(!device_.help.isEmpty());
  noticeLook_->setEnabled(!looking_);
  skipAction_->setVisible(device_.offer && device_.offer->skipped);
  setAccessibleName(device_.name);
}

void DevicePage::showOffer() {
  for (QPushButton* button : {remind_, unskip_, progress_, review_}) {
    button->hide();
  }
  review_->setText(tr("Review update"));
  offer_->show();
  if (device_.condition == DeviceCondition::Updating) {
    offer_->setMessage(Tone::Accent, QStringLiteral("updates"), tr("An update is in progress"),
                       tr("Leave the device connected and powered."));
    progress_->show();
  } else if (!device_.offer) {
    offer_->hide();
  } else if (device_.condition == DeviceCondition::UpdateRefused) {
    offer_->setMessage(Tone::Bad, QStringLiteral("warning"),
                       tr("Version %1 must not be installed").arg(device_.offer->version),
                       tr("A check failed. Nothing was sent to the device."));
    review_->setText(tr("See why"));
    review_->show();
  } else {
    showOrdinaryOffer(*device_.offer);
  }
}

void DevicePage::showOrdinaryOffer(const OfferView& offer) {
  if (offer.skipped) {
    offer_->setMessage(Tone::Neutral, {}, tr("You skipped version %1").arg(offer.version), offer.headline);
    unskip_->show();
    return;
  }
  QString detail = offer.headline;
  if (offer.paused) {
    offer_->setMessage(Tone::Bad, QStringLiteral("pause"), tr("Version %1 is paused").arg(offer.version),
                       tr("It went wrong on several devices of this model. Somebody must resume it first."));
    review_->setText(tr("See why"));
    review_->show();
    return;
  }
  if (!offer.returned.isEmpty()) {
    offer_->setMessage(Tone::Warning, QStringLiteral("history"),
                       tr("Version %1 is available; the device went back from it before").arg(offer.version),
                       offer.returned);
    remind_->show();
    review_->show();
    return;
  }
  if (offer.remindAt && *offer.remindAt > clock_.nowUtc()) {
    detail = joinParts({detail, tr("you will be reminded on %1").arg(formatDateTime(*offer.remindAt))});
  }
  offer_->setMessage(Tone::Accent, {}, tr("Version %1 is available").arg(offer.version), detail);
  remind_->show();
  review_->show();
  review_->setEnabled(device_.online);
  review_->setToolTip(device_.online ? QString() : tr("The device must be connected."));
}

void DevicePage::showNotice() {
  noticeLook_->setVisible(true);
  notice_->show();
  if (lookError_) {
    notice_->setError(*lookError_);
  } else if (device_.condition == DeviceCondition::NotManaged) {
    notice_->setMessage(Tone::Neutral, QStringLiteral("question"), tr("This device is not managed"),
                        device_.problem
                            ? device_.problem->what + QLatin1Char(' ') + device_.problem->remedy
                            : tr("It answers, but no vendor that you added knows it. Add its vendor first."));
  } else if (device_.problem) {
    notice_->setError(*device_.problem);
  } else if (!device_.online) {
    notice_->setMessage(Tone::Warning, QStringLiteral("warning"), tr("This device does not answer"),
                        tr("Check its power and its connection. What is shown here is what it told last."));
  } else if (!device_.warning.isEmpty()) {
    notice_->setMessage(Tone::Warning, QStringLiteral("warning"), tr("Its serial number is not its own"),
                        device_.warning);
    noticeLook_->hide();
  } else if (device_.condition == DeviceCondition::EndOfLife) {
    notice_->setMessage(Tone::Bad, QStringLiteral("warning"), tr("No more updates for this device"),
                        tr("Its vendor ended all support. Security problems found from now on stay open: plan its "
                           "replacement, or keep it off the network."));
    noticeLook_->hide();
  } else if (device_.condition == DeviceCondition::SupportEnding) {
    notice_->setMessage(Tone::Warning, QStringLiteral("clock"), device_.badge.text,
                        tr("Then there will be no more security updates. Plan what comes after it."));
    noticeLook_->hide();
  } else {
    notice_->hide();
  }
}

void DevicePage::showRules() {
  counter_->setVisible(!device_.counterWarning.isEmpty());
  counter_->setMessage(Tone::Bad, QStringLiteral("warning"), tr("Its rollback counter went down"),
                       device_.counterWarning);
  clearLayout(rules_);
  for (const ReleaseRuleView& rule : std::as_const(device_.rules)) {
    const QString build = rule.imageHash.isEmpty() ? tr("every build") : tr("build %1").arg(rule.imageHash.left(16));
    const QString what = rule.kind == QLatin1String("block") ? tr("Blocked: %1").arg(rule.version)
                         : rule.kind == QLatin1String("pin") ? tr("Nothing beyond %1").arg(rule.version)
                                                             : tr("Skipped: %1").arg(rule.version);
    const QString scope = rule.scope == QLatin1String("model") ? tr("for all of its model") : QString();
    auto* row = new QWidget;
    auto* line = new QHBoxLayout(row);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(space::kM);
    auto* words = new QVBoxLayout;
    words->setSpacing(0);
    words->addWidget(makeWrappedLabel(TextStyle::Body, TextTone::Normal, joinParts({what, build, scope})));
    words->addWidget(makeWrappedLabel(TextStyle::Small, TextTone::Muted,
                                      joinParts({rule.madeBy, formatDateTime(rule.made), rule.reason})));
    line->addLayout(words, 1);
    QPushButton* lift = makeButton(tr("Lift\u2026"), QStringLiteral("deviceLift-") + rule.kind + rule.version,
                                   ButtonKind::Secondary, true);
    lift->setAccessibleName(tr("Lift: %1").arg(what));
    connect(lift, &QPushButton::clicked, this, [this, rule] { askToLift(rule); });
    line->addWidget(lift, 0, Qt::AlignTop);
    rules_->addWidget(row);
    row->show();
  }
  rulesCard_->setVisible(!device_.rules.isEmpty());
}

void DevicePage::showFirmware() {
  QList<QList<TableCell>> rows;
  for (const SlotView& slot : std::as_const(device_.slots)) {
    rows.append({TableCell::plain(slot.name),
                 TableCell::mono(slot.version.isEmpty() ? QStringLiteral("\u2013") : slot.version),
                 TableCell::badge(slot.state)});
  }
  slots_->setRows(rows);
  slots_->setVisible(!rows.isEmpty());
  noSlots_->setVisible(rows.isEmpty());
  imageNote_->setText(device_.runningImageNote);
  imageNote_->setVisible(!device_.runningImageNote.isEmpty());
}

void DevicePage::showSecurity() {
  const auto orUnknown = [](const Badge& badge) {
    return badge.text.isEmpty() ? Badge{Tone::Neutral, DevicePage::tr("Not known")} : badge;
  };
  security_->setBadge(tr("Identity"), orUnknown(device_.identity), device_.identityDetail);
  security_->setBadge(tr("Secure boot"), orUnknown(device_.secureBoot), device_.secureBootDetail);
  if (device_.rollbackCounter.isEmpty()) {
    security_->setText(tr("Rollback counter"), tr("none that can be read"), device_.rollbackDetail);
  } else {
    const QString detail =
        device_.rollbackDetail.isEmpty() ? QString() : QStringLiteral("(%1)").arg(device_.rollbackDetail);
    security_->setText(tr("Rollback counter"), device_.rollbackCounter, detail);
  }
  security_->setMono(tr("Bootloader"), device_.bootloader);
}

void DevicePage::showSupport() {
  const Lifecycle& lifecycle = device_.lifecycle;
  const bool dated = lifecycle.released || lifecycle.fullSupportEnds || lifecycle.securitySupportEnds;
  timeline_->setVisible(dated);
  timeline_->setLifecycle(lifecycle, clock_.nowUtc().toLocalTime().date());
  phase_->setText(dated ? device_.phaseText : tr("The vendor has not published how long this model is supported."));
  phase_->setVisible(!phase_->text().isEmpty());
}

void DevicePage::showHistory() {
  QList<QList<TableCell>> rows;
  for (const HistoryItem& item : std::as_const(device_.history)) {
    rows.append({TableCell::plain(formatDateTime(item.time)), TableCell::plain(item.what),
                 TableCell::badge(item.outcome), TableCell::muted(item.consent)});
  }
  history_->setRows(rows);
  history_->setVisible(!rows.isEmpty());
  noHistory_->setVisible(rows.isEmpty());
}

void DevicePage::report(const Status& status) {
  if (status) {
    lookError_.reset();
  } else {
    lookError_ = status.error();
  }
  if (const auto device = station_.device(device_.id)) {
    showDevice(*device);
  } else {
    showNotice();
  }
}

void DevicePage::lookAgain() {
  if (looking_ || device_.id.isEmpty()) {
    return;
  }
  looking_ = true;
  showHeader();
  whenDone(this, station_.lookAtDevice(device_.id), [this, id = device_.id](const Result<DeviceView>& seen) {
    if (id != device_.id) {
      return;  // another device is on the page by now
    }
    looking_ = false;
    report(seen ? Status() : fail(seen.error()));
  });
}

void DevicePage::remindLater() {
  if (!device_.offer) {
    return;
  }
  auto* dialog = WhenDialog::forReminder(device_.name, clock_.nowUtc(), window());
  connect(dialog, &WhenDialog::timeChosen, this,
          [this, id = device_.id, release = device_.offer->releaseId](const QDateTime& when) {
            report(station_.remindLater(id, release, when));
          });
  dialog->open();
}

void DevicePage::stopSkipping() {
  if (device_.offer) {
    report(station_.skipRelease(device_.id, device_.offer->releaseId, false));
  }
}

void DevicePage::askForRule(const QString& kind) {
  const bool pin = kind == QLatin1String("pin");
  const bool block = kind == QLatin1String("block");
  DecisionAsked asked;
  asked.name = QStringLiteral("ruleDialog");
  asked.title = block ? tr("Block a version") : pin ? tr("Pin to a version") : tr("Skip a version");
  asked.text = block ? tr("It is never installed on %1, not even when somebody asks for it.").arg(device_.name)
               : pin ? tr("%1 is offered this version, and nothing beyond it.").arg(device_.name)
                     : tr("It is not offered for %1. Later versions are.").arg(device_.name);
  asked.yes = block ? tr("Block") : pin ? tr("Pin") : tr("Skip");
  asked.asksVersion = true;
  asked.version = !pin && device_.offer ? device_.offer->version : device_.version;
  asked.asksEveryBuild = true;
  (new DecisionDialog(
       asked,
       [this, id = device_.id, kind](const Decision& decision) {
         ReleaseRuleChange change;
         change.kind = kind;
         change.release = decision.version;
         change.deviceId = id;
         change.everyBuild = decision.everyBuild;
         change.reason = decision.reason;
         return answered(station_.setReleaseRule(change));
       },
       window()))
      ->open();
}

void DevicePage::askToLift(const ReleaseRuleView& rule) {
  DecisionAsked asked;
  asked.name = QStringLiteral("liftDialog");
  asked.title = tr("Let %1 be installed again?").arg(rule.version);
  asked.text = rule.reason.isEmpty() ? QString() : tr("%1 decided: %2").arg(rule.madeBy, rule.reason);
  asked.yes = tr("Lift");
  asked.asksSignIn = rule.kind != QLatin1String("skip") && !station_.operators().isEmpty();
  (new DecisionDialog(
       asked,
       [this, rule](const Decision& decision) {
         ReleaseRuleChange change;
         change.kind = rule.kind;
         change.release = rule.imageHash.isEmpty() ? rule.version : rule.imageHash;
         (rule.scope == QLatin1String("model") ? change.modelId : change.deviceId) = rule.scopeId;
         change.everyBuild = rule.imageHash.isEmpty();
         change.reason = decision.reason;
         return station_.liftReleaseRule(change, decision.signIn);
       },
       window()))
      ->open();
}

void DevicePage::askForDowngrade() {
  DecisionAsked asked;
  asked.name = QStringLiteral("downgradeWishDialog");
  asked.title = tr("Go back to an older version");
  asked.text =
      tr("Of the same security version only, and only if the station\u2019s policy and the vendor allow it. You see "
         "the plan and what it undoes first; then a supervisor must agree. Nothing is sent to %1 now.")
          .arg(device_.name);
  asked.yes = tr("Show the plan");
  asked.asksVersion = true;
  auto wished = std::make_shared<Decision>();
  auto* dialog = new DecisionDialog(
      asked,
      [wished](const Decision& decision) {
        *wished = decision;
        return answered(Status());
      },
      window());
  connect(dialog, &QDialog::accepted, this,
          [this, id = device_.id, wished] { Q_EMIT downgradeRequested(id, wished->version, wished->reason); });
  dialog->open();
}

void DevicePage::rename() {
  auto* dialog = new TextEntryDialog(
      QStringLiteral("renameDialog"), tr("Rename the device"),
      tr("The name is yours alone; the device does not store it."), device_.name,
      [this, id = device_.id](const QString& name) { return station_.renameDevice(id, name); }, window());
  dialog->open();
}

void DevicePage::remove() {
  const Question question{
      .name = QStringLiteral("removeDeviceDialog"),
      .title = tr("Remove %1?").arg(device_.name),
      .text = tr("Sealift forgets its address and name. Nothing changes on the device, and its entries "
                 "stay in the audit log."),
      .yes = tr("Remove"),
      .no = tr("Keep")};
  (new ConfirmDialog(
       question, [this, id = device_.id] { return station_.removeDevice(id); }, window()))
      ->open();
}

void DevicePage::copyDetails() const {
  QStringList lines{tr("Name: %1").arg(device_.name),
                    tr("Model: %1 %2").arg(device_.modelName, device_.hardwareRevision),
                    tr("Vendor: %1").arg(device_.vendorName),
                    tr("Serial number: %1").arg(device_.serial),
                    tr("Address: %1").arg(device_.address),
                    tr("Version: %1").arg(device_.version),
                    tr("Bootloader: %1").arg(device_.bootloader),
                    tr("State: %1").arg(device_.badge.text)};
  if (device_.problem) {
    lines << tr("Problem: %1").arg(device_.problem->message());
  }
  QGuiApplication::clipboard()->setText(lines.join(QLatin1Char('\n')));
}

}  // namespace sealift
