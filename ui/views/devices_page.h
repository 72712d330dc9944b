// The list of devices with its filter, and the chosen one beside it.
#pragma once

#include "app/base/clock.h"
#include "app/services/station.h"
#include "ui/views/page.h"

class QFrame;
class QListView;
class QSortFilterProxyModel;
class QStackedWidget;

namespace sealift {

class Banner;
class DeviceListModel;
class DevicePage;
class EmptyState;
class SearchField;

class DevicesPage final : public Page {
  Q_OBJECT

 public:
  DevicesPage(Station& station, const Clock& clock, QWidget* parent = nullptr);

  void selectDevice(const QString& id);
  QString selectedDevice() const;

  void refresh() override;
  QString help() const override;
  void focusSearch() override;

 Q_SIGNALS:
  void reviewRequested(const QString& deviceId);
  void batchRequested(const QStringList& deviceIds);
  void downgradeRequested(const QString& deviceId, const QString& version, const QString& reason);
  void progressRequested();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void buildList();
  void loadDevices();
  void updateDevice(const QString& id);
  void filter(const QString& text);
  void showSelected();
  void showPlaceholders();
  QStringList offered() const;
  void showOffers();
  void addDevice();

  Station& station_;
  DeviceListModel* model_;
  QSortFilterProxyModel* proxy_;
  QFrame* side_;
  SearchField* search_;
  QPushButton* all_;  // several updates at once
  Banner* error_;
  QListView* list_;
  EmptyState* noMatch_;
  QStackedWidget* detail_;
  DevicePage* device_;
  QWidget* deviceScroll_;
  EmptyState* empty_;
  QPushButton* emptyAdd_;
  QString wanted_;  // selected; kept while the model is loaded anew
  bool looking_ = false;
};

}  // namespace sealift
