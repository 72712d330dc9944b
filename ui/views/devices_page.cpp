#include "ui/views/devices_page.h"

#include "ui/dialogs/add_device_dialog.h"
#include "ui/models/device_delegate.h"
#include "ui/models/device_list_model.h"
#include "ui/style/tokens.h"
#include "ui/views/device_page.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/scroll_pane.h"
#include "ui/widgets/search_field.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QListView>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace sealift {

DevicesPage::DevicesPage(Station& station, const Clock& clock, QWidget* parent)
    : Page(QStringLiteral("devicesPage"), parent), station_(station) {
  setAccessibleName(tr("Devices"));
  model_ = new DeviceListModel(this);
  proxy_ = new QSortFilterProxyModel(this);
  proxy_->setSourceModel(model_);
  proxy_->setFilterRole(DeviceListModel::SearchRole);
  proxy_->setFilterCaseSensitivity(Qt::CaseInsensitive);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  buildList();
  layout->addWidget(side_);

  device_ = new DevicePage(station, clock);
  deviceScroll_ = new ScrollPane(device_, space::kPage, QStringLiteral("deviceScroll"));
  empty_ = new EmptyState(QStringLiteral("devices"), {}, {});
  empty_->setObjectName(QStringLiteral("devicesEmpty"));
  emptyAdd_ = makeButton(tr("Add a device\u2026"), QStringLiteral("devicesEmptyAdd"), ButtonKind::Primary);
  empty_->addButton(emptyAdd_);
  detail_ = new QStackedWidget;
  detail_->addWidget(empty_);
  detail_->addWidget(deviceScroll_);
  layout->addWidget(detail_, 1);

  connect(emptyAdd_, &QPushButton::clicked, this, &DevicesPage::addDevice);
  connect(device_, &DevicePage::reviewRequested, this, &DevicesPage::reviewRequested);
  connect(device_, &DevicePage::downgradeRequested, this, &DevicesPage::downgradeRequested);
  connect(device_, &DevicePage::progressRequested, this, &DevicesPage::progressRequested);
  connect(&station_, &Station::devicesChanged, this, &DevicesPage::loadDevices);
  connect(&station_, &Station::deviceChanged, this, &DevicesPage::updateDevice);
  loadDevices();
}

void DevicesPage::buildList() {
  side_ = new QFrame;
  side_->setProperty("frame", QStringLiteral("side"));
  auto* layout = new QVBoxLayout(side_);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  auto* top = new QVBoxLayout;
  top->setContentsMargins(space::kL, space::kM + 2, space::kL, space::kM - 2);
  top->setSpacing(space::kM - 2);
  auto* row = new QHBoxLayout;
  auto* title = new TextLabel(TextStyle::Title, TextTone::Normal, tr("Devices"));
  QPushButton* add = makeButton(tr("Add\u2026"), QStringLiteral("devicesAdd"));
  add->setAccessibleName(tr("Add a device"));
  connect(add, &QPushButton::clicked, this, &DevicesPage::addDevice);
  row->addWidget(title, 1);
  row->addWidget(add);
  top->addLayout(row);
  search_ = new SearchField(tr("Filter by name, model, serial number"), QStringLiteral("devicesFilter"), 0);
  connect(search_, &SearchField::searchChanged, this, &DevicesPage::filter);
  top->addWidget(search_);
  all_ = makeButton({}, QStringLiteral("devicesAll"));
  connect(all_, &QPushButton::clicked, this, [this] { Q_EMIT batchRequested(offered()); });
  top->addWidget(all_);
  error_ = new Banner(QStringLiteral("devicesError"));
  error_->hide();
  top->addWidget(error_);
  layout->addLayout(top);
  layout->addWidget(makeLine());

  list_ = new QListView;
  list_->setObjectName(QStringLiteral("devicesList"));
  list_->setAccessibleName(tr("Devices"));
  list_->setModel(proxy_);
  list_->setItemDelegate(new DeviceDelegate(list_));
  list_->setResizeMode(QListView::Adjust);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setSelectionMode(QAbstractItemView::SingleSelection);
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setFrameShape(QFrame::NoFrame);
  list_->setMouseTracking(true);
  connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& current) {
    if (current.isValid()) {
      wanted_ = current.data(DeviceListModel::IdRole).toString();
      showSelected();
    }
  });
  layout->addWidget(list_, 1);
  noMatch_ = new EmptyState(QStringLiteral("search"), tr("No device matches"), tr("Try fewer or other words."));
  noMatch_->setObjectName(QStringLiteral("devicesNoMatch"));
  layout->addWidget(noMatch_, 1);
}

