#include "ui/widgets/icon_label.h"

#include "ui/style/icon_loader.h"
#include "ui/style/theme.h"

#include <QPainter>

namespace sealift {

namespace {
constexpr int kSmallIcon = 14;
constexpr int kLargeIcon = 30;
}  // namespace

IconLabel::IconLabel(const QString& name, Tone tone, Shape shape, int size, QWidget* parent)
    : QWidget(parent), name_(name), tone_(tone), shape_(shape), size_(size) {
  setFixedSize(size, size);
  setAttribute(Qt::WA_TransparentForMouseEvents);
}

void IconLabel::setIcon(const QString& name, Tone tone) {
  name_ = name;
  tone_ = tone;
  update();
}

void IconLabel::paintEvent(QPaintEvent*) {
  const Palette& colors = Theme::colors();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  int icon = size_;
  if (shape_ != Shape::Bare) {
    const bool disc = shape_ == Shape::Disc;
    icon = !disc ? extent::kIcon : size_ > extent::kIcon ? kLargeIcon : kSmallIcon;
    const double corner = disc ? size_ / 2.0 : radius::kControl;
    painter.setPen(Qt::NoPen);
    painter.setBrush(disc ? toneSoftColor(colors, tone_) : colors.tile);
    painter.drawRoundedRect(rect(), corner, corner);
  }
  const QPixmap pixmap = tintedPixmap(name_, toneColor(colors, tone_), icon, devicePixelRatioF());
  if (!pixmap.isNull()) {
    painter.drawPixmap(QRect((width() - icon) / 2, (height() - icon) / 2, icon, icon), pixmap);
  }
}

}  // namespace sealift
