#include "ui/widgets/navigation_button.h"

#include "ui/style/format.h"
#include "ui/style/icon_loader.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"
#include "ui/widgets/text_label.h"

#include <QPainter>

namespace sealift {

namespace {
constexpr int kHeight = 38;
}

NavigationButton::NavigationButton(const QString& icon, const QString& label, QWidget* parent)
    : QAbstractButton(parent), icon_(icon) {
  setCheckable(true);
  setFocusPolicy(Qt::StrongFocus);
  setAttribute(Qt::WA_Hover);
  setFixedHeight(kHeight);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setLabel(label);
}

void NavigationButton::setLabel(const QString& label) {
  setText(label);
  describe();
}

void NavigationButton::setCount(int count, const QString& meaning) {
  count_ = count;
  meaning_ = meaning;
  describe();
  update();
}

void NavigationButton::setCompact(bool compact) {
  compact_ = compact;
  describe();
  updateGeometry();
  update();
}

void NavigationButton::describe() {
  setAccessibleName(text());
  setAccessibleDescription(count_ > 0 ? meaning_ : QString());
  const QString tip = count_ > 0 ? joinParts({text(), meaning_}) : text();
  setToolTip(compact_ ? plainToolTip(tip) : QString());
}

QSize NavigationButton::sizeHint() const {
  return {compact_ ? extent::kRailCompact - 2 * space::kS : extent::kRail - 2 * space::kS, kHeight};
}

void NavigationButton::paintEvent(QPaintEvent*) {
  const Palette& colors = Theme::colors();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  if (isChecked() || underMouse()) {
    painter.setPen(isChecked() ? QPen(colors.border) : QPen(Qt::NoPen));
    painter.setBrush(isChecked() ? colors.surface : colors.hover);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius::kControl, radius::kControl);
  }
  const QColor ink = isChecked() ? colors.text : colors.textMuted;
  const int iconLeft = compact_ ? (width() - extent::kIcon) / 2 : space::kM - 1;
  const QPixmap pixmap = tintedPixmap(icon_, ink, extent::kIcon, devicePixelRatioF());
  if (!pixmap.isNull()) {
    painter.drawPixmap(QRect(iconLeft, (height() - extent::kIcon) / 2, extent::kIcon, extent::kIcon), pixmap);
  }
  const QString count = count_ > 0 ? formatCount(count_) : QString();
  painter.setFont(textFont(TextStyle::SmallBold));
  const int countWidth = painter.fontMetrics().horizontalAdvance(count);
  painter.setPen(colors.accent);
  if (compact_) {
    painter.drawText(rect().adjusted(0, 2, -3, 0), Qt::AlignRight | Qt::AlignTop, count);
    return;
  }
  painter.drawText(rect().adjusted(0, 0, -space::kM, 0), Qt::AlignRight | Qt::AlignVCenter, count);
  painter.setFont(textFont(TextStyle::Control));
  painter.setPen(ink);
  const int left = 40;
  const int room = width() - left - space::kM - (countWidth > 0 ? countWidth + space::kS : 0);
  painter.drawText(QRect(left, 0, room, height()), Qt::AlignLeft | Qt::AlignVCenter,
                   painter.fontMetrics().elidedText(text(), Qt::ElideRight, room));
}

}  // namespace sealift
