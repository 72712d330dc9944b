// The window: pages, filter, jobs, closing, vendors, settings, and all of it by keyboard.
#include "tests/gui/gui_fixture.h"
#include "ui/dialogs/add_device_dialog.h"
#include "ui/dialogs/dialog_frame.h"
#include "ui/views/vendors_page.h"
#include "ui/widgets/focus_ring.h"
#include "ui/widgets/notes_view.h"
#include "ui/widgets/search_field.h"
#include "ui/widgets/support_timeline.h"
#include "ui/widgets/text_label.h"

#include <QAbstractButton>
#include <QButtonGroup>
#include <QCheckBox>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QSet>
#include <QSpinBox>

namespace sealift {

class WindowTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void navigation();
  void homeModeHidesTheFactory();
  void filterKeepsAndMovesTheSelection();
  void selectionSurvivesReloads();
  void lookAgainShowsErrors();
  void cancelAsks();
  void unknownJobCanBeSettled();
  void waitingJobsSayWhyAndCanBePaused();
  void queueIsPausedAsAWhole();
  void queueIsSetInSettings();
  void jobMovesBetweenSections();
  void closeAsksDuringTransfer();
  void closeWhenFinished();
  void vendorNeedsConfirmedFingerprint();
  void droppedFilesAreOpened();
  void stayingOffline();
  void vendorErrorsStayOnTheirCard();
  void addDeviceBuildsAddress();
  void helpFitsTheDevice();
  void addDeviceOffersWhatWasFound();
  void devicesAppearAndGoByThemselves();
  void networkSearchIsASetting();
  void settingsAreKept();
  void tabReachesEveryControl_data();
  void tabReachesEveryControl();
  void updateByKeyboardAlone();
  void everyControlHasAName();
  void timelineSaysItsDates();
};

void WindowTest::navigation() {
  GuiFixture gui;
  gui.open();
  const QList<std::pair<QString, PageId>> pages{
      {QStringLiteral("navUpdates"), PageId::Updates},   {QStringLiteral("navProvisioning"), PageId::Provisioning},
      {QStringLiteral("navAudit"), PageId::Audit},       {QStringLiteral("navVendors"), PageId::Vendors},
      {QStringLiteral("navSettings"), PageId::Settings}, {QStringLiteral("navDevices"), PageId::Devices}};
  for (const auto& [name, page] : pages) {
    QVERIFY(gui.click(name));
    QCOMPARE(gui.window->currentPage(), page);
    QVERIFY(gui.find<QAbstractButton>(name)->isChecked());
  }
  const QStringList shown{QStringLiteral("devicesPage"),      QStringLiteral("updatesPage"),
                          QStringLiteral("provisioningPage"), QStringLiteral("auditPage"),
                          QStringLiteral("vendorsPage"),      QStringLiteral("settingsPage")};
  for (int i = 0; i < shown.size(); ++i) {
    QTest::keyClick(gui.window.get(), static_cast<Qt::Key>(Qt::Key_1 + i), Qt::ControlModifier);
    QVERIFY2(gui.find<QWidget>(shown.at(i))->isVisible(), qPrintable(shown.at(i)));
  }
  QCOMPARE(gui.find<QWidget>(QStringLiteral("navDevices"))->accessibleDescription(), QStringLiteral("6 devices"));
  QCOMPARE(gui.find<QWidget>(QStringLiteral("navUpdates"))->accessibleDescription(), QStringLiteral("2 in progress"));
}

void WindowTest::homeModeHidesTheFactory() {
  GuiFixture gui;
  gui.open().showPage(PageId::Settings);
  QVERIFY(gui.find<QWidget>(QStringLiteral("navProvisioning"))->isVisible());
  QVERIFY(gui.click(QStringLiteral("settingsHome")));
  QVERIFY(gui.station.stationInfo.homeMode);
  QVERIFY(!gui.find<QWidget>(QStringLiteral("navProvisioning"))->isVisible());
  QTest::keyClick(gui.window.get(), Qt::Key_3, Qt::ControlModifier);
  QCOMPARE(gui.window->currentPage(), PageId::Settings);
}

