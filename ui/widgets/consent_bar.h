// The bar under a plan: the yes to exactly what is shown above it, and the buttons that need that yes.
#pragma once

#include "ui/widgets/buttons.h"
#include "ui/widgets/card.h"

class QCheckBox;
class QHBoxLayout;

namespace sealift {

class TextLabel;

class ConsentBar final : public QWidget {
  Q_OBJECT

 public:
  // `name` becomes the object name of the check box.
  explicit ConsentBar(const QString& name, QWidget* parent = nullptr);

  void addButton(QPushButton* button);
  void setText(const QString& text);  // what is agreed to
  void setHint(const QString& text);
  // False: there is nothing to agree to.
  void setPossible(bool possible);
  bool isAgreed() const;
  void clear();

 Q_SIGNALS:
  void changed();

 private:
  QCheckBox* box_;
  TextLabel* text_;
  TextLabel* hint_;
  QHBoxLayout* row_;
};

}  // namespace sealift
