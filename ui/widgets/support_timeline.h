// A model's support on a line of time: full support, security updates only, end of life, and today.
// Dates that the vendor has not published are not drawn.
#pragma once

#include "app/services/views.h"
#include "ui/widgets/painted_widget.h"

namespace sealift {

class SupportTimeline final : public PaintedWidget {
  Q_OBJECT

 public:
  explicit SupportTimeline(QWidget* parent = nullptr);

  void setLifecycle(const Lifecycle& lifecycle, const QDate& today);
  // The same in words.
  QString description() const;

  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  struct Mark {
    QDate date;
    QString text;
  };

  QList<Mark> marks() const;
  double position(const QDate& date) const;  // 0 … 1
  void paintBar(QPainter& painter, const QRectF& bar) const;
  // Where each mark's words stand below a bar of this width; the second row only when the first has no room.
  QList<QRectF> placeLabels(double width) const;
  void paintLabels(QPainter& painter) const;
  void paintToday(QPainter& painter, const QRectF& bar) const;

  Lifecycle lifecycle_;
  QDate today_;
  QDate begin_;
  QDate end_;
};

}  // namespace sealift
