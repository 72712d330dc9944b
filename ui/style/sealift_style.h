// What a style sheet can't say: tick boxes, radio buttons and metrics, drawn from the theme's colours.
#pragma once

#include <QProxyStyle>

namespace sealift {

class SealiftStyle final : public QProxyStyle {
  Q_OBJECT

 public:
  SealiftStyle();

  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
  int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
  int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                QStyleHintReturn* returnData) const override;
};

}  // namespace sealift
