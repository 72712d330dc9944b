#include "ui/widgets/status_dot.h"

#include "ui/style/theme.h"

#include <QPainter>

namespace sealift {

namespace {
constexpr int kDot = 8;
}

StatusDot::StatusDot(QWidget* parent) : QWidget(parent) {
  setFixedSize(kDot, kDot);
}

void StatusDot::setTone(Tone tone) {
  tone_ = tone;
  update();
}

void StatusDot::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(toneColor(Theme::colors(), tone_));
  painter.drawEllipse(rect());
}

}  // namespace sealift
