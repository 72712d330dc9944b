// A panel in a tone: what is the matter, what to do, and the buttons for it.
// Errors are shown with it where they belong: what happened, the remedy, the stable code.
#pragma once

#include "app/services/views.h"
#include "ui/widgets/card.h"

class QBoxLayout;
class QHBoxLayout;
class QPushButton;

namespace sealift {

class IconLabel;
class TextLabel;

class Banner final : public Card {
  Q_OBJECT

 public:
  explicit Banner(const QString& name, QWidget* parent = nullptr);

  void setMessage(Tone tone, const QString& icon, const QString& title, const QString& detail = {});
  void setError(const Error& error);
  void addButton(QPushButton* button);
  // Room below the text for more than words.
  QVBoxLayout* extra() const { return extra_; }

  QSize minimumSizeHint() const override;

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void arrange();

  IconLabel* icon_;
  TextLabel* title_;
  TextLabel* detail_;
  TextLabel* code_;
  QBoxLayout* row_;
  QHBoxLayout* buttons_;
  QVBoxLayout* extra_;
};

}  // namespace sealift