void WindowTest::filterKeepsAndMovesTheSelection() {
  GuiFixture gui;
  gui.open();
  auto* list = gui.find<QListView>(QStringLiteral("devicesList"));
  auto* name = gui.find<TextLabel>(QStringLiteral("deviceName"));
  QCOMPARE(list->model()->rowCount(), 6);
  QCOMPARE(name->text(), QStringLiteral("Hall thermostat"));
  QTest::keyClick(gui.window.get(), Qt::Key_F, Qt::ControlModifier);
  auto* search = gui.find<SearchField>(QStringLiteral("devicesFilter"));
  QVERIFY(search->hasFocus());
  QTest::keyClicks(search, QStringLiteral("halden"));
  QTRY_COMPARE(list->model()->rowCount(), 2);
  QCOMPARE(name->text(), QStringLiteral("Meter gateway"));
  search->clear();
  QTest::keyClicks(search, QStringLiteral("VC1-22019"));  // a serial number
  QTRY_COMPARE(list->model()->rowCount(), 1);
  QCOMPARE(name->text(), QStringLiteral("Garage camera"));
  QTest::keyClicks(search, QStringLiteral("x"));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("devicesNoMatch"))->isVisible());
  QTest::keyClick(search, Qt::Key_Escape);
  QTRY_COMPARE(list->model()->rowCount(), 6);
  QCOMPARE(name->text(), QStringLiteral("Garage camera"));
}

void WindowTest::selectionSurvivesReloads() {
  GuiFixture gui;
  gui.open().showDevice(QStringLiteral("HG4-0021"));
  DeviceView extra = gui.station.deviceList.constFirst();
  extra.id = QStringLiteral("new");
  extra.name = QStringLiteral("Newcomer");
  gui.station.deviceList.prepend(extra);
  Q_EMIT gui.station.devicesChanged();
  QCOMPARE(gui.find<TextLabel>(QStringLiteral("deviceName"))->text(), QStringLiteral("Meter gateway"));
  QVERIFY(gui.station.removeDevice(QStringLiteral("HG4-0021")).has_value());
  QCOMPARE(gui.find<TextLabel>(QStringLiteral("deviceName"))->text(), QStringLiteral("Newcomer"));
  gui.station.deviceList.clear();
  Q_EMIT gui.station.devicesChanged();
  QVERIFY(gui.find<QWidget>(QStringLiteral("devicesEmpty"))->isVisible());
}

void WindowTest::lookAgainShowsErrors() {
  GuiFixture gui;
  gui.open();
  gui.station.failures.insert(QStringLiteral("lookAtDevices"),
                              makeError(ErrorCode::LinkPermission, QStringLiteral("The port may not be opened.")));
  QTest::keyClick(gui.window.get(), Qt::Key_F5);
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("devicesError"))->isVisible());
  QVERIFY(gui.find<TextLabel>(QStringLiteral("devicesErrorCode"))->text().contains(QLatin1String("link.permission")));
  gui.window->showDevice(QStringLiteral("serial:COM9"));
  gui.station.failures.insert(QStringLiteral("lookAtDevice"),
                              makeError(ErrorCode::Timeout, QStringLiteral("The device did not answer within 5 s.")));
  QVERIFY(gui.click(QStringLiteral("deviceLookAgain")));
  QTRY_COMPARE(gui.find<TextLabel>(QStringLiteral("deviceNoticeTitle"))->text(),
               QStringLiteral("The device did not answer within 5 s."));
  // The error belongs to that device and goes with it.
  gui.window->showDevice(QStringLiteral("NT2-004417"));
  QVERIFY(!gui.find<QWidget>(QStringLiteral("deviceNotice"))->isVisible());
}

void WindowTest::cancelAsks() {
  GuiFixture gui;
  gui.open().showPage(PageId::Updates);
  auto* cancel = gui.find<QWidget>(QStringLiteral("job-j1"))->findChild<QPushButton*>(QStringLiteral("jobCancel"));
  QTRY_VERIFY(cancel->isVisible());
  QTest::mouseClick(cancel, Qt::LeftButton);
  auto* text = gui.find<TextLabel>(QStringLiteral("cancelDialogText"));
  QVERIFY(text);
  QCOMPARE(text->text(), gui.station.job(QStringLiteral("j1"))->cancelEffect);
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("cancelDialogNo"))->hasFocus());
  QVERIFY(gui.click(QStringLiteral("cancelDialogNo")));
  QVERIFY(!gui.station.calls.contains(QStringLiteral("cancelJob j1")));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("cancelDialog")) == nullptr);
  QTest::mouseClick(cancel, Qt::LeftButton);
  gui.station.failures.insert(QStringLiteral("cancelJob"),
                              makeError(ErrorCode::DeviceBusy, QStringLiteral("It can't be stopped in this moment.")));
  QVERIFY(gui.clickSoon(QStringLiteral("cancelDialogYes")));
  QVERIFY(gui.find<QWidget>(QStringLiteral("cancelDialogError"))->isVisible());
  gui.station.failures.clear();
  QVERIFY(gui.clickSoon(QStringLiteral("cancelDialogYes")));
  QCOMPARE(gui.station.job(QStringLiteral("j1"))->outcome, Outcome::Cancelled);
}

