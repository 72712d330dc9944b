#include "ui/views/main_window.h"

#include "ui/dialogs/close_during_transfer_dialog.h"
#include "ui/dialogs/help_dialog.h"
#include "ui/style/tokens.h"
#include "ui/views/audit_page.h"
#include "ui/views/batch_page.h"
#include "ui/views/devices_page.h"
#include "ui/views/provisioning_page.h"
#include "ui/views/review_page.h"
#include "ui/views/settings_page.h"
#include "ui/views/updates_page.h"
#include "ui/views/vendors_page.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/focus_ring.h"
#include "ui/widgets/painted_widget.h"
#include "ui/widgets/status_strip.h"

#include <QCloseEvent>
#include <QIcon>
#include <QMimeData>
#include <QShortcut>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr QSize kUsualSize(1280, 800);
constexpr QSize kSmallestSize(800, 560);
constexpr int kMinute = 60'000;

// One file of this computer; empty for anything else.
QString droppedFile(const QMimeData* data) {
  const QList<QUrl> urls = data->urls();
  return urls.size() == 1 && urls.first().isLocalFile() ? urls.first().toLocalFile() : QString();
}

}  // namespace

MainWindow::MainWindow(Station& station, Theme& theme, const Clock& clock, QWidget* parent)
    : QMainWindow(parent), station_(station), theme_(theme), clock_(clock), preferences_(station.info().dataFolder) {
  setObjectName(QStringLiteral("mainWindow"));
  setWindowTitle(QStringLiteral("Sealift"));
  setWindowIcon(QIcon(QStringLiteral(":/icons/sealift.png")));
  PaintedWidget::installAccessibility();
  setAcceptDrops(true);
  setMinimumSize(kSmallestSize);
  resize(kUsualSize);
  buildPages();
  buildShortcuts();
  connectStation();
  new FocusRing(this);
  showInfo();
  showCounts();
  showStatus();
  showAlerts();
  theme_.choose(preferences_.theme());
  if (const QByteArray geometry = preferences_.geometry(); !geometry.isEmpty()) {
    restoreGeometry(geometry);
  }
  showPage(PageId::Devices);
}

MainWindow::~MainWindow() = default;

void MainWindow::buildPages() {
  auto* central = new QWidget;
  auto* outer = new QVBoxLayout(central);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->setSpacing(0);
  alert_ = new Banner(QStringLiteral("alerts"));
  alert_->hide();
  auto* alertRow = new QHBoxLayout;
  alertRow->setContentsMargins(space::kS, 0, space::kS, 0);
  alertRow->addWidget(alert_);
  outer->addLayout(alertRow);
  auto* row = new QHBoxLayout;
  row->setSpacing(0);
  rail_ = new NavigationRail;
  stack_ = new QStackedWidget;
  row->addWidget(rail_);
  row->addWidget(stack_, 1);
  outer->addLayout(row, 1);
  status_ = new StatusStrip;
  outer->addWidget(status_);
  setCentralWidget(central);

  devices_ = new DevicesPage(station_, clock_);
  review_ = new ReviewPage(station_, clock_);
  batch_ = new BatchPage(station_, clock_);
  updates_ = new UpdatesPage(station_, clock_);
  provisioning_ = new ProvisioningPage;
  audit_ = new AuditPage(station_, clock_);
  vendors_ = new VendorsPage(station_, clock_);
  settings_ = new SettingsPage(station_, theme_);
  for (Page* page : {static_cast<Page*>(devices_), static_cast<Page*>(review_), static_cast<Page*>(batch_),
                     static_cast<Page*>(updates_), provisioning_, static_cast<Page*>(audit_),
                     static_cast<Page*>(vendors_), static_cast<Page*>(settings_)}) {
    stack_->addWidget(page);
  }
  connect(rail_, &NavigationRail::pageChosen, this, &MainWindow::showPage);
  connect(devices_, &DevicesPage::reviewRequested, this, &MainWindow::reviewUpdate);
  connect(devices_, &DevicesPage::downgradeRequested, this,
          [this](const QString& deviceId, const QString& version, const QString& reason) {
            showReview(review_);
            review_->reviewDowngrade(deviceId, version, reason);
          });
  connect(devices_, &DevicesPage::progressRequested, this, [this] { showPage(PageId::Updates); });
  connect(review_, &ReviewPage::closed, this, [this] { showPage(PageId::Devices); });
  connect(review_, &ReviewPage::installing, this, [this](const QString& job) {
    showPage(PageId::Updates);
    updates_->showJob(job);
  });
  connect(devices_, &DevicesPage::batchRequested, this, [this](const QStringList& deviceIds) {
    showReview(batch_);
    batch_->review(deviceIds);
  });
  connect(batch_, &BatchPage::closed, this, [this] { showPage(PageId::Devices); });
  connect(batch_, &BatchPage::started, this, [this] { showPage(PageId::Updates); });
  connect(settings_, &SettingsPage::themeChosen, this, [this](ThemeChoice choice) {
    preferences_.setTheme(choice);
    theme_.choose(choice);
  });
}

