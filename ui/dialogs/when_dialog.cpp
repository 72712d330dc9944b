#include "ui/dialogs/when_dialog.h"

#include "app/base/result.h"
#include "ui/style/format.h"
#include "ui/style/typography.h"

#include <QButtonGroup>
#include <QDateTimeEdit>
#include <QRadioButton>
#include <QVBoxLayout>

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
                        now, parent);
}

WhenDialog* WhenDialog::forSchedule(const QString& deviceName, const QDateTime& now, QWidget* parent) {
  const QDateTime local = now.toLocalTime();
  const QDateTime night = local.time().hour() < 2 ? atHour(local, 2) : atHour(local.addDays(1), 2);
  return new WhenDialog(
      QStringLiteral("scheduleDialog"), tr("Schedule the update"),
      tr("The update of %1 starts by itself at that time while Sealift runs. Every check runs again "
         "then, and it is installed only if it is still what you agreed to.")
          .arg(deviceName),
      tr("Schedule"),
      {{tr("Tonight"), night}, {tr("In one hour"), local.addSecs(3600)}, {tr("In a week"), night.addDays(7)}}, now,
      parent);
}

WhenDialog::WhenDialog(const QString& name, const QString& title, const QString& text, const QString& action,
                       const QList<Choice>& choices, const QDateTime& now, QWidget* parent)
    : DialogFrame(name, title, text, parent), group_(new QButtonGroup(this)) {
  const auto addRadio = [&](const QString& label, int id) {
    auto* radio = new QRadioButton(label);
    radio->setObjectName(QStringLiteral("%1Choice%2").arg(name).arg(id));
    radio->setFont(textFont(TextStyle::Control));
    group_->addButton(radio, id);
    body()->addWidget(radio, 0, Qt::AlignLeft);
    return radio;
  };
  for (const Choice& choice : choices) {
    addRadio(QStringLiteral("%1 \u2013 %2").arg(choice.text, formatDateTime(choice.time)),
             static_cast<int>(times_.size()));
    times_ << choice.time;
  }
  QRadioButton* other = addRadio(tr("At another time"), static_cast<int>(times_.size()));
  edit_ = new QDateTimeEdit(choices.constFirst().time);
  edit_->setObjectName(name + QLatin1String("Time"));
  edit_->setAccessibleName(tr("Another time"));
  edit_->setFont(textFont(TextStyle::Body));
  edit_->setDisplayFormat(QStringLiteral("d MMM yyyy  HH:mm"));
  edit_->setMinimumDateTime(now.toLocalTime().addSecs(60));
  edit_->setEnabled(false);
  body()->addWidget(edit_);
  connect(other, &QRadioButton::toggled, edit_, &QWidget::setEnabled);
  tabToChecked(group_);
  group_->button(0)->setChecked(true);

  QPushButton* cancel = addButton(tr("Back"), name + QLatin1String("No"), ButtonKind::Secondary);
  QPushButton* ok = addButton(action, name + QLatin1String("Yes"), ButtonKind::Primary);
  ok->setDefault(true);
  connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
  connect(ok, &QPushButton::clicked, this, [this] {
    Q_EMIT timeChosen(when());
    accept();
  });
  group_->button(0)->setFocus();
}

QDateTime WhenDialog::when() const {
  const int id = group_->checkedId();
  return (id >= 0 && id < times_.size() ? times_.at(id) : edit_->dateTime()).toUTC();
}

}  // namespace sealift