void WindowTest::unknownJobCanBeSettled() {
  GuiFixture gui;
  gui.open().showPage(PageId::Updates);
  auto* card = gui.find<QWidget>(QStringLiteral("job-j6"));
  auto* resume = card->findChild<QPushButton*>(QStringLiteral("jobResume"));
  QTRY_VERIFY(resume->isVisible());
  QVERIFY(
      !gui.find<QWidget>(QStringLiteral("job-j4"))->findChild<QPushButton*>(QStringLiteral("jobResume"))->isVisible());
  resume->click();
  QVERIFY(gui.station.calls.contains(QStringLiteral("resumeJob j6")));
  gui.station.failures.insert(QStringLiteral("resumeJob"),
                              makeError(ErrorCode::DeviceDidNotReturn, QStringLiteral("The device does not answer.")));
  QTRY_VERIFY(resume->isEnabled());
  resume->click();
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("updatesError"))->isVisible());
}

void WindowTest::waitingJobsSayWhyAndCanBePaused() {
  GuiFixture gui;
  gui.open().showPage(PageId::Updates);
  auto* waiting = gui.find<QWidget>(QStringLiteral("updatesWaiting"));
  auto* card = waiting->findChild<QWidget*>(QStringLiteral("job-j7"));
  QVERIFY(card);
  QCOMPARE(card->findChild<QLabel*>(QStringLiteral("jobLine"))->text(),
           QStringLiteral("Waits: hub 1-2 is busy with 4 of 4."));
  QCOMPARE(card->findChild<QLabel*>(QStringLiteral("jobPriority"))->text(), QStringLiteral("Critical security fix"));
  auto* pause = card->findChild<QPushButton*>(QStringLiteral("jobPause"));
  QVERIFY(pause->isVisible());
  pause->click();
  QVERIFY(gui.station.calls.contains(QStringLiteral("pauseJob j7")));
  auto* again = waiting->findChild<QWidget*>(QStringLiteral("job-j8"));
  QVERIFY(again);
  QCOMPARE(again->findChild<QLabel*>(QStringLiteral("jobStatus"))->text(), QStringLiteral("Tries again in 24 s"));
  QVERIFY(!again->findChild<QLabel*>(QStringLiteral("jobPriority"))->isVisible());
  again->findChild<QPushButton*>(QStringLiteral("jobRetry"))->click();
  QVERIFY(gui.station.calls.contains(QStringLiteral("retryJob j8")));
  auto* paused = gui.find<QWidget>(QStringLiteral("updatesPaused"))->findChild<QWidget*>(QStringLiteral("job-j9"));
  QVERIFY(paused);
  paused->findChild<QPushButton*>(QStringLiteral("jobPause"))->click();
  QVERIFY(gui.station.calls.contains(QStringLiteral("continueJob j9")));
}

void WindowTest::queueIsPausedAsAWhole() {
  GuiFixture gui;
  gui.open().showPage(PageId::Updates);
  auto* note = gui.find<QWidget>(QStringLiteral("updatesPausedNote"));
  auto* button = gui.find<QPushButton>(QStringLiteral("updatesPauseAll"));
  QVERIFY(!note->isVisible());
  button->click();
  QVERIFY(gui.station.queueView.paused);
  QTRY_VERIFY(note->isVisible());
  QCOMPARE(button->text(), QStringLiteral("Let all go on"));
  button->click();
  QTRY_VERIFY(!note->isVisible());
  QVERIFY(!gui.station.queueView.paused);
}

void WindowTest::queueIsSetInSettings() {
  GuiFixture gui;
  gui.open().showPage(PageId::Settings);
  gui.find<QSpinBox>(QStringLiteral("settingsLimitHub"))->setValue(7);
  gui.find<QLineEdit>(QStringLiteral("settingsWindow"))->setText(QStringLiteral("daily 02:00 4h Europe/Berlin"));
  QVERIFY(gui.click(QStringLiteral("settingsSaveQueue")));
  QCOMPARE(gui.station.queueView.limitPerHub, 7);
  QCOMPARE(gui.station.queueView.window, QStringLiteral("daily 02:00 4h Europe/Berlin"));
  gui.station.failures.insert(QStringLiteral("setMaintenanceWindow"),
                              makeError(ErrorCode::InvalidArgument, QStringLiteral("That is no window.")));
  gui.find<QLineEdit>(QStringLiteral("settingsWindow"))->setText(QStringLiteral("sometimes"));
  QVERIFY(gui.click(QStringLiteral("settingsSaveQueue")));
  QVERIFY(gui.find<QWidget>(QStringLiteral("settingsMessage"))->isVisible());
  QCOMPARE(gui.find<QLineEdit>(QStringLiteral("settingsWindow"))->text(), QStringLiteral("sometimes"));
}