void MainWindow::buildShortcuts() {
  const auto add = [this](const QKeySequence& keys, auto action) {
    connect(new QShortcut(keys, this), &QShortcut::activated, this, action);
  };
  int number = Qt::Key_1;
  for (const PageId page :
       {PageId::Devices, PageId::Updates, PageId::Provisioning, PageId::Audit, PageId::Vendors, PageId::Settings}) {
    add(QKeySequence(Qt::CTRL | static_cast<Qt::Key>(number++)), [this, page] {
      if (page != PageId::Provisioning || !station_.info().homeMode) {
        showPage(page);
      }
    });
  }
  add(QKeySequence(QKeySequence::HelpContents), [this] { (new HelpDialog(visiblePage()->help(), this))->open(); });
  add(QKeySequence(QKeySequence::Find), [this] { visiblePage()->focusSearch(); });
  add(QKeySequence(QKeySequence::Refresh), [this] { visiblePage()->refresh(); });
  add(QKeySequence(Qt::Key_Escape), [this] { visiblePage()->leave(); });
  add(QKeySequence(QKeySequence::Quit), [this] { close(); });
}

void MainWindow::connectStation() {
  connect(&station_, &Station::devicesChanged, this, &MainWindow::showCounts);
  connect(&station_, &Station::jobsChanged, this, [this] {
    showCounts();
    if (closeWhenDone_ && runningJobs().isEmpty()) {
      closeAllowed_ = true;
      close();
    }
  });
  connect(&station_, &Station::vendorsChanged, this, &MainWindow::showStatus);
  connect(&station_, &Station::auditChanged, this, &MainWindow::showStatus);
  connect(&station_, &Station::alertsChanged, this, &MainWindow::showAlerts);
  connect(&station_, &Station::deviceChanged, this, &MainWindow::showAlerts);
  connect(&station_, &Station::infoChanged, this, &MainWindow::showInfo);
  minute_.setInterval(kMinute);
  connect(&minute_, &QTimer::timeout, this, &MainWindow::showStatus);
  minute_.start();
}

Page* MainWindow::pageOf(PageId id) const {
  switch (id) {
    case PageId::Updates:
      return updates_;
    case PageId::Provisioning:
      return provisioning_;
    case PageId::Audit:
      return audit_;
    case PageId::Vendors:
      return vendors_;
    case PageId::Settings:
      return settings_;
    case PageId::Devices:
      break;
  }
  return devices_;
}

Page* MainWindow::visiblePage() const {
  return static_cast<Page*>(stack_->currentWidget());
}

void MainWindow::showPage(PageId page) {
  page_ = page;
  rail_->setCurrent(page);
  stack_->setCurrentWidget(pageOf(page));
}

