#include "ui/widgets/progress_track.h"

#include "ui/style/theme.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace sealift {

ProgressTrack::ProgressTrack(QWidget* parent) : QProgressBar(parent) {
  setRange(0, 100);
  setTextVisible(false);
  setFixedHeight(extent::kTrack);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Progress"));
}

void ProgressTrack::setProgress(double fraction, Tone tone) {
  fraction_ = std::clamp(fraction, 0.0, 1.0);
  tone_ = tone;
  setValue(static_cast<int>(std::floor(fraction_ * 100.0)));
  update();
}

QSize ProgressTrack::sizeHint() const {
  return {120, extent::kTrack};
}

void ProgressTrack::paintEvent(QPaintEvent*) {
  const Palette& colors = Theme::colors();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  const QRectF track(rect());
  const double corner = track.height() / 2;
  painter.setBrush(colors.tile);
  painter.drawRoundedRect(track, corner, corner);
  if (fraction_ > 0.0) {
    const double width = std::max(track.height(), track.width() * fraction_);
    const double left = isRightToLeft() ? track.right() - width : track.left();
    painter.setBrush(toneColor(colors, tone_));
    painter.drawRoundedRect(QRectF(left, 0, width, track.height()), corner, corner);
  }
}

}  // namespace sealift