void WindowTest::jobMovesBetweenSections() {
  GuiFixture gui;
  gui.open().showPage(PageId::Updates);
  auto* running = gui.find<QWidget>(QStringLiteral("updatesRunning"));
  QVERIFY(running->findChild<QWidget*>(QStringLiteral("job-j1")) != nullptr);
  const QList<std::pair<Outcome, QString>> ends{
      {Outcome::Succeeded, QStringLiteral("Succeeded")}, {Outcome::Reverted, QStringLiteral("Reverted")},
      {Outcome::Refused, QStringLiteral("Refused")},     {Outcome::Failed, QStringLiteral("Failed")},
      {Outcome::Unknown, QStringLiteral("Unknown")},     {Outcome::Cancelled, QStringLiteral("Cancelled")}};
  for (const auto& [outcome, words] : ends) {
    JobView job = *gui.station.job(QStringLiteral("j1"));
    job.state = JobState::Running;
    gui.station.setJob(job);
    for (const Stage stage : {Stage::Transfer, Stage::Verify, Stage::Activate, Stage::Restart, Stage::Confirm}) {
      job.stage = stage;
      job.fraction += 0.01;
      gui.station.setJob(job);
    }
    QVERIFY(running->findChild<QWidget*>(QStringLiteral("job-j1")) != nullptr);
    job.state = JobState::Finished;
    job.outcome = outcome;
    job.statusText = words;
    gui.station.setJob(job);
    auto* card = gui.find<QWidget>(QStringLiteral("updatesFinished"))->findChild<QWidget*>(QStringLiteral("job-j1"));
    QVERIFY(card);
    QCOMPARE(card->findChild<QLabel*>(QStringLiteral("jobStatus"))->text(), words);
  }
}

void WindowTest::closeAsksDuringTransfer() {
  GuiFixture gui;
  MainWindow& window = gui.open();
  window.close();
  QVERIFY(window.isVisible());
  auto* dialog = gui.find<DialogFrame>(QStringLiteral("closeDialog"));
  QVERIFY(dialog);
  QVERIFY(dialog->isVisible());
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("closeStay"))->hasFocus());
  const auto labels = dialog->findChildren<TextLabel*>();
  QVERIFY(std::any_of(labels.begin(), labels.end(), [&](TextLabel* label) {
    return label->text() == gui.station.jobList.constFirst().cancelEffect;
  }));
  QVERIFY(gui.click(QStringLiteral("closeStay")));
  QVERIFY(window.isVisible());
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("closeDialog")) == nullptr);
  window.close();
  QVERIFY(gui.click(QStringLiteral("closeNow")));
  QTRY_VERIFY(!window.isVisible());
}

void WindowTest::closeWhenFinished() {
  GuiFixture gui;
  MainWindow& window = gui.open();
  window.close();
  QVERIFY(gui.click(QStringLiteral("closeWhenDone")));
  QVERIFY(window.isVisible());
  for (const char* id : {"j1", "j2"}) {
    QVERIFY(window.isVisible());
    JobView job = *gui.station.job(QLatin1String(id));
    job.state = JobState::Finished;
    job.outcome = Outcome::Succeeded;
    gui.station.setJob(job);
  }
  QTRY_VERIFY(!window.isVisible());
}

