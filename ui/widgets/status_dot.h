// A dot in a tone. Decoration: the words beside it say the same.
#pragma once

#include "app/services/views.h"

#include <QWidget>

namespace sealift {

class StatusDot final : public QWidget {
  Q_OBJECT

 public:
  explicit StatusDot(QWidget* parent = nullptr);

  void setTone(Tone tone);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Tone tone_ = Tone::Neutral;
};

}  // namespace sealift
