// What is connected and not known yet, in the shape of a list of devices: painted by the same delegate.
#pragma once

#include "app/services/views.h"

#include <QAbstractListModel>

namespace sealift {

class FoundListModel final : public QAbstractListModel {
  Q_OBJECT

 public:
  using QAbstractListModel::QAbstractListModel;

  // Known devices are left out. Rows stay where the addresses do.
  void setFound(const QList<FoundView>& found);
  const FoundView& at(int row) const { return found_.at(row); }

  int rowCount(const QModelIndex& parent = {}) const override;
  // The roles of DeviceListModel.
  QVariant data(const QModelIndex& index, int role) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;  // what can't be added can't be chosen

 private:
  QList<FoundView> found_;
};

}  // namespace sealift
