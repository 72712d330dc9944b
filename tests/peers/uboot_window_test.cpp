// The real U-Boot, updated by pressing the window's buttons.
#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "app/services/local_station.h"
#include "app/services/vendor_desk.h"
#include "devices/registry.h"
#include "tests/support/uboot_machine.h"
#include "ui/style/theme.h"
#include "ui/views/main_window.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDir>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

#include <cstdio>

using namespace sealift;

class UbootWindowTest : public QObject {
  Q_OBJECT

 private:
  // Presses what a person could press: visible and enabled.
  static bool press(const MainWindow& window, const QString& name, int timeoutMs) {
    QAbstractButton* ready = nullptr;
    const bool found = QTest::qWaitFor(
        [&] {
          const QList<QAbstractButton*> buttons = window.findChildren<QAbstractButton*>(name);
          for (QAbstractButton* button : buttons) {
            if (button->isVisible() && button->isEnabled()) {
              ready = button;
            }
          }
          return ready != nullptr;
        },
        timeoutMs);
    if (found) {
      QTest::mouseClick(ready, Qt::LeftButton);
    }
    return found;
  }

 private Q_SLOTS:
  void updatesThroughTheWindow() {
    QTemporaryDir folder;
    QVERIFY(folder.isValid());
    QVERIFY(makeFolder(folder.filePath(QStringLiteral("machine"))));
    Result<std::unique_ptr<UbootMachine>> made = UbootMachine::make(folder.filePath(QStringLiteral("machine")));
    QVERIFY2(made, made ? "" : qPrintable(made.error().message()));
    UbootMachine& machine = **made;

    const SystemClock clock;
    const QString repo = folder.filePath(QStringLiteral("repo"));
    VendorDesk desk(repo, clock);
    NewRepository wanted;
    wanted.vendorId = QStringLiteral("tide");
    wanted.vendorName = QStringLiteral("Tide Instruments");
    wanted.addresses = {QUrl::fromLocalFile(repo + QStringLiteral("/public")).toString()};
    QVERIFY(desk.init(wanted));
    const QString modelFile = folder.filePath(QStringLiteral("model.json"));
    QVERIFY(writeFileAtomic(modelFile, writeModel(machine.model())));
    QVERIFY(desk.addModel(modelFile));
    NewRelease release;
    release.modelId = machine.model().id;
    release.imagePath = folder.filePath(QStringLiteral("machine/images/1.1.0.fit"));
    QVERIFY(desk.addRelease(release));
    QVERIFY(desk.publish());

    QVERIFY(machine.start());
    SystemLinkOpener links;
    StationSetup setup;
    setup.dataFolder = folder.filePath(QStringLiteral("station"));
    setup.clock = &clock;
    setup.links = &links;
    setup.drivers = &driverRegistry();
    Result<std::unique_ptr<LocalStation>> station = LocalStation::open(setup);
    QVERIFY2(station, station ? "" : qPrintable(station.error().message()));
    Theme theme(*qApp);
    MainWindow window(**station, theme, clock);
    window.resize(1280, 800);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));

    const Result<VendorCandidate> candidate =
        (*station)->readVendorFile(VendorDesk::vendorFile(repo, QStringLiteral("tide")));
    QVERIFY(candidate);
    auto vendor = (*station)->addVendor(*candidate, candidate->fingerprint);
    QTRY_VERIFY_WITH_TIMEOUT(vendor.isFinished(), 30'000);
    QVERIFY2(vendor.result(), vendor.result() ? "" : qPrintable(vendor.result().error().message()));
    auto added = (*station)->addDevice(machine.address().toString(), QStringLiteral("Harbour gauge"), QString());
    QTRY_VERIFY_WITH_TIMEOUT(added.isFinished(), 120'000);
    QVERIFY2(added.result(), added.result() ? "" : qPrintable(added.result().error().message()));
    QCOMPARE(added.result()->version, QStringLiteral("1.0.0"));

    window.showDevice(added.result()->id);
    QVERIFY(press(window, QStringLiteral("deviceReview"), 30'000));
    QVERIFY(press(window, QStringLiteral("reviewConsent"), 120'000));
    QVERIFY(press(window, QStringLiteral("reviewInstall"), 30'000));
    QTRY_VERIFY_WITH_TIMEOUT(!(*station)->jobs().isEmpty(), 120'000);
    const QString job = (*station)->jobs().first().id;
    QTRY_VERIFY_WITH_TIMEOUT((*station)->job(job)->state == JobState::Finished, 300'000);
    const JobView ended = *(*station)->job(job);
    QVERIFY2(ended.outcome == Outcome::Succeeded, qPrintable(ended.detail));
    QTRY_COMPARE((*station)->device(added.result()->id)->version, QStringLiteral("1.1.0"));
    QVERIFY(window.grab().save(QStringLiteral(SEALIFT_BINARY_DIR "/screenshots/uboot-updated.png")) ||
            !QDir(QStringLiteral(SEALIFT_BINARY_DIR "/screenshots")).exists());
  }
};

int main(int argc, char** argv) {
  if (const QString why = UbootMachine::whyNotHere(); !why.isEmpty()) {
    std::printf("SKIP: %s\n", qPrintable(why));
    return 77;
  }
  QApplication app(argc, argv);
  UbootWindowTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "uboot_window_test.moc"
