#include "ui/widgets/painted_widget.h"

#include <QAccessibleWidget>

namespace sealift {

void PaintedWidget::installAccessibility() {
  static const bool installed = [] {
    QAccessible::installFactory([](const QString&, QObject* object) -> QAccessibleInterface* {
      auto* widget = qobject_cast<PaintedWidget*>(object);
      return widget == nullptr ? nullptr : new QAccessibleWidget(widget, QAccessible::Graphic);
    });
    return true;
  }();
  Q_UNUSED(installed)
}

}  // namespace sealift
