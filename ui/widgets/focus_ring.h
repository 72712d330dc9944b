// A ring around the control that the keyboard is on, the same for every kind of control.
// It shows after a key moved the focus, not after a click.
#pragma once

#include <QPointer>
#include <QWidget>

namespace sealift {

class FocusRing final : public QWidget {
  Q_OBJECT

 public:
  // Lies over `window` and follows the focus inside it.
  explicit FocusRing(QWidget* window);

  QWidget* target() const { return target_.data(); }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void follow(QWidget* target);
  void place();

  QPointer<QWidget> target_;
  bool byKeyboard_ = false;
};

}  // namespace sealift