void WindowTest::vendorNeedsConfirmedFingerprint() {
  GuiFixture gui;
  gui.open().showPage(PageId::Vendors);
  gui.window->findChild<VendorsPage*>()->openFile(QStringLiteral("vidar.vendor"));
  auto* ok = gui.find<QPushButton>(QStringLiteral("addVendorOk"));
  QVERIFY(ok);
  QVERIFY(!ok->isEnabled());
  ok->click();
  const QString call = QStringLiteral("addVendor ") + gui.station.candidate.fingerprint;
  QVERIFY(!gui.station.calls.contains(call));
  QVERIFY(gui.find<QWidget>(QStringLiteral("addVendorFingerprint"))
              ->accessibleDescription()
              .startsWith(QLatin1String("rebirth, recipe, snowslide")));
  QVERIFY(gui.click(QStringLiteral("addVendorConfirm")));
  gui.station.failures.insert(
      QStringLiteral("addVendor"),
      makeError(ErrorCode::FetchFailed, QStringLiteral("The vendor's address does not answer.")));
  QVERIFY(gui.click(QStringLiteral("addVendorOk")));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("addVendorDialogError"))->isVisible());
  gui.station.failures.clear();
  QVERIFY(gui.click(QStringLiteral("addVendorOk")));
  QVERIFY(gui.station.calls.contains(call));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("vendor-vidar as")) != nullptr);
  gui.station.failures.insert(QStringLiteral("readVendorFile"),
                              makeError(ErrorCode::TrustMalformed, QStringLiteral("This is not a vendor file.")));
  gui.window->findChild<VendorsPage*>()->openFile(QStringLiteral("other"));
  QVERIFY(gui.find<QWidget>(QStringLiteral("vendorsError"))->isVisible());
}

void WindowTest::droppedFilesAreOpened() {
  GuiFixture gui;
  gui.open();
  const auto drop = [&](const QList<QUrl>& urls) {
    QMimeData data;
    data.setUrls(urls);
    QDragEnterEvent enter(QPoint(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    enter.ignore();
    QCoreApplication::sendEvent(gui.window.get(), &enter);
    if (enter.isAccepted()) {
      QDropEvent dropped(QPointF(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
      QCoreApplication::sendEvent(gui.window.get(), &dropped);
    }
    return enter.isAccepted();
  };
  QVERIFY(!drop({QUrl(QStringLiteral("https://vidar.example/vidar.sealift-vendor"))}));
  QVERIFY(drop({QUrl::fromLocalFile(QStringLiteral("/media/vidar.sealift-bundle"))}));
  QCOMPARE(gui.window->currentPage(), PageId::Vendors);
  QVERIFY(gui.station.calls.contains(QStringLiteral("importBundle /media/vidar.sealift-bundle")));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("bundleImportedDialog")) != nullptr);
  QVERIFY(gui.click(QStringLiteral("bundleImportedClose")));
  gui.station.failures.insert(QStringLiteral("importBundle"),
                              makeError(ErrorCode::TrustExpired, QStringLiteral("\"timestamp\" expired.")));
  QVERIFY(drop({QUrl::fromLocalFile(QStringLiteral("/media/old.sealift-bundle"))}));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("vendorsError"))->isVisible());
  QVERIFY(drop({QUrl::fromLocalFile(QStringLiteral("/media/vidar.sealift-vendor"))}));
  QVERIFY(gui.find<QWidget>(QStringLiteral("addVendorDialog")) != nullptr);
}

void WindowTest::stayingOffline() {
  GuiFixture gui;
  gui.open().showPage(PageId::Settings);
  QVERIFY(gui.click(QStringLiteral("settingsOffline")));
  QVERIFY(gui.station.calls.contains(QStringLiteral("setOffline on")));
}

void WindowTest::vendorErrorsStayOnTheirCard() {
  GuiFixture gui;
  gui.station.hold = true;
  gui.station.failures.insert(QStringLiteral("refreshVendor"),
                              makeError(ErrorCode::TrustExpired, QStringLiteral("The timestamp expired.")));
  gui.open().showPage(PageId::Vendors);
  auto* card = gui.find<QWidget>(QStringLiteral("vendor-norrland"));
  QTest::mouseClick(card->findChild<QPushButton*>(QStringLiteral("vendorRefresh")), Qt::LeftButton);
  QVERIFY(!card->findChild<QPushButton*>(QStringLiteral("vendorRefresh"))->isEnabled());
  gui.station.release();
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("vendor-norrland"))
                  ->findChild<QWidget*>(QStringLiteral("vendorProblem"))
                  ->isVisible());
  QVERIFY(!gui.find<QWidget>(QStringLiteral("vendor-halden"))
               ->findChild<QWidget*>(QStringLiteral("vendorProblem"))
               ->isVisible());
}