void DevicesPage::loadDevices() {
  model_->setDevices(station_.devices());
  selectDevice(wanted_);
  showOffers();
  showPlaceholders();
}

void DevicesPage::updateDevice(const QString& id) {
  if (const auto device = station_.device(id)) {
    model_->updateDevice(*device);
    showOffers();
    if (id == wanted_) {
      device_->showDevice(*device);
    }
  }
}

void DevicesPage::selectDevice(const QString& id) {
  int row = model_->rowOf(id);
  if (row < 0 && model_->rowCount() > 0) {
    row = 0;
  }
  const QModelIndex index = proxy_->mapFromSource(model_->index(row));
  if (row >= 0) {
    wanted_ = model_->index(row).data(DeviceListModel::IdRole).toString();
  }
  if (index.isValid() && index != list_->currentIndex()) {
    list_->setCurrentIndex(index);
  }
  showSelected();
}

QString DevicesPage::selectedDevice() const {
  return wanted_;
}

void DevicesPage::showSelected() {
  const auto device = station_.device(wanted_);
  if (device) {
    device_->showDevice(*device);
  }
  detail_->setCurrentWidget(device ? deviceScroll_ : empty_);
}

void DevicesPage::showPlaceholders() {
  const bool none = model_->rowCount() == 0;
  if (none && looking_) {
    empty_->setMessage(QStringLiteral("search"), tr("Looking for devices\u2026"), tr("This takes a few seconds."));
  } else {
    empty_->setMessage(
        QStringLiteral("devices"), tr("No devices yet"),
        tr("Connect a device: what a model of an added vendor names is found by itself. Sealift asks it who "
           "it is and writes nothing."));
  }
  emptyAdd_->setVisible(!looking_);
  const bool unmatched = !none && proxy_->rowCount() == 0;
  noMatch_->setVisible(unmatched);
  list_->setVisible(!unmatched);
}

// Those that the filter shows, so that a model's name chooses them.
QStringList DevicesPage::offered() const {
  QStringList ids;
  for (int row = 0; row < proxy_->rowCount(); ++row) {
    const QModelIndex device = proxy_->index(row, 0);
    if (device.data(DeviceListModel::OfferedRole).toBool()) {
      ids << device.data(DeviceListModel::IdRole).toString();
    }
  }
  return ids;
}

void DevicesPage::showOffers() {
  const qsizetype count = offered().size();
  all_->setVisible(count > 1);  // one is reviewed on its own page
  all_->setText(tr("Review all %1 updates\u2026").arg(count));
}

void DevicesPage::filter(const QString& text) {
  proxy_->setFilterFixedString(text.trimmed());
  showOffers();
  showPlaceholders();
  const int row = model_->rowOf(wanted_);
  const QModelIndex index = row < 0 ? QModelIndex() : proxy_->mapFromSource(model_->index(row));
  if (index.isValid()) {
    list_->setCurrentIndex(index);
  } else if (proxy_->rowCount() > 0) {
    list_->setCurrentIndex(proxy_->index(0, 0));
  }
}

QString DevicesPage::help() const {
  const std::optional<DeviceView> shown = station_.device(device_->deviceId());
  return shown ? shown->help : QString();
}

void DevicesPage::refresh() {
  if (looking_) {
    return;
  }
  looking_ = true;
  error_->hide();
  showPlaceholders();
  whenDone(this, station_.lookAtDevices(), [this](const Status& done) {
    looking_ = false;
    if (!done) {
      error_->setError(done.error());
      error_->show();
    }
    loadDevices();
  });
}

void DevicesPage::focusSearch() {
  search_->setFocus(Qt::ShortcutFocusReason);
  search_->selectAll();
}

void DevicesPage::addDevice() {
  auto* dialog = new AddDeviceDialog(station_, window());
  connect(dialog, &AddDeviceDialog::deviceAdded, this, [this](const QString& id) {
    loadDevices();
    selectDevice(id);
  });
  dialog->open();
}

void DevicesPage::resizeEvent(QResizeEvent* event) {
  Page::resizeEvent(event);
  // Beside a list of full width the device needs room for two columns of cards.
  side_->setFixedWidth(width() >= 2 * extent::kDeviceList + 80 ? extent::kDeviceList : extent::kDeviceListNarrow);
}

}  // namespace sealift
