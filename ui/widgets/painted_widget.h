// A widget that paints a picture whose meaning stands in its accessible name.
#pragma once

#include <QWidget>

namespace sealift {

class PaintedWidget : public QWidget {
  Q_OBJECT

 public:
  using QWidget::QWidget;

  // Makes screen readers meet these widgets as graphics with a name. Once, before the first window.
  static void installAccessibility();
};

}  // namespace sealift
