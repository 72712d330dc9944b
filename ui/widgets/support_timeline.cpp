#include "ui/widgets/support_timeline.h"

#include "ui/style/format.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"

#include <QPainter>

#include <algorithm>

namespace sealift {

namespace {
constexpr int kUsualWidth = 600;
constexpr int kBarTop = 20;
constexpr int kBarHeight = 8;
constexpr int kLabelHeight = 16;
constexpr int kLabelGap = 12;
constexpr double kTodayRadius = 7.0;
constexpr double kTailShare = 0.14;  // of the line lies beyond the last date
}  // namespace

SupportTimeline::SupportTimeline(QWidget* parent) : PaintedWidget(parent) {
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

void SupportTimeline::setLifecycle(const Lifecycle& lifecycle, const QDate& today) {
  lifecycle_ = lifecycle;
  today_ = today;
  QList<QDate> dates{today};
  for (const auto& date : {lifecycle.released, lifecycle.fullSupportEnds, lifecycle.securitySupportEnds}) {
    if (date) {
      dates << *date;
    }
  }
  const auto [first, last] = std::minmax_element(dates.cbegin(), dates.cend());
  begin_ = lifecycle.released && *lifecycle.released == *first ? *first : first->addYears(-1);
  const double days = static_cast<double>(std::max<qint64>(begin_.daysTo(*last), 30));
  end_ = begin_.addDays(static_cast<qint64>(days / (1.0 - kTailShare)));
  setAccessibleName(description());
  setToolTip(description());
  updateGeometry();
  update();
}

QString SupportTimeline::description() const {
  QStringList sentences;
  for (const Mark& mark : marks()) {
    sentences << mark.text + QLatin1Char('.');
  }
  sentences << tr("Today is %1.").arg(formatDate(today_));
  return sentences.join(QLatin1Char(' '));
}

int SupportTimeline::heightForWidth(int width) const {
  double bottom = kBarTop + kBarHeight;
  const QList<QRectF> boxes = placeLabels(width);
  for (const QRectF& box : boxes) {
    bottom = std::max(bottom, box.bottom());
  }
  return static_cast<int>(bottom);
}

QSize SupportTimeline::sizeHint() const {
  return {kUsualWidth, heightForWidth(kUsualWidth)};
}

QSize SupportTimeline::minimumSizeHint() const {
  return {kUsualWidth / 3, kBarTop + kBarHeight + kLabelHeight};
}

QList<SupportTimeline::Mark> SupportTimeline::marks() const {
  QList<Mark> list;
  if (lifecycle_.released) {
    list.append({*lifecycle_.released, tr("Released %1").arg(formatMonth(*lifecycle_.released))});
  }
  if (lifecycle_.fullSupportEnds) {
    list.append({*lifecycle_.fullSupportEnds,
                 *lifecycle_.fullSupportEnds > today_
                     ? tr("Feature updates end %1").arg(formatMonth(*lifecycle_.fullSupportEnds))
                     : tr("Feature updates ended %1").arg(formatMonth(*lifecycle_.fullSupportEnds))});
  }
  if (lifecycle_.securitySupportEnds) {
    const QString month = formatMonth(*lifecycle_.securitySupportEnds);
    list.append({*lifecycle_.securitySupportEnds, *lifecycle_.securitySupportEnds > today_
                                                      ? tr("Security updates end %1").arg(month)
                                                      : tr("Security updates ended %1").arg(month)});
  }
  return list;
}

double SupportTimeline::position(const QDate& date) const {
  const auto whole = static_cast<double>(std::max<qint64>(begin_.daysTo(end_), 1));
  return std::clamp(static_cast<double>(begin_.daysTo(date)) / whole, 0.0, 1.0);
}

void SupportTimeline::paintBar(QPainter& painter, const QRectF& bar) const {
  const Palette& colors = Theme::colors();
  const auto paintPart = [&](double from, double to, const QColor& color) {
    if (to > from) {
      painter.setClipRect(QRectF(bar.left() + from * bar.width(), bar.top(), (to - from) * bar.width(), bar.height()));
      painter.setBrush(color);
      painter.drawRoundedRect(bar, kBarHeight / 2.0, kBarHeight / 2.0);
    }
  };
  painter.setPen(Qt::NoPen);
  const bool dated = lifecycle_.fullSupportEnds || lifecycle_.securitySupportEnds;
  const double full = lifecycle_.fullSupportEnds       ? position(*lifecycle_.fullSupportEnds)
                      : lifecycle_.securitySupportEnds ? position(*lifecycle_.securitySupportEnds)
                                                       : 1.0;
  const double security = lifecycle_.securitySupportEnds ? position(*lifecycle_.securitySupportEnds) : 1.0;
  paintPart(0.0, full, dated ? colors.phaseFull : colors.tile);
  paintPart(full, security, colors.phaseSecurity);
  paintPart(security, 1.0, colors.phaseEnd);
  painter.setClipping(false);
}

QList<QRectF> SupportTimeline::placeLabels(double width) const {
  const QFontMetricsF metrics(textFont(TextStyle::Caption));
  const QList<Mark> list = marks();
  QList<QRectF> boxes(list.size());
  // From the right: each label under its date, but clear of the label after it.
  double limit[2] = {width, width};
  for (qsizetype i = list.size() - 1; i >= 0; --i) {
    const double length = metrics.horizontalAdvance(list.at(i).text) + 1;
    const double wanted = std::max(0.0, position(list.at(i).date) * width - length / 2);
    const int row = limit[0] - length < 0.0 ? 1 : 0;
    const double left = std::max(0.0, std::min(wanted, limit[row] - length));
    boxes[i] = QRectF(left, kBarTop + kBarHeight + space::kXs + row * kLabelHeight, length, kLabelHeight);
    limit[row] = left - kLabelGap;
  }
  return boxes;
}

void SupportTimeline::paintLabels(QPainter& painter) const {
  painter.setFont(textFont(TextStyle::Caption));
  painter.setPen(Theme::colors().textMuted);
  const QList<Mark> list = marks();
  const QList<QRectF> boxes = placeLabels(width());
  for (qsizetype i = 0; i < list.size(); ++i) {
    painter.drawText(boxes.at(i), Qt::AlignLeft | Qt::AlignVCenter, list.at(i).text);
  }
}

void SupportTimeline::paintToday(QPainter& painter, const QRectF& bar) const {
  const Palette& colors = Theme::colors();
  const double x =
      std::clamp(bar.left() + position(today_) * bar.width(), bar.left() + kTodayRadius, bar.right() - kTodayRadius);
  painter.setPen(QPen(colors.text, 2));
  painter.setBrush(colors.surface);
  painter.drawEllipse(QPointF(x, bar.center().y()), kTodayRadius, kTodayRadius);
  const QString text = tr("today");
  const double width = QFontMetricsF(textFont(TextStyle::Caption)).horizontalAdvance(text) + 2;
  const double left = std::clamp(x - width / 2, bar.left(), bar.right() - width);
  painter.setFont(textFont(TextStyle::Caption));
  painter.setPen(colors.textMuted);
  painter.drawText(QRectF(left, 0, width, kLabelHeight), Qt::AlignCenter, text);
}

void SupportTimeline::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QRectF bar(0, kBarTop, width(), kBarHeight);
  paintBar(painter, bar);
  paintLabels(painter);
  paintToday(painter, bar);
}

}  // namespace sealift
