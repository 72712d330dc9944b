#include "ui/models/found_list_model.h"

#include "ui/models/device_list_model.h"
#include "ui/style/format.h"

#include <algorithm>

namespace sealift {
namespace {

Badge badgeOf(const FoundView& found) {
  if (!found.opened) {
    return {Tone::Neutral, found.models.isEmpty() ? FoundListModel::tr("Not opened") : FoundListModel::tr("Waiting")};
  }
  return {Tone::Warning, FoundListModel::tr("Not known")};
}

}  // namespace

void FoundListModel::setFound(const QList<FoundView>& found) {
  QList<FoundView> shown;
  std::copy_if(found.cbegin(), found.cend(), std::back_inserter(shown),
               [](const FoundView& each) { return each.deviceId.isEmpty(); });
  const auto same = [](const FoundView& a, const FoundView& b) { return a.address == b.address; };
  if (std::equal(found_.cbegin(), found_.cend(), shown.cbegin(), shown.cend(), same)) {
    found_ = shown;
    if (!found_.isEmpty()) {
      Q_EMIT dataChanged(index(0), index(static_cast<int>(found_.size()) - 1));
    }
    return;
  }
  beginResetModel();
  found_ = shown;
  endResetModel();
}

int FoundListModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(found_.size());
}

QVariant FoundListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
    return {};
  }
  const FoundView& found = found_.at(index.row());
  const Badge badge = badgeOf(found);
  const QString line = joinParts({found.detail, found.place});
  switch (role) {
    case DeviceListModel::IdRole:
      return found.address;
    case Qt::DisplayRole:
    case DeviceListModel::NameRole:
      return found.name;
    case DeviceListModel::LineRole:
      return line;
    case DeviceListModel::LinkKindRole:
      return found.kind == QLatin1String("network") ? found.address.section(u':', 0, 0) : found.kind;
    case DeviceListModel::ToneRole:
      return static_cast<int>(badge.tone);
    case DeviceListModel::BadgeTextRole:
      return badge.text;
    case Qt::ToolTipRole:
      return found.note;
    case Qt::AccessibleTextRole:
      return QStringList({found.name, badge.text, line, found.note}).join(QLatin1String(", "));
    default:
      return {};
  }
}

Qt::ItemFlags FoundListModel::flags(const QModelIndex& index) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid) || !found_.at(index.row()).addable) {
    return Qt::NoItemFlags;
  }
  return Qt::ItemIsEnabled | Qt::ItemIsSelectable;
}

}  // namespace sealift
