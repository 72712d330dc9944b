// The program's window: rail, pages, status line; and what it asks before it closes.
#pragma once

#include "app/base/clock.h"
#include "app/services/station.h"
#include "ui/style/theme.h"
#include "ui/views/window_preferences.h"
#include "ui/widgets/navigation_rail.h"

#include <QMainWindow>
#include <QPointer>
#include <QTimer>

class QStackedWidget;

namespace sealift {

class AuditPage;
class BatchPage;
class CloseDuringTransferDialog;
class DevicesPage;
class Page;
class ReviewPage;
class SettingsPage;
class Banner;
class StatusStrip;
class UpdatesPage;
class VendorsPage;

class MainWindow final : public QMainWindow {
  Q_OBJECT

 public:
  // The three outlive the window.
  MainWindow(Station& station, Theme& theme, const Clock& clock, QWidget* parent = nullptr);
  ~MainWindow() override;

  void showPage(PageId page);
  PageId currentPage() const { return page_; }
  void showDevice(const QString& id);
  void reviewUpdate(const QString& deviceId);
  // A vendor file or an offline bundle: from the command line, a double click, or dropped on the window.
  void openFile(const QString& path);

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void buildPages();
  void buildShortcuts();
  void connectStation();
  Page* pageOf(PageId id) const;
  Page* visiblePage() const;
  QList<JobView> runningJobs() const;
  void showCounts();
  void showInfo();
  void showStatus();
  void showAlerts();
  void showReview(Page* page);
  void askBeforeClosing(const QList<JobView>& running);

  Station& station_;
  Theme& theme_;
  const Clock& clock_;
  WindowPreferences preferences_;
  PageId page_ = PageId::Devices;
  NavigationRail* rail_;
  QStackedWidget* stack_;
  StatusStrip* status_;
  Banner* alert_;
  DevicesPage* devices_;
  ReviewPage* review_;
  BatchPage* batch_;
  UpdatesPage* updates_;
  Page* provisioning_;
  AuditPage* audit_;
  VendorsPage* vendors_;
  SettingsPage* settings_;
  QPointer<CloseDuringTransferDialog> closeDialog_;
  QTimer minute_;  // "4 min ago" grows old by itself
  bool closeAllowed_ = false;
  bool closeWhenDone_ = false;
};

}  // namespace sealift
