#include "ui/models/device_list_model.h"

#include "ui/style/format.h"

#include <algorithm>

namespace sealift {

QString deviceLine(const DeviceView& device) {
  QString version = device.version;
  if (version.isEmpty() && device.problem) {
    version = device.problem->what;
    if (version.endsWith(QLatin1Char('.'))) {
      version.chop(1);
    }
  }
  return joinParts({device.modelName, device.place, version});
}

void DeviceListModel::setDevices(const QList<DeviceView>& devices) {
  const auto sameId = [](const DeviceView& a, const DeviceView& b) { return a.id == b.id; };
  if (std::equal(devices_.cbegin(), devices_.cend(), devices.cbegin(), devices.cend(), sameId)) {
    devices_ = devices;
    if (!devices_.isEmpty()) {
      Q_EMIT dataChanged(index(0), index(static_cast<int>(devices_.size()) - 1));
    }
    return;
  }
  beginResetModel();
  devices_ = devices;
  endResetModel();
}

void DeviceListModel::updateDevice(const DeviceView& device) {
  const int row = rowOf(device.id);
  if (row >= 0) {
    devices_[row] = device;
    Q_EMIT dataChanged(index(row), index(row));
  }
}

int DeviceListModel::rowOf(const QString& id) const {
  const auto found = std::find_if(devices_.cbegin(), devices_.cend(), [&](const DeviceView& d) { return d.id == id; });
  return found == devices_.cend() ? -1 : static_cast<int>(found - devices_.cbegin());
}

int DeviceListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(devices_.size());
}

QVariant DeviceListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
    return {};
  }
  const DeviceView& device = devices_.at(index.row());
  switch (role) {
    case IdRole:
      return device.id;
    case Qt::DisplayRole:
    case NameRole:
      return device.name;
    case LineRole:
      return deviceLine(device);
    case LinkKindRole:
      return device.linkKind;
    case ToneRole:
      return static_cast<int>(device.badge.tone);
    case OfferedRole:
      return device.offer && !device.offer->skipped && !device.offer->remindAt &&
             device.condition != DeviceCondition::Updating;
    case BadgeTextRole:
      return device.badge.text;
    case Qt::AccessibleTextRole:
      return QStringList({device.name, device.badge.text, deviceLine(device)}).join(QLatin1String(", "));
    case SearchRole:
      return QStringList({device.name, device.modelName, device.vendorName, device.serial, device.address,
                          device.version, device.badge.text})
          .join(QLatin1Char('\n'));
    default:
      return {};
  }
}

}  // namespace sealift
