#include "ui/dialogs/when_dialog.h"

#include "app/base/result.h"
#include "ui/style/format.h"
#include "ui/style/typography.h"
#include "ui/widgets/text_label.h"

#include <QButtonGroup>
#include <QDateTimeEdit>
#include <QRadioButton>
#include <QVBoxLayout>

#include <algorithm>

namespace sealift {

namespace {

QDateTime atHour(const QDateTime& day, int hour) {
  return {day.date(), QTime(hour, 0)};
}

}  // namespace

WhenDialog* WhenDialog::forReminder(const QString& deviceName, const QDateTime& now, QWidget* parent) {
  const QDateTime local = now.toLocalTime();
  return new WhenDialog(QStringLiteral("remindDialog"), tr("Remind me later"),
                        tr("Until then the update of %1 waits. Nothing is sent to the device.").arg(deviceName),
                        tr("Remind me then"),
                        {{tr("In one hour"), local.addSecs(3600)},
                         {tr("Tomorrow morning"), atHour(local.addDays(1), 9)},
                         {tr("In a week"), atHour(local.addDays(7), 9)}},
                        now, std::nullopt, parent);
}

WhenDialog* WhenDialog::forSchedule(const Schedule& schedule, const QDateTime& now, QWidget* parent) {
  using When = StartTime::When;
  const QDateTime local = now.toLocalTime();
  const QDateTime night = local.time().hour() < 2 ? atHour(local, 2) : atHour(local.addDays(1), 2);
  QString text = tr("The update of %1 starts by itself then while Sealift runs. Every check runs again, and it is "
                    "installed only if it is still what you agreed to.")
                     .arg(schedule.deviceName);
  if (schedule.deferrableUntil) {
    text += QLatin1Char(' ') + tr("Its vendor lets it be put off until %1.").arg(formatDate(*schedule.deferrableUntil));
  }
  const QString noWindow =
      schedule.window.isEmpty() ? tr("This station has no maintenance window. Settings sets one.") : QString();
  return new WhenDialog(QStringLiteral("scheduleDialog"), tr("Schedule the update"), text, tr("Schedule"),
                        {{tr("Tonight"), night, When::Tonight},
                         {tr("In one hour"), local.addSecs(3600)},
                         {tr("In the maintenance window"), schedule.windowStart, When::Window, noWindow},
                         {tr("As soon as the device is connected"), {}, When::Connect},
                         {tr("As soon as the device is idle"), {}, When::Idle, schedule.idleProblem}},
                        now, schedule.deferrableUntil, parent);
}

WhenDialog::WhenDialog(const QString& name, const QString& title, const QString& text, const QString& action,
                       const QList<Choice>& choices, const QDateTime& now, const std::optional<QDate>& lastDay,
                       QWidget* parent)
    : DialogFrame(name, title, text, parent), group_(new QButtonGroup(this)), choices_(choices) {
  const auto addRadio = [&](const QString& label, int id) {
    auto* radio = new QRadioButton(label);
    radio->setObjectName(QStringLiteral("%1Choice%2").arg(name).arg(id));
    radio->setFont(textFont(TextStyle::Control));
    group_->addButton(radio, id);
    body()->addWidget(radio, 0, Qt::AlignLeft);
    return radio;
  };
  for (qsizetype i = 0; i < choices_.size(); ++i) {
    Choice& choice = choices_[i];
    if (lastDay && choice.problem.isEmpty() && choice.time.isValid() && choice.time.toUTC().date() > *lastDay) {
      choice.problem = tr("That is after the date that its vendor allows.");
    }
    const QString label = choice.time.isValid()
                              ? QStringLiteral("%1 \u2013 %2").arg(choice.text, formatDateTime(choice.time))
                              : choice.text;
    QRadioButton* radio = addRadio(label, static_cast<int>(i));
    if (!choice.problem.isEmpty()) {
      radio->setEnabled(false);
      radio->setAccessibleDescription(choice.problem);
      body()->addWidget(makeWrappedLabel(TextStyle::Small, TextTone::Muted, choice.problem));
    }
  }
  QRadioButton* other = addRadio(tr("At another time"), static_cast<int>(choices_.size()));
  edit_ = new QDateTimeEdit(choices.constFirst().time);
  edit_->setObjectName(name + QLatin1String("Time"));
  edit_->setAccessibleName(tr("Another time"));
  edit_->setFont(textFont(TextStyle::Body));
  edit_->setDisplayFormat(QStringLiteral("d MMM yyyy  HH:mm"));
  edit_->setMinimumDateTime(now.toLocalTime().addSecs(60));
  if (lastDay) {
    edit_->setMaximumDateTime(
        std::max(QDateTime(*lastDay, QTime(23, 59), Qt::UTC).toLocalTime(), edit_->minimumDateTime()));
  }
  edit_->setEnabled(false);
  body()->addWidget(edit_);
  connect(other, &QRadioButton::toggled, edit_, &QWidget::setEnabled);
  tabToChecked(group_);
  int first = 0;
  while (!group_->button(first)->isEnabled()) {  // another time is always there
    ++first;
  }
  group_->button(first)->setChecked(true);

  QPushButton* cancel = addButton(tr("Back"), name + QLatin1String("No"), ButtonKind::Secondary);
  QPushButton* ok = addButton(action, name + QLatin1String("Yes"), ButtonKind::Primary);
  ok->setDefault(true);
  connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
  connect(ok, &QPushButton::clicked, this, [this] {
    Q_EMIT timeChosen(when());
    Q_EMIT startChosen(start());
    accept();
  });
  group_->button(first)->setFocus();
}

QDateTime WhenDialog::when() const {
  const int id = group_->checkedId();
  return (id >= 0 && id < choices_.size() ? choices_.at(id).time : edit_->dateTime()).toUTC();
}

StartTime WhenDialog::start() const {
  const int id = group_->checkedId();
  StartTime start;
  start.when = id >= 0 && id < choices_.size() ? choices_.at(id).when : StartTime::When::At;
  start.at = when();
  start.mostAttempts = kMostAttempts;
  return start;
}

}  // namespace sealift
