// One entry of the navigation rail.
#pragma once

#include <QAbstractButton>

namespace sealift {

class NavigationButton final : public QAbstractButton {
  Q_OBJECT

 public:
  NavigationButton(const QString& icon, const QString& label, QWidget* parent = nullptr);

  void setLabel(const QString& label);
  void setCount(int count, const QString& meaning);
  void setCompact(bool compact);

  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void describe();

  QString icon_;
  QString meaning_;
  int count_ = 0;
  bool compact_ = false;
};

}  // namespace sealift
