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
  void paintLabels(QPainter& painter, const QRectF& bar) const;
  void paintToday(QPainter& painter, const QRectF& bar) const;

  Lifecycle lifecycle_;
  QDate today_;
  QDate begin_;
  QDate end_;
};

}  // namespace sealift
