// What a place shows when it has nothing to show: why, and what to do.
#pragma once

#include <QWidget>

class QPushButton;

namespace sealift {

class IconLabel;
class TextLabel;

class EmptyState final : public QWidget {
  Q_OBJECT

 public:
  EmptyState(const QString& icon, const QString& title, const QString& text, QWidget* parent = nullptr);

  void setMessage(const QString& icon, const QString& title, const QString& text);
  void addButton(QPushButton* button);

 private:
  IconLabel* icon_;
  TextLabel* title_;
  TextLabel* text_;
};

}  // namespace sealift
