#include "ui/widgets/scroll_pane.h"

#include <QLayout>
#include <QScrollBar>

#include <algorithm>

namespace sealift {

ScrollPane::ScrollPane(QWidget* content, int margin, const QString& name) : margin_(margin) {
  setObjectName(name);
  setFrameShape(QFrame::NoFrame);
  setWidgetResizable(true);
  setFocusPolicy(Qt::NoFocus);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  content->setProperty("scrollContent", true);
  setWidget(content);
  connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, &ScrollPane::fitMargin);
  fitMargin();
}

void ScrollPane::fitMargin() {
  QLayout* layout = widget()->layout();
  QMargins margins = layout->contentsMargins();
  const bool scrolls = verticalScrollBar()->maximum() > verticalScrollBar()->minimum();
  margins.setRight(std::max(0, margin_ - (scrolls ? verticalScrollBar()->sizeHint().width() : 0)));
  layout->setContentsMargins(margins);
}

}  // namespace sealift
