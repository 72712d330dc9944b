#include "ui/models/audit_delegate.h"

#include "ui/models/audit_model.h"
#include "ui/style/theme.h"
#include "ui/widgets/pill.h"

#include <QPainter>

namespace sealift {

namespace {
constexpr int kPadding = 10;
}

void AuditDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const Palette& colors = Theme::colors();
  const QRect cell = option.rect;
  painter->save();
  if (option.state.testFlag(QStyle::State_Selected)) {
    painter->fillRect(cell, colors.accentSoft);
  } else if (option.state.testFlag(QStyle::State_MouseOver)) {
    painter->fillRect(cell, colors.hover);
  }
  painter->fillRect(QRect(cell.left(), cell.bottom(), cell.width(), 1), colors.border);
  const QRect inner = cell.adjusted(kPadding, 0, -space::kXs, -1);
  const QString text = index.data().toString();
  if (index.column() == AuditModel::Outcome) {
    Pill::paint(painter, inner, {static_cast<Tone>(index.data(AuditModel::ToneRole).toInt()), text});
  } else {
    painter->setFont(index.data(Qt::FontRole).value<QFont>());
    painter->setPen(colors.text);
    painter->drawText(inner, Qt::AlignLeft | Qt::AlignVCenter,
                      painter->fontMetrics().elidedText(text, Qt::ElideRight, inner.width()));
  }
  painter->restore();
}

}  // namespace sealift
