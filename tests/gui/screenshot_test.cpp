// Writes every page, light and dark, into screenshots/ of the build folder for people to look at, and
// checks on each that nothing reaches out of its parent and that no label lost its words.
#include "tests/gui/gui_fixture.h"
#include "ui/dialogs/add_device_dialog.h"
#include "ui/dialogs/dialog_frame.h"
#include "ui/views/vendors_page.h"
#include "ui/widgets/badge_text.h"
#include "ui/widgets/text_label.h"

#include <QAbstractScrollArea>
#include <QDir>
#include <QScrollArea>
#include <QTableView>

namespace sealift {

class ScreenshotTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void pages_data();
  void pages();

 private:
  void save(QWidget* widget, const QString& name, const QString& suffix);
  static QString layoutProblem(const QWidget* window);
};

void ScreenshotTest::pages_data() {
  QTest::addColumn<ThemeChoice>("theme");
  QTest::addColumn<QSize>("size");
  QTest::addColumn<QString>("suffix");
  QTest::newRow("light") << ThemeChoice::Light << QSize(1280, 800) << QStringLiteral("light");
  QTest::newRow("dark") << ThemeChoice::Dark << QSize(1280, 800) << QStringLiteral("dark");
  QTest::newRow("small") << ThemeChoice::Light << QSize(800, 600) << QStringLiteral("small");
  QTest::newRow("large") << ThemeChoice::Light << QSize(1920, 1080) << QStringLiteral("large");
}

void ScreenshotTest::save(QWidget* widget, const QString& name, const QString& suffix) {
  QCoreApplication::processEvents();  // layouts are requested by events
  QTRY_COMPARE(layoutProblem(widget), QString());
  // The run on an X server has a folder of its own: both may run at once.
  const bool offscreen = QGuiApplication::platformName() == QLatin1String("offscreen");
  const QDir folder(QStringLiteral(SEALIFT_BINARY_DIR "/screenshots") +
                    (offscreen ? QString() : QStringLiteral("/x11")));
  QVERIFY(QDir().mkpath(folder.path()));
  const QPixmap shot = widget->grab();
  QVERIFY(!shot.isNull());
  QVERIFY(shot.save(folder.filePath(QStringLiteral("%1-%2.png").arg(name, suffix))));
}

// What is cut off or reaches out of its room; empty when all is well.
QString ScreenshotTest::layoutProblem(const QWidget* window) {
  const auto labels = window->findChildren<TextLabel*>();
  for (const TextLabel* label : labels) {
    if (!label->isVisible() || label->text().isEmpty()) {
      continue;
    }
    if (label->wordWrap() && label->height() < label->heightForWidth(label->width())) {
      return QStringLiteral("\"%1\" is cut below").arg(label->text());
    }
    // An elided one has its words in the tool tip.
    if (!label->wordWrap() && label->toolTip().isEmpty() && label->width() < label->minimumSizeHint().width()) {
      return QStringLiteral("\"%1\" is cut").arg(label->text());
    }
    if (!label->parentWidget()->rect().adjusted(-1, -1, 1, 1).contains(label->geometry())) {
      return QStringLiteral("\"%1\" reaches out of its parent").arg(label->text());
    }
  }
  const auto values = window->findChildren<BadgeText*>();
  for (const BadgeText* value : values) {
    if (value->isVisible() && value->height() < value->heightForWidth(value->width())) {
      return QStringLiteral("\"%1\" is cut below").arg(value->accessibleName());
    }
  }
  const auto areas = window->findChildren<QScrollArea*>();
  for (const QScrollArea* area : areas) {
    if (area->isVisible() && area->widget()->width() > area->viewport()->width()) {
      return QStringLiteral("%1 is wider than its room").arg(area->objectName());
    }
  }
  return {};
}

