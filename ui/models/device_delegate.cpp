#include "ui/models/device_delegate.h"

#include "ui/models/device_list_model.h"
#include "ui/style/icon_loader.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"
#include "ui/widgets/pill.h"

#include <QAbstractItemView>
#include <QPainter>
#include <QTextLayout>

#include <algorithm>

namespace sealift {

namespace {

constexpr int kNameHeight = 20;
constexpr int kLineHeight = 16;
constexpr int kBadgeRow = 26;
constexpr int kMaxLines = 2;
constexpr int kBar = 3;       // marks the selected row
constexpr int kNarrow = 300;  // below this width the badge stands under the words
constexpr int kTextLeft = space::kL + extent::kTile + space::kM;

Badge badgeOf(const QModelIndex& index) {
  return {static_cast<Tone>(index.data(DeviceListModel::ToneRole).toInt()),
          index.data(DeviceListModel::BadgeTextRole).toString()};
}

int textWidth(int rowWidth, const Badge& badge) {
  const int pill = badge.text.isEmpty() || rowWidth < kNarrow ? 0 : Pill::sizeOf(badge).width() + space::kS;
  return std::max(rowWidth - kTextLeft - space::kL - pill, 80);
}

// The line's rows; the last one ends in … when there would be more.
QStringList wrapLine(const QString& text, int width) {
  const QFontMetrics metrics(textFont(TextStyle::Small));
  QTextLayout layout(text, textFont(TextStyle::Small));
  QTextOption option;
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  layout.setTextOption(option);
  QStringList rows;
  layout.beginLayout();
  for (QTextLine line = layout.createLine(); line.isValid() && rows.size() < kMaxLines; line = layout.createLine()) {
    line.setLineWidth(width);
    const bool last = rows.size() == kMaxLines - 1;
    const QString row = last ? text.mid(line.textStart()) : text.mid(line.textStart(), line.textLength());
    rows << metrics.elidedText(row.trimmed(), Qt::ElideRight, width);
  }
  layout.endLayout();
  return rows;
}

}  // namespace

void DeviceDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const Palette& colors = Theme::colors();
  const QRect row = option.rect;
  const bool selected = option.state.testFlag(QStyle::State_Selected);
  const Badge badge = badgeOf(index);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  if (selected) {
    painter->fillRect(row, colors.accentSoft);
    painter->fillRect(QRect(row.left(), row.top(), kBar, row.height()), colors.accent);
  } else if (option.state.testFlag(QStyle::State_MouseOver)) {
    painter->fillRect(row, colors.hover);
  }
  painter->fillRect(QRect(row.left(), row.bottom(), row.width(), 1), colors.border);

  const QRect tile(row.left() + space::kL, row.center().y() - extent::kTile / 2, extent::kTile, extent::kTile);
  painter->setPen(Qt::NoPen);
  painter->setBrush(colors.tile);
  painter->drawRoundedRect(tile, radius::kControl, radius::kControl);
  const qreal ratio = option.widget != nullptr ? option.widget->devicePixelRatioF() : 1.0;
  const QPixmap icon = tintedPixmap(linkIconName(index.data(DeviceListModel::LinkKindRole).toString()),
                                    colors.textMuted, extent::kIcon, ratio);
  if (!icon.isNull()) {
    painter->drawPixmap(tile.adjusted(8, 8, -8, -8), icon);
  }

  const int width = textWidth(row.width(), badge);
  const QStringList lines = wrapLine(index.data(DeviceListModel::LineRole).toString(), width);
  const bool narrow = row.width() < kNarrow && !badge.text.isEmpty();
  const int words = kNameHeight + static_cast<int>(lines.size()) * kLineHeight;
  int y = row.center().y() - (words + (narrow ? kBadgeRow : 0)) / 2;
  painter->setFont(textFont(TextStyle::ControlBold));
  painter->setPen(colors.text);
  painter->drawText(
      QRect(row.left() + kTextLeft, y, width, kNameHeight), Qt::AlignLeft | Qt::AlignVCenter,
      painter->fontMetrics().elidedText(index.data(DeviceListModel::NameRole).toString(), Qt::ElideRight, width));
  y += kNameHeight;
  painter->setFont(textFont(TextStyle::Small));
  painter->setPen(colors.textMuted);
  for (const QString& line : lines) {
    painter->drawText(QRect(row.left() + kTextLeft, y, width, kLineHeight), Qt::AlignLeft | Qt::AlignVCenter, line);
    y += kLineHeight;
  }
  const int pillWidth = Pill::sizeOf(badge).width();
  const QRect pill = narrow ? QRect(row.left() + kTextLeft, y, width, kBadgeRow)
                            : QRect(row.right() + 1 - space::kL - pillWidth, row.top(), pillWidth, row.height());
  Pill::paint(painter, pill, badge);
  painter->restore();
}

QSize DeviceDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const auto* view = qobject_cast<const QAbstractItemView*>(option.widget);
  const int width = view != nullptr ? view->viewport()->width() : option.rect.width();
  const Badge badge = badgeOf(index);
  const QStringList lines = wrapLine(index.data(DeviceListModel::LineRole).toString(), textWidth(width, badge));
  const int text = kNameHeight + std::max(1, static_cast<int>(lines.size())) * kLineHeight +
                   (width < kNarrow && !badge.text.isEmpty() ? kBadgeRow : 0);
  return {width, std::max(text, extent::kTile) + 2 * space::kM + 1};
}

}  // namespace sealift
