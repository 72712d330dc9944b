#include "ui/widgets/focus_ring.h"

#include "ui/style/theme.h"

#include <QApplication>
#include <QKeyEvent>
#include <QPainter>

namespace sealift {

namespace {
constexpr int kOutside = 3;
constexpr int kPen = 2;
}  // namespace

FocusRing::FocusRing(QWidget* window) : QWidget(window) {
  setAttribute(Qt::WA_TransparentForMouseEvents);
  setFocusPolicy(Qt::NoFocus);
  hide();
  qApp->installEventFilter(this);
  connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) { follow(now); });
}

void FocusRing::follow(QWidget* target) {
  target_ = target != nullptr && target->window() == parentWidget() && byKeyboard_ ? target : nullptr;
  place();
}

void FocusRing::place() {
  if (target_ == nullptr || !target_->isVisible()) {
    hide();
    return;
  }
  // Only the part that scrolling leaves visible.
  const QRect inside = target_->visibleRegion().boundingRect();
  const QRect area(target_->mapTo(parentWidget(), inside.topLeft()), inside.size());
  setGeometry(area.adjusted(-kOutside, -kOutside, kOutside, kOutside).intersected(parentWidget()->rect()));
  setVisible(!inside.isEmpty());
  raise();
  update();
}

bool FocusRing::eventFilter(QObject* watched, QEvent* event) {
  switch (event->type()) {
    case QEvent::KeyPress: {
      const int key = static_cast<QKeyEvent*>(event)->key();
      byKeyboard_ = key == Qt::Key_Tab || key == Qt::Key_Backtab || (key >= Qt::Key_Left && key <= Qt::Key_Down) ||
                    (byKeyboard_ && key != Qt::Key_Escape);
      if (byKeyboard_ && target_ == nullptr) {
        follow(QApplication::focusWidget());
      }
      break;
    }
    case QEvent::MouseButtonPress:
      if (byKeyboard_) {
        byKeyboard_ = false;
        follow(nullptr);
      }
      break;
    case QEvent::Move:
    case QEvent::Resize:
    case QEvent::Hide:
    case QEvent::Show:
      if (target_ != nullptr && watched != this && watched->isWidgetType() &&
          (watched == target_ || static_cast<QWidget*>(watched)->isAncestorOf(target_))) {
        place();
      }
      break;
    default:
      break;
  }
  return QWidget::eventFilter(watched, event);
}

void FocusRing::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(Theme::colors().accent, kPen));
  const double inset = kPen / 2.0;
  painter.drawRoundedRect(QRectF(rect()).adjusted(inset, inset, -inset, -inset), radius::kCard, radius::kCard);
}

}  // namespace sealift
