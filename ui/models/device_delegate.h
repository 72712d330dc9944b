// Paints a device's row: icon of its link, name, a line that wraps once, its badge.
#pragma once

#include <QStyledItemDelegate>

namespace sealift {

class DeviceDelegate final : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace sealift