void WindowTest::addDeviceOffersWhatWasFound() {
  GuiFixture gui;
  gui.open();
  QVERIFY(gui.click(QStringLiteral("devicesAdd")));
  auto* dialog = gui.find<AddDeviceDialog>(QStringLiteral("addDeviceDialog"));
  auto* list = gui.find<QListView>(QStringLiteral("addDeviceFound"));
  QVERIFY(dialog && list && list->isVisible());
  QCOMPARE(list->model()->rowCount(), 3);  // the known one is in the list of devices already
  list->setFocus();
  QCOMPARE(dialog->address(), QString());  // nothing was chosen
  QTest::keyClick(list, Qt::Key_Home);
  QTest::keyClick(list, Qt::Key_Space);
  QCOMPARE(dialog->address(), QStringLiteral("serial:/dev/ttyUSB0?baud=115200"));
  auto* note = gui.find<TextLabel>(QStringLiteral("addDeviceFoundNote"));
  QVERIFY2(note->text().contains(QStringLiteral("has not opened it")), qPrintable(note->text()));
  QVERIFY(gui.find<QPushButton>(QStringLiteral("addDeviceOk"))->isEnabled());
  QTest::keyClick(list, Qt::Key_Down);  // over what can't be added
  QCOMPARE(dialog->address(), QStringLiteral("udp:192.168.4.33:1337"));
  QVERIFY(!(list->model()->index(1, 0).flags() & Qt::ItemIsSelectable));
  QVERIFY(
      list->model()->index(1, 0).data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("has not opened it")));

  FoundView board = gui.station.foundList[0];
  board.kind = QStringLiteral("usb");
  board.address = QStringLiteral("usb:1-7");
  gui.station.foundList.prepend(board);
  Q_EMIT gui.station.foundChanged();
  QCOMPARE(list->model()->rowCount(), 4);
  list->setCurrentIndex(list->model()->index(0, 0));
  QCOMPARE(dialog->address(), QStringLiteral("usb:1-7"));
  QVERIFY(gui.click(QStringLiteral("addDeviceOk")));
  QTRY_VERIFY(gui.station.calls.contains(QStringLiteral("addDevice usb:1-7")));

  GuiFixture nothing(false);
  nothing.open();
  QVERIFY(nothing.click(QStringLiteral("devicesEmptyAdd")));
  QVERIFY(!nothing.find<QListView>(QStringLiteral("addDeviceFound"))->isVisible());
}

// The one that is shown stays shown while others come and go.
void WindowTest::devicesAppearAndGoByThemselves() {
  GuiFixture gui;
  gui.open();
  auto* list = gui.find<QListView>(QStringLiteral("devicesList"));
  const int before = list->model()->rowCount();
  gui.window->showDevice(QStringLiteral("HG4-0021"));
  DeviceView device = gui.station.deviceList.first();
  device.id = QStringLiteral("norrland/u1/0001@usb:1-3");
  device.name = QStringLiteral("Norrland U1");
  device.warning = QStringLiteral("Another device with the serial number 0001 is connected at usb:1-2.");
  gui.station.deviceList.prepend(device);
  Q_EMIT gui.station.devicesChanged();
  QCOMPARE(list->model()->rowCount(), before + 1);
  auto* name = gui.find<TextLabel>(QStringLiteral("deviceName"));
  QCOMPARE(name->text(), QStringLiteral("Meter gateway"));
  gui.window->showDevice(device.id);
  QCOMPARE(name->text(), device.name);
  const auto labels = gui.find<QWidget>(QStringLiteral("deviceNotice"))->findChildren<TextLabel*>();
  QVERIFY(std::any_of(labels.cbegin(), labels.cend(),
                      [&](const TextLabel* label) { return label->text() == device.warning; }));
  gui.station.deviceList.removeFirst();
  Q_EMIT gui.station.devicesChanged();
  QCOMPARE(list->model()->rowCount(), before);
}

void WindowTest::networkSearchIsASetting() {
  GuiFixture gui;
  gui.open();
  gui.window->showPage(PageId::Settings);
  auto* search = gui.find<QCheckBox>(QStringLiteral("settingsSearch"));
  QVERIFY(search && search->isChecked() && search->isEnabled());
  QTest::mouseClick(search, Qt::LeftButton, {}, QPoint(8, search->height() / 2));
  QVERIFY(gui.station.calls.contains(QStringLiteral("setSearchesNetwork off")));
  QVERIFY(!search->isChecked());
  gui.station.stationInfo.offline = true;
  Q_EMIT gui.station.infoChanged();
  QVERIFY(!search->isEnabled());
}