void ScreenshotTest::pages() {
  QFETCH(ThemeChoice, theme);
  QFETCH(QSize, size);
  QFETCH(QString, suffix);
  GuiFixture fixture;
  MainWindow& window = fixture.open(size);
  fixture.theme->choose(theme);
  const auto shot = [&](const char* name) { save(&window, QString::fromLatin1(name), suffix); };

  shot("devices");
  QTest::keyClick(&window, Qt::Key_Tab);
  shot("devices-focus");
  window.showDevice(QStringLiteral("HG4-0021"));
  shot("device-support-ending");
  window.showDevice(QStringLiteral("VC1-22019"));
  shot("device-end-of-life");
  window.showDevice(QStringLiteral("HB2-000113"));
  shot("device-refused");
  window.showDevice(QStringLiteral("serial:COM9"));
  shot("device-unmanaged");
  fixture.station.hold = true;
  window.reviewUpdate(QStringLiteral("NT2-004417"));
  shot("review-loading");
  fixture.station.release();
  QTRY_VERIFY(fixture.find<QWidget>(QStringLiteral("reviewInstall"))->isVisible());
  QVERIFY(fixture.click(QStringLiteral("reviewConsent")));
  shot("review");
  window.reviewUpdate(QStringLiteral("HB2-000113"));
  QTRY_VERIFY(fixture.find<QWidget>(QStringLiteral("reviewRefused"))->isVisible());
  shot("review-refused");
  window.showPage(PageId::Devices);
  QVERIFY(fixture.click(QStringLiteral("devicesAll")));
  QTRY_VERIFY(fixture.find<QWidget>(QStringLiteral("batchConsent"))->isEnabled());
  shot("batch");
  {
    PlanView& plan = fixture.station.plans[QStringLiteral("NT2-004417")];
    const PlanView before = plan;
    plan.allowed = false;
    plan.needsErase = true;
    plan.checks << Check::failed(QStringLiteral("read-out-protection"), QStringLiteral("Read-out protection is on"),
                                 makeError(ErrorCode::DeviceProtected,
                                           QStringLiteral("The device takes new firmware only if everything on it is "
                                                          "erased first.")));
    window.reviewUpdate(QStringLiteral("NT2-004417"));
    QTRY_VERIFY(fixture.find<QWidget>(QStringLiteral("reviewErase"))->isVisible());
    shot("review-protected");
    plan = before;
    const auto refused = [&](const Check& check) {
      plan = before;
      plan.allowed = false;
      plan.checks << check;
    };
    const auto review = [&](const char* name) {
      window.reviewUpdate(QStringLiteral("NT2-004417"));
      QTRY_VERIFY(fixture.find<QWidget>(QStringLiteral("reviewChecks"))->isVisible());
      QTRY_VERIFY(fixture.find<QWidget>(QStringLiteral("reviewRefused"))->isVisible() == !plan.allowed);
      shot(name);
    };
    refused(Check::failed(
        QStringLiteral("release-blocked"), QStringLiteral("Blocked"),
        makeError(
            ErrorCode::PolicyBlocked,
            QStringLiteral("2.4.0 was blocked by J. Lind on 2026-11-18 for the model norrland/t2: it drains the "
                           "battery of units in cold rooms."),
            QStringLiteral("To lift it: sealiftctl release unblock 2.4.0 --model \"norrland/t2\" --reason TEXT."))));
    review("review-blocked");
    refused(Check::failed(
        QStringLiteral("tried-before"), QStringLiteral("The device went back from this release before"),
        makeError(ErrorCode::PolicyTriedBefore,
                  QStringLiteral("On 19 Nov 2026 08:12 UTC it was installed, and "
                                 "the device returned by itself before it was confirmed (reverted, job 5f1c)."))));
    plan.needsAgain = true;
    review("review-returned");
    refused(
        Check::failed(QStringLiteral("release-trouble"), QStringLiteral("Paused after failures on other devices"),
                      makeError(ErrorCode::PolicyReleaseTrouble,
                                QStringLiteral("Release 2.4.0 went wrong on 3 devices of the model norrland/t2, so it "
                                               "was paused on 20 Nov 2026 17:03 UTC."))));
    plan.paused = true;
    review("review-paused");
    plan = before;
    plan.isDowngrade = true;
    plan.downgradeReason = QStringLiteral("The valve sticks since 2.3.1; ticket 4471.");
    plan.toVersion = QStringLiteral("2.2.0");
    review("review-downgrade");
    QVERIFY(fixture.click(QStringLiteral("reviewConsent")));
    QVERIFY(fixture.click(QStringLiteral("reviewInstall")));
    auto* agree = fixture.find<DialogFrame>(QStringLiteral("downgradeDialog"));
    QVERIFY(agree);
    save(agree, QStringLiteral("dialog-downgrade"), suffix);
    agree->reject();
    plan = before;
    DeviceView device = *fixture.station.device(QStringLiteral("NT2-004417"));
    const DeviceView ordinary = device;
    device.counterWarning = QStringLiteral(
        "The device's rollback counter says 3 and once said 7: it was reset, or another device answers in its name. "
        "Nothing below 7 is installed.");
    device.rules << ReleaseRuleView{QStringLiteral("block"),
                                    QStringLiteral("model"),
                                    QStringLiteral("norrland/t2"),
                                    QStringLiteral("2.3.9"),
                                    {},
                                    QStringLiteral("it drains the battery"),
                                    QStringLiteral("J. Lind"),
                                    fixture.clock.nowUtc()};
    fixture.station.setDevice(device);
    fixture.station.alertList << AlertView{QStringLiteral("release-paused"),
                                           {},
                                           QStringLiteral("Release 2.4.0 is paused"),
                                           QStringLiteral("Release 2.4.0 went wrong on 3 devices of the model "
                                                          "norrland/t2, so it was paused on 2026-11-20."),
                                           QStringLiteral("Find out why; then a supervisor resumes it."),
                                           {}};
    Q_EMIT fixture.station.alertsChanged();
    window.showDevice(QStringLiteral("NT2-004417"));
    shot("device-rules");
    fixture.station.alertList.clear();
    Q_EMIT fixture.station.alertsChanged();
    fixture.station.setDevice(ordinary);
  }
  fixture.station.failures.insert(
      QStringLiteral("planUpdate"),
      makeError(ErrorCode::TrustExpired, QStringLiteral("The vendor's timestamp expired on 20 Nov 2026.")));
  window.reviewUpdate(QStringLiteral("NT2-004417"));
  QTRY_VERIFY(fixture.find<QWidget>(QStringLiteral("reviewFailure"))->isVisible());
  shot("review-error");
  window.showPage(PageId::Updates);
  shot("updates");
  window.findChild<QScrollArea*>(QStringLiteral("updatesScroll"))->ensureVisible(0, 5000);
  shot("updates-end");
  window.showPage(PageId::Provisioning);
  shot("provisioning");
  window.showPage(PageId::Audit);
  fixture.find<QTableView>(QStringLiteral("auditTable"))->selectRow(2);
  shot("audit");
  window.showPage(PageId::Vendors);
  shot("vendors");
  window.showPage(PageId::Settings);
  shot("settings");

  window.showPage(PageId::Vendors);
  window.findChild<VendorsPage*>()->openFile(QStringLiteral("vidar.sealift-vendor"));
  auto* dialog = fixture.find<DialogFrame>(QStringLiteral("addVendorDialog"));
  QVERIFY(dialog);
  save(dialog, QStringLiteral("dialog-add-vendor"), suffix);
  dialog->reject();
  window.openFile(QStringLiteral("vidar.sealift-bundle"));
  QTRY_VERIFY(fixture.find<DialogFrame>(QStringLiteral("bundleImportedDialog")) != nullptr);
  dialog = fixture.find<DialogFrame>(QStringLiteral("bundleImportedDialog"));
  save(dialog, QStringLiteral("dialog-bundle-imported"), suffix);
  dialog->reject();
  window.showDevice(QStringLiteral("NT2-004417"));
  QVERIFY(fixture.click(QStringLiteral("devicesAdd")));
  dialog = fixture.find<DialogFrame>(QStringLiteral("addDeviceDialog"));
  save(dialog, QStringLiteral("dialog-add-device"), suffix);
  dialog->reject();
  window.activateWindow();  // again, from behind the dialog
  QTRY_VERIFY(window.isActiveWindow());
  QTest::keyClick(&window, Qt::Key_F1);
  dialog = fixture.find<DialogFrame>(QStringLiteral("helpDialog"));
  save(dialog, QStringLiteral("dialog-help"), suffix);
  dialog->reject();
  QVERIFY(fixture.click(QStringLiteral("deviceRemind")));
  dialog = fixture.find<DialogFrame>(QStringLiteral("remindDialog"));
  save(dialog, QStringLiteral("dialog-remind"), suffix);
  dialog->reject();
  window.close();
  dialog = fixture.find<DialogFrame>(QStringLiteral("closeDialog"));
  save(dialog, QStringLiteral("dialog-close"), suffix);
  dialog->reject();
  window.showPage(PageId::Updates);
  QVERIFY(fixture.click(QStringLiteral("jobCancel")));
  dialog = fixture.find<DialogFrame>(QStringLiteral("cancelDialog"));
  save(dialog, QStringLiteral("dialog-cancel"), suffix);
  dialog->reject();

  GuiFixture nothing(false);
  MainWindow& empty = nothing.open(size);
  nothing.theme->choose(theme);
  const auto emptyShot = [&](const char* name) { save(&empty, QString::fromLatin1(name), suffix); };
  emptyShot("devices-empty");
  empty.showPage(PageId::Updates);
  emptyShot("updates-empty");
  empty.showPage(PageId::Audit);
  emptyShot("audit-empty");
  empty.showPage(PageId::Vendors);
  emptyShot("vendors-empty");
}

}  // namespace sealift

QTEST_MAIN(sealift::ScreenshotTest)
#include "screenshot_test.moc"
