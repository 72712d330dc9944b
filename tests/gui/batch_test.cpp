// Several devices on one page: one yes, to the plans that are shown and chosen and to no others.
#include "tests/gui/gui_fixture.h"

#include <QCheckBox>
#include <QPushButton>

namespace sealift {

namespace {
const QString kReady = QStringLiteral("NT2-004417");
const QString kRefused = QStringLiteral("HB2-000113");
}  // namespace

class BatchTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void oneYesForAllThatAreReady();
  void anotherChoiceNeedsAnotherYes();
  void nobodyIsAskedBeforeAllIsChecked();
  void whoIsLeftBehindIsTold();
  void oneTimeForAll();
  void filterChooses();

 private:
  // Both have a plan that nothing stands against.
  static void makeReady(GuiFixture& gui) {
    PlanView plan = gui.station.plans.value(kReady);
    plan.deviceId = kRefused;
    plan.digest = QStringLiteral("another");
    gui.station.plans[kRefused] = plan;
  }
  static bool isChosen(const GuiFixture& gui, const QString& device) {
    const auto* box = gui.find<QCheckBox>(QStringLiteral("batchDevice-") + device);
    return box != nullptr && box->isEnabled() && box->isChecked();
  }
};

void BatchTest::oneYesForAllThatAreReady() {
  GuiFixture gui;
  gui.open();
  QVERIFY(gui.clickSoon(QStringLiteral("devicesAll")));
  QTRY_VERIFY(gui.find<QCheckBox>(QStringLiteral("batchConsent"))->isEnabled());
  QVERIFY(isChosen(gui, kReady));
  QVERIFY2(!isChosen(gui, kRefused), "a check refuses it");
  auto* install = gui.find<QPushButton>(QStringLiteral("batchInstall"));
  QVERIFY(!install->isEnabled());
  install->click();
  QVERIFY(gui.station.applied.isEmpty());
  QVERIFY(gui.click(QStringLiteral("batchConsent")));
  QVERIFY(gui.click(QStringLiteral("batchInstall")));
  QTRY_COMPARE(gui.window->currentPage(), PageId::Updates);
  QCOMPARE(gui.station.applied.size(), 1);
  const PlanView plan = gui.station.plans.value(kReady);
  QCOMPARE(gui.station.applied.constFirst().deviceId, kReady);
  QCOMPARE(gui.station.applied.constFirst().consent.planDigest, plan.digest);
  QCOMPARE(gui.station.applied.constFirst().consent.notesHash, plan.notesHash);
  QCOMPARE(gui.station.applied.constFirst().consent.how, QStringLiteral("window-batch"));
}

void BatchTest::anotherChoiceNeedsAnotherYes() {
  GuiFixture gui;
  makeReady(gui);
  gui.open();
  QVERIFY(gui.clickSoon(QStringLiteral("devicesAll")));
  QTRY_VERIFY(gui.find<QCheckBox>(QStringLiteral("batchConsent"))->isEnabled());
  QVERIFY(isChosen(gui, kReady) && isChosen(gui, kRefused));
  QVERIFY(gui.click(QStringLiteral("batchConsent")));
  QVERIFY(gui.find<QPushButton>(QStringLiteral("batchInstall"))->isEnabled());
  gui.find<QCheckBox>(QStringLiteral("batchDevice-") + kReady)->click();
  QVERIFY2(!gui.find<QPushButton>(QStringLiteral("batchInstall"))->isEnabled(), "the yes was to two devices");
  QVERIFY(gui.click(QStringLiteral("batchConsent")));
  QVERIFY(gui.click(QStringLiteral("batchInstall")));
  QTRY_COMPARE(gui.station.applied.size(), 1);
  QCOMPARE(gui.station.applied.constFirst().deviceId, kRefused);
  QCOMPARE(gui.station.applied.constFirst().consent.planDigest, QStringLiteral("another"));
}

void BatchTest::nobodyIsAskedBeforeAllIsChecked() {
  GuiFixture gui;
  gui.open();
  gui.station.hold = true;
  QVERIFY(gui.clickSoon(QStringLiteral("devicesAll")));
  QTRY_VERIFY(gui.find<QCheckBox>(QStringLiteral("batchConsent"))->isVisible());
  QVERIFY(!gui.find<QCheckBox>(QStringLiteral("batchConsent"))->isEnabled());
  gui.station.release();
  QTRY_VERIFY(gui.find<QCheckBox>(QStringLiteral("batchConsent"))->isEnabled());
}

void BatchTest::whoIsLeftBehindIsTold() {
  GuiFixture gui;
  makeReady(gui);
  gui.open();
  QVERIFY(gui.clickSoon(QStringLiteral("devicesAll")));
  QTRY_VERIFY(gui.find<QCheckBox>(QStringLiteral("batchConsent"))->isEnabled());
  QVERIFY(gui.click(QStringLiteral("batchConsent")));
  gui.station.failures[QStringLiteral("applyUpdate")] =
      makeError(ErrorCode::DeviceBusy, QStringLiteral("Another Sealift works on it."));
  QVERIFY(gui.click(QStringLiteral("batchInstall")));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("batchError"))->isVisible());
  QVERIFY(gui.window->currentPage() == PageId::Devices);
  QVERIFY(!gui.find<QPushButton>(QStringLiteral("batchInstall"))->isEnabled());
}

void BatchTest::oneTimeForAll() {
  GuiFixture gui;
  makeReady(gui);
  gui.open();
  QVERIFY(gui.clickSoon(QStringLiteral("devicesAll")));
  QTRY_VERIFY(gui.find<QCheckBox>(QStringLiteral("batchConsent"))->isEnabled());
  QVERIFY(gui.click(QStringLiteral("batchConsent")));
  QVERIFY(gui.click(QStringLiteral("batchSchedule")));
  QVERIFY(gui.clickSoon(QStringLiteral("scheduleDialogYes")));
  QTRY_COMPARE(gui.station.scheduled.size(), 2);
  QVERIFY(gui.station.scheduled[0].start.when == gui.station.scheduled[1].start.when);
  QCOMPARE(gui.station.scheduled[0].start.at, gui.station.scheduled[1].start.at);
  QTRY_COMPARE(gui.window->currentPage(), PageId::Updates);
}

void BatchTest::filterChooses() {
  GuiFixture gui;
  gui.open();
  auto* all = gui.find<QPushButton>(QStringLiteral("devicesAll"));
  QVERIFY(all->isVisible());
  QTest::keyClicks(gui.find<QWidget>(QStringLiteral("devicesFilter")), QStringLiteral("thermostat"));
  QTRY_VERIFY2(!all->isVisible(), "one update is reviewed on its own page");
}

}  // namespace sealift

QTEST_MAIN(sealift::BatchTest)
#include "batch_test.moc"
