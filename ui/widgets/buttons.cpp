#include "ui/widgets/buttons.h"

#include <QAction>
#include <QActionGroup>
#include <QButtonGroup>
#include <QMenu>

namespace sealift {

namespace {

QString withArrow(const QString& text) {
  return text + QStringLiteral(" \u25be");
}

const char* kindPropertyValue(ButtonKind kind) {
  switch (kind) {
    case ButtonKind::Primary:
      return "primary";
    case ButtonKind::Danger:
      return "danger";
    case ButtonKind::Quiet:
      return "quiet";
    case ButtonKind::Secondary:
      break;
  }
  return "secondary";
}

}  // namespace

QPushButton* makeButton(const QString& text, const QString& name, ButtonKind kind, bool small) {
  auto* button = new QPushButton(text);
  button->setObjectName(name);
  button->setProperty("kind", QString::fromLatin1(kindPropertyValue(kind)));
  button->setProperty("small", small);
  button->setAutoDefault(false);
  button->setAccessibleName(text);
  button->setSizePolicy(QSizePolicy::Minimum, QSizePolicy::Fixed);
  return button;
}

QPushButton* makeMenuButton(const QString& text, const QString& name, QMenu* menu) {
  QPushButton* button = makeButton(withArrow(text), name);
  button->setAccessibleName(text);
  menu->setParent(button, menu->windowFlags());
  button->setMenu(menu);
  return button;
}

void tabToChecked(QButtonGroup* group) {
  const auto fit = [group] {
    const QList<QAbstractButton*> buttons = group->buttons();
    for (QAbstractButton* button : buttons) {
      button->setFocusPolicy(button->isChecked() ? Qt::StrongFocus : Qt::ClickFocus);
    }
  };
  QObject::connect(group, &QButtonGroup::idToggled, group, fit);
  fit();
}

ChoiceButton::ChoiceButton(const QString& label, const QString& name, QWidget* parent)
    : QPushButton(parent), label_(label), menu_(new QMenu(this)), group_(new QActionGroup(this)) {
  setObjectName(name);
  setProperty("field", true);
  setAutoDefault(false);
  setMenu(menu_);
  setSizePolicy(QSizePolicy::Minimum, QSizePolicy::Fixed);
  connect(group_, &QActionGroup::triggered, this, [this](QAction* action) {
    take(action);
    Q_EMIT chosen(action->data());
  });
}

void ChoiceButton::addChoice(const QString& text, const QVariant& value) {
  QAction* action = menu_->addAction(text);
  action->setCheckable(true);
  action->setData(value);
  group_->addAction(action);
  if (group_->actions().size() == 1) {
    take(action);
  }
}

QVariant ChoiceButton::value() const {
  const QAction* action = group_->checkedAction();
  return action != nullptr ? action->data() : QVariant();
}

void ChoiceButton::setValue(const QVariant& newValue) {
  const QList<QAction*> actions = group_->actions();
  for (QAction* action : actions) {
    if (action->data() == newValue && !action->isChecked()) {
      take(action);
      Q_EMIT chosen(newValue);
      return;
    }
  }
}

void ChoiceButton::take(QAction* action) {
  action->setChecked(true);
  setText(withArrow(action->text()));
  setAccessibleName(QStringLiteral("%1: %2").arg(label_, action->text()));
}

}  // namespace sealift
