// A bordered surface with an optional title, on which everything of a page lies.
#pragma once

#include "app/services/views.h"

#include <QFrame>

class QHBoxLayout;
class QVBoxLayout;

namespace sealift {

class TextLabel;

class Card : public QFrame {
  Q_OBJECT

 public:
  explicit Card(const QString& title = {}, QWidget* parent = nullptr);

  QVBoxLayout* body() const { return body_; }
  // Controls beside the title.
  QHBoxLayout* titleRow() const { return titleRow_; }
  void setTitle(const QString& title);
  // The border in a tone; Neutral is the ordinary border.
  void setBorderTone(Tone tone);

 private:
  QVBoxLayout* body_;
  QHBoxLayout* titleRow_;
  TextLabel* title_;
};

// A hairline across.
QFrame* makeLine(QWidget* parent = nullptr);

}  // namespace sealift