void WindowTest::addDeviceBuildsAddress() {
  GuiFixture gui;
  gui.open();
  QVERIFY(gui.click(QStringLiteral("devicesAdd")));
  auto* ok = gui.find<QPushButton>(QStringLiteral("addDeviceOk"));
  QVERIFY(!ok->isEnabled());
  QTest::keyClicks(gui.find<QLineEdit>(QStringLiteral("addDeviceHost")), QStringLiteral("fe80::1"));
  QVERIFY(ok->isEnabled());
  gui.station.failures.insert(QStringLiteral("addDevice"),
                              makeError(ErrorCode::Timeout, QStringLiteral("Nobody answers at this address.")));
  QVERIFY(gui.click(QStringLiteral("addDeviceOk")));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("addDeviceDialogError"))->isVisible());
  QVERIFY(gui.station.calls.contains(QStringLiteral("addDevice udp:[fe80::1]:1337")));
  gui.station.failures.clear();
  QVERIFY(gui.clickSoon(QStringLiteral("addDeviceOk")));
  QTRY_COMPARE(gui.find<TextLabel>(QStringLiteral("deviceName"))->text(), QStringLiteral("udp:[fe80::1]:1337"));
}

void WindowTest::helpFitsTheDevice() {
  GuiFixture gui;
  gui.open();
  gui.window->showDevice(QStringLiteral("NT2-004417"));
  QTest::keyClick(gui.window.get(), Qt::Key_F1);
  auto* dialog = gui.find<DialogFrame>(QStringLiteral("helpDialog"));
  QVERIFY(dialog != nullptr);
  auto* contents = gui.find<QListWidget>(QStringLiteral("helpContents"));
  auto* page = gui.find<NotesView>(QStringLiteral("helpPage"));
  QVERIFY(page->toPlainText().startsWith(QStringLiteral("SMP")));
  QVERIFY(page->toPlainText().contains(QStringLiteral("What can go wrong")));
  QTest::keyClick(contents, Qt::Key_Home);
  QVERIFY(page->toPlainText().startsWith(QStringLiteral("How Sealift finds devices")));
  Q_EMIT page->linkChosen(QStringLiteral("uboot.md"));
  QVERIFY(page->toPlainText().startsWith(QStringLiteral("U-Boot")));
  Q_EMIT page->linkChosen(QStringLiteral("https://example.com/"));
  QVERIFY(page->toPlainText().startsWith(QStringLiteral("U-Boot")));
  QVERIFY(gui.click(QStringLiteral("helpClose")));
}

void WindowTest::settingsAreKept() {
  GuiFixture gui;
  gui.open().showPage(PageId::Settings);
  auto* save = gui.find<QPushButton>(QStringLiteral("settingsSave"));
  QVERIFY(!save->isEnabled());
  auto* name = gui.find<QLineEdit>(QStringLiteral("settingsStationName"));
  name->setText(QStringLiteral("LINE-4"));
  QVERIFY(save->isEnabled());
  gui.station.failures.insert(QStringLiteral("changeInfo"),
                              makeError(ErrorCode::StoreFailed, QStringLiteral("The disk is full.")));
  QVERIFY(gui.click(QStringLiteral("settingsSave")));
  QVERIFY(gui.find<QWidget>(QStringLiteral("settingsMessage"))->isVisible());
  gui.station.failures.clear();
  name->setText(QStringLiteral("LINE-4"));
  QVERIFY(gui.click(QStringLiteral("settingsSave")));
  QCOMPARE(gui.station.stationInfo.name, QStringLiteral("LINE-4"));
  QCOMPARE(gui.find<TextLabel>(QStringLiteral("statusStation"))->text(),
           QStringLiteral("Station LINE-4 \u00b7 technician"));
  QVERIFY(gui.click(QStringLiteral("settingsThemeDark")));
  QVERIFY(gui.theme->isDark());
  gui.window.reset();
  gui.theme.reset();
  gui.open();
  QVERIFY(gui.theme->isDark());
}

void WindowTest::tabReachesEveryControl_data() {
  QTest::addColumn<PageId>("page");
  QTest::newRow("devices") << PageId::Devices;
  QTest::newRow("updates") << PageId::Updates;
  QTest::newRow("provisioning") << PageId::Provisioning;
  QTest::newRow("audit") << PageId::Audit;
  QTest::newRow("vendors") << PageId::Vendors;
  QTest::newRow("settings") << PageId::Settings;
}

