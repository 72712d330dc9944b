// The devices as the list shows them.
#pragma once

#include "app/services/views.h"

#include <QAbstractListModel>

namespace sealift {

class DeviceListModel final : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role {
    IdRole = Qt::UserRole,
    NameRole,
    LineRole,  // "Norrland T2 · network · 2.3.1"
    LinkKindRole,
    ToneRole,  // int, of Tone
    BadgeTextRole,
    SearchRole,   // everything that the filter looks at
    OfferedRole,  // bool: an update that is neither skipped nor put off nor running
  };

  using QAbstractListModel::QAbstractListModel;

  // Keeps rows (and with them selection and scroll position) where the ids stay the same.
  void setDevices(const QList<DeviceView>& devices);
  void updateDevice(const DeviceView& device);
  int rowOf(const QString& id) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  QList<DeviceView> devices_;
};

// The second line of a device's row.
QString deviceLine(const DeviceView& device);

}  // namespace sealift