void MainWindow::showDevice(const QString& id) {
  devices_->selectDevice(id);
  showPage(PageId::Devices);
}

void MainWindow::showReview(Page* page) {
  page_ = PageId::Devices;
  rail_->setCurrent(PageId::Devices);
  stack_->setCurrentWidget(page);
}

void MainWindow::reviewUpdate(const QString& deviceId) {
  showReview(review_);
  review_->review(deviceId);
}

// The oldest one in full; the others are counted until it is dealt with.
void MainWindow::showAlerts() {
  const QList<AlertView> alerts = station_.alerts();
  alert_->setVisible(!alerts.isEmpty());
  if (alerts.isEmpty()) {
    return;
  }
  const AlertView& first = alerts.constFirst();
  const QString title =
      alerts.size() == 1 ? first.title : tr("%1 (1 of %2 alerts)").arg(first.title).arg(alerts.size());
  alert_->setMessage(Tone::Bad, QStringLiteral("alert"), title, first.text + QLatin1Char(' ') + first.remedy);
}

QList<JobView> MainWindow::runningJobs() const {
  QList<JobView> running;
  const QList<JobView> jobs = station_.jobs();
  for (const JobView& job : jobs) {
    if (job.state == JobState::Running) {
      running << job;
    }
  }
  return running;
}

void MainWindow::showCounts() {
  const int devices = static_cast<int>(station_.devices().size());
  const int running = static_cast<int>(runningJobs().size());
  rail_->setCount(PageId::Devices, devices, devices == 1 ? tr("1 device") : tr("%1 devices").arg(devices));
  rail_->setCount(PageId::Updates, running, tr("%1 in progress").arg(running));
}

void MainWindow::showInfo() {
  const StationInfo info = station_.info();
  rail_->setPageVisible(PageId::Provisioning, !info.homeMode);
  rail_->setLabel(PageId::Audit, info.homeMode ? tr("Activity") : tr("Audit log"));
  rail_->setLabel(PageId::Vendors, info.homeMode ? tr("Vendors") : tr("Vendors & keys"));
  audit_->setHomeMode(info.homeMode);
  vendors_->setHomeMode(info.homeMode);
  status_->showStation(info);
  if (info.homeMode && page_ == PageId::Provisioning) {
    showPage(PageId::Devices);
  }
}

void MainWindow::showStatus() {
  status_->showAudit(station_.auditHealth());
  status_->showVendors(station_.vendors(), clock_.nowUtc());
}

void MainWindow::resizeEvent(QResizeEvent* event) {
  QMainWindow::resizeEvent(event);
  rail_->setCompact(width() < extent::kCompactWindow);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  const QList<JobView> running = runningJobs();
  if (!running.isEmpty() && !closeAllowed_) {
    event->ignore();
    askBeforeClosing(running);
    return;
  }
  preferences_.setGeometry(saveGeometry());
  event->accept();
}

void MainWindow::askBeforeClosing(const QList<JobView>& running) {
  if (closeDialog_ != nullptr) {
    closeDialog_->raise();
    return;
  }
  closeWhenDone_ = false;
  closeDialog_ = new CloseDuringTransferDialog(running, this);
  connect(closeDialog_, &CloseDuringTransferDialog::closeNow, this, [this] {
    closeAllowed_ = true;
    close();
  });
  connect(closeDialog_, &CloseDuringTransferDialog::closeWhenDone, this, [this] {
    closeWhenDone_ = true;
    if (runningJobs().isEmpty()) {
      close();
    }
  });
  closeDialog_->open();
}

void MainWindow::openFile(const QString& path) {
  showPage(PageId::Vendors);
  vendors_->openFile(path);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (!droppedFile(event->mimeData()).isEmpty()) {
    event->acceptProposedAction();
  }
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QString path = droppedFile(event->mimeData());
  if (path.isEmpty()) {
    return;
  }
  event->acceptProposedAction();
  openFile(path);
}

}  // namespace sealift
