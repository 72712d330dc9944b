// Push buttons in the program's kinds, and a button that chooses one of several values.
#pragma once

#include <QPushButton>
#include <QVariant>

class QAction;
class QActionGroup;
class QButtonGroup;
class QMenu;

namespace sealift {

enum class ButtonKind { Secondary, Primary, Danger, Quiet };

// `name` becomes the object name.
QPushButton* makeButton(const QString& text, const QString& name, ButtonKind kind = ButtonKind::Secondary,
                        bool small = false);
// A button that opens `menu`, which it then owns.
QPushButton* makeMenuButton(const QString& text, const QString& name, QMenu* menu);

// Among alternatives Tab reaches the checked one, and arrows the others from there. Qt leaves it to
// chance which of them has been focused last.
void tabToChecked(QButtonGroup* group);

// Shows the chosen one of several values and opens a menu with all of them.
class ChoiceButton final : public QPushButton {
  Q_OBJECT

 public:
  // `label` names it to screen readers: "Outcome".
  ChoiceButton(const QString& label, const QString& name, QWidget* parent = nullptr);

  void addChoice(const QString& text, const QVariant& value);
  QVariant value() const;
  // Chooses by value; unknown values change nothing. Emits chosen() only for a change.
  void setValue(const QVariant& value);

 Q_SIGNALS:
  void chosen(const QVariant& value);

 private:
  void take(QAction* action);

  QString label_;
  QMenu* menu_;
  QActionGroup* group_;
};

}  // namespace sealift
