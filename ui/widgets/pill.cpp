#include "ui/widgets/pill.h"

#include "ui/style/style_sheet.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"

#include <QPainter>
#include <QStyle>

#include <cmath>

namespace sealift {

Pill::Pill(const Badge& badge, QWidget* parent) : QLabel(parent) {
  setTextFormat(Qt::PlainText);
  setFont(textFont(TextStyle::SmallBold));
  setFixedHeight(extent::kPill);
  setAlignment(Qt::AlignCenter);
  setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
  setBadge(badge);
}

void Pill::setBadge(const Badge& badge) {
  setProperty("pill", tonePropertyName(badge.tone));
  setText(badge.text);
  if (badge.text.isEmpty()) {
    hide();
  } else if (parentWidget() != nullptr) {  // without a parent it would become a window
    show();
  }
  style()->unpolish(this);
  style()->polish(this);
}

QSize Pill::sizeOf(const Badge& badge) {
  // Widths are fractions: rounded down, the text would be a hair too wide for its own pill.
  const QFontMetricsF metrics(textFont(TextStyle::SmallBold));
  return {static_cast<int>(std::ceil(metrics.horizontalAdvance(badge.text))) + 1 + 2 * space::kS, extent::kPill};
}

void Pill::paint(QPainter* painter, const QRect& rect, const Badge& badge) {
  if (badge.text.isEmpty() || rect.width() <= 2 * space::kS) {
    return;
  }
  const Palette& colors = Theme::colors();
  const int width = std::min(sizeOf(badge).width(), rect.width());
  const QRect pill(rect.left(), rect.center().y() - extent::kPill / 2 + 1, width, extent::kPill);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setPen(Qt::NoPen);
  painter->setBrush(toneSoftColor(colors, badge.tone));
  painter->drawRoundedRect(pill, extent::kPill / 2.0, extent::kPill / 2.0);
  painter->setFont(textFont(TextStyle::SmallBold));
  painter->setPen(toneColor(colors, badge.tone));
  const QRect inner = pill.adjusted(space::kS, 0, -space::kS, 0);
  painter->drawText(inner, Qt::AlignVCenter | Qt::AlignLeft,
                    painter->fontMetrics().elidedText(badge.text, Qt::ElideRight, inner.width()));
  painter->restore();
}

}  // namespace sealift
