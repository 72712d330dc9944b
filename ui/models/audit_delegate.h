// Paints the audit table's cells: words, and the outcome as a pill.
#pragma once

#include <QStyledItemDelegate>

namespace sealift {

class AuditDelegate final : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace sealift
