#include "ui/style/sealift_style.h"

#include "ui/style/theme.h"

#include <QPainter>
#include <QPainterPath>
#include <QStyleFactory>
#include <QStyleOption>

namespace sealift {

namespace {

constexpr int kIndicator = 18;

struct IndicatorColors {
  QColor fill;
  QColor line;
  QColor mark;
};

IndicatorColors indicatorColors(const QStyleOption& option, bool on) {
  const Palette& colors = Theme::colors();
  if (!option.state.testFlag(QStyle::State_Enabled)) {
    return {colors.tile, colors.border, colors.textFaint};
  }
  if (on) {
    return {colors.accent, colors.accent, colors.onAccent};
  }
  const bool hovered = option.state.testFlag(QStyle::State_MouseOver);
  return {colors.surface, hovered ? colors.accent : colors.outline, colors.onAccent};
}

void drawCheckBox(const QStyleOption& option, QPainter* painter) {
  const bool on = option.state.testFlag(QStyle::State_On);
  const IndicatorColors colors = indicatorColors(option, on);
  const QRectF box = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5);
  painter->setPen(QPen(colors.line, 1));
  painter->setBrush(colors.fill);
  painter->drawRoundedRect(box, radius::kSmall, radius::kSmall);
  if (on) {
    const QPointF middle = box.center();
    QPainterPath tick(middle + QPointF(-4, 0));
    tick.lineTo(middle + QPointF(-1.25, 2.75));
    tick.lineTo(middle + QPointF(4, -3));
    painter->setPen(QPen(colors.mark, 1.75, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter->setBrush(Qt::NoBrush);
    painter->drawPath(tick);
  }
}

void drawRadioButton(const QStyleOption& option, QPainter* painter) {
  const bool on = option.state.testFlag(QStyle::State_On);
  const IndicatorColors colors = indicatorColors(option, on);
  const QRectF circle = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5);
  painter->setPen(QPen(colors.line, 1));
  painter->setBrush(colors.fill);
  painter->drawEllipse(circle);
  if (on) {
    painter->setPen(Qt::NoPen);
    painter->setBrush(colors.mark);
    painter->drawEllipse(circle.center(), 3.5, 3.5);
  }
}

}  // namespace

SealiftStyle::SealiftStyle() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

void SealiftStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                 const QWidget* widget) const {
  switch (element) {
    case PE_IndicatorCheckBox:
    case PE_IndicatorRadioButton:
      painter->save();
      painter->setRenderHint(QPainter::Antialiasing);
      element == PE_IndicatorCheckBox ? drawCheckBox(*option, painter) : drawRadioButton(*option, painter);
      painter->restore();
      return;
    case PE_FrameFocusRect:  // FocusRing draws the focus, for every control alike
      return;
    default:
      QProxyStyle::drawPrimitive(element, option, painter, widget);
  }
}

int SealiftStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
  switch (metric) {
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
      return kIndicator;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
      return space::kM;
    default:
      return QProxyStyle::pixelMetric(metric, option, widget);
  }
}

int SealiftStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                            QStyleHintReturn* returnData) const {
  if (hint == SH_EtchDisabledText || hint == SH_UnderlineShortcut) {
    return 0;
  }
  return QProxyStyle::styleHint(hint, option, widget, returnData);
}

}  // namespace sealift