void WindowTest::tabReachesEveryControl() {
  QFETCH(PageId, page);
  GuiFixture gui;
  gui.open().showPage(page);
  QTRY_VERIFY(QApplication::activeWindow() == gui.window.get());
  QSet<QWidget*> expected;
  const auto widgets = gui.window->findChildren<QWidget*>();
  for (QWidget* widget : widgets) {
    if (widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus) != 0 &&
        widget->focusProxy() == nullptr) {
      // One of several alternatives is reached by Tab, the others from it by arrows.
      const auto* button = qobject_cast<QAbstractButton*>(widget);
      const bool alternative =
          button != nullptr && button->isCheckable() && !button->isChecked() &&
          (button->autoExclusive() || (button->group() != nullptr && button->group()->exclusive()));
      if (!alternative) {
        expected.insert(widget);
      }
    }
  }
  QVERIFY(!expected.isEmpty());
  QSet<QWidget*> reached;
  auto* ring = gui.window->findChild<FocusRing*>();
  for (qsizetype step = 0; step < 3 * expected.size(); ++step) {
    QWidget* before = QApplication::focusWidget();
    QTest::keyClick(before != nullptr ? before : gui.window.get(), Qt::Key_Tab);
    if (QWidget* now = QApplication::focusWidget()) {
      reached.insert(now);
      QCOMPARE(ring->target(), now);
    }
  }
  expected.subtract(reached);
  for (QWidget* missed : std::as_const(expected)) {
    qWarning() << "not reached:" << missed;
  }
  QVERIFY(expected.isEmpty());
}

void WindowTest::updateByKeyboardAlone() {
  GuiFixture gui;
  gui.open();
  const auto press = [](Qt::Key key) { QTest::keyClick(QApplication::focusWidget(), key); };
  const auto tabTo = [&](const QString& name) {
    for (int i = 0; i < 60; ++i) {
      QWidget* focus = QApplication::focusWidget();
      if (focus != nullptr && focus->objectName() == name) {
        return true;
      }
      QTest::keyClick(focus != nullptr ? focus : gui.window.get(), Qt::Key_Tab);
    }
    return false;
  };
  QTest::keyClick(gui.window.get(), Qt::Key_1, Qt::ControlModifier);
  QVERIFY(tabTo(QStringLiteral("devicesList")));
  press(Qt::Key_Down);
  QCOMPARE(gui.find<TextLabel>(QStringLiteral("deviceName"))->text(), QStringLiteral("Door sensor"));
  press(Qt::Key_Up);
  QVERIFY(tabTo(QStringLiteral("deviceReview")));
  press(Qt::Key_Space);
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("reviewConsent"))->isVisible());
  QVERIFY(tabTo(QStringLiteral("reviewConsent")));
  press(Qt::Key_Space);
  QVERIFY(tabTo(QStringLiteral("reviewInstall")));
  press(Qt::Key_Space);
  QCOMPARE(gui.station.applied.size(), 1);
  QTRY_COMPARE(gui.window->currentPage(), PageId::Updates);
  // The rail with arrows.
  QVERIFY(tabTo(QStringLiteral("navUpdates")));
  press(Qt::Key_Down);
  QCOMPARE(gui.window->currentPage(), PageId::Provisioning);
}

void WindowTest::everyControlHasAName() {
  GuiFixture gui;
  gui.open();
  for (const PageId page :
       {PageId::Devices, PageId::Updates, PageId::Provisioning, PageId::Audit, PageId::Vendors, PageId::Settings}) {
    gui.window->showPage(page);
    const auto widgets = gui.window->findChildren<QWidget*>();
    for (QWidget* widget : widgets) {
      if (!widget->isVisible() || (widget->focusPolicy() & Qt::TabFocus) == 0 ||
          qobject_cast<TextLabel*>(widget) != nullptr) {
        continue;
      }
      const auto* button = qobject_cast<QAbstractButton*>(widget);
      const QString name = !widget->accessibleName().isEmpty() ? widget->accessibleName()
                           : button != nullptr                 ? button->text()
                                                               : QString();
      QVERIFY2(!name.isEmpty(),
               qPrintable(QStringLiteral("%1 %2 has no name")
                              .arg(QLatin1String(widget->metaObject()->className()), widget->objectName())));
    }
  }
}

void WindowTest::timelineSaysItsDates() {
  SupportTimeline timeline;
  Lifecycle lifecycle{QDate(2023, 3, 1), QDate(2027, 6, 1), std::nullopt};
  timeline.setLifecycle(lifecycle, QDate(2026, 11, 21));
  QVERIFY(timeline.accessibleName().contains(QLatin1String("Released Mar 2023.")));
  QVERIFY(timeline.accessibleName().contains(QLatin1String("Feature updates end Jun 2027.")));
  QVERIFY(!timeline.accessibleName().contains(QLatin1String("Security")));  // unknown, so not told
  lifecycle.securitySupportEnds = QDate(2025, 5, 1);
  timeline.setLifecycle(lifecycle, QDate(2026, 11, 21));
  QVERIFY(timeline.accessibleName().contains(QLatin1String("Security updates ended May 2025.")));
}

}  // namespace sealift

QTEST_MAIN(sealift::WindowTest)
#include "window_test.moc"
