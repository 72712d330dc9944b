// Consent is to the plan on the screen, and a refused plan has no way to be installed.
#include "tests/gui/gui_fixture.h"
#include "ui/dialogs/dialog_frame.h"
#include "ui/widgets/notes_view.h"
#include "ui/widgets/text_label.h"

#include <QAction>
#include <QCheckBox>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QTcpServer>
#include <QTcpSocket>

namespace sealift {

namespace {
const QString kDevice = QStringLiteral("NT2-004417");
const QString kRefused = QStringLiteral("HB2-000113");
}  // namespace

class ReviewTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void installNeedsConsentToThisPlan();
  void scheduleCarriesTheSameConsent();
  void whenSaysWhatIsNotPossible();
  void refusedPlanCannotBeInstalled();
  void erasingIsAskedApart();
  void tryingAgainIsAskedApart();
  void pausedReleaseIsResumedWithAReason();
  void downgradeTakesASupervisor();
  void downgradeAtHomeIsTyped();
  void changedPlanNeedsNewConsent();
  void olderAnswerDoesNotReplaceNewerPlan();
  void failureOfApplyIsShownWhereItBelongs();
  void skipAsksAndNamesTheRelease();
  void escapeGoesBack();
  void notesFetchNothing();
  void notesShowMarkupAsText();
  void everyCheckIsShown();
};

void ReviewTest::installNeedsConsentToThisPlan() {
  GuiFixture gui;
  gui.open().reviewUpdate(kDevice);
  auto* install = gui.find<QPushButton>(QStringLiteral("reviewInstall"));
  QTRY_VERIFY(install->isVisible());
  QVERIFY(!install->isEnabled());
  QVERIFY(!gui.find<QPushButton>(QStringLiteral("reviewSchedule"))->isEnabled());
  install->click();
  QVERIFY(gui.station.applied.isEmpty());
  QVERIFY(gui.click(QStringLiteral("reviewConsent")));
  QVERIFY(install->isEnabled());
  QVERIFY(gui.click(QStringLiteral("reviewConsent")));
  QVERIFY(!install->isEnabled());
  QVERIFY(gui.click(QStringLiteral("reviewConsent")));
  QVERIFY(gui.click(QStringLiteral("reviewInstall")));
  QCOMPARE(gui.station.applied.size(), 1);
  const PlanView plan = gui.station.plans.value(kDevice);
  QCOMPARE(gui.station.applied.constFirst().deviceId, kDevice);
  QCOMPARE(gui.station.applied.constFirst().consent.planDigest, plan.digest);
  QCOMPARE(gui.station.applied.constFirst().consent.notesHash, plan.notesHash);
  QCOMPARE(gui.station.applied.constFirst().consent.how, QStringLiteral("window"));
  // The job is shown.
  QTRY_COMPARE(gui.window->currentPage(), PageId::Updates);
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("job-job-of-") + kDevice) != nullptr);
}

void ReviewTest::scheduleCarriesTheSameConsent() {
  GuiFixture gui;
  gui.open().reviewUpdate(kDevice);
  QVERIFY(gui.clickSoon(QStringLiteral("reviewConsent")));
  QVERIFY(gui.click(QStringLiteral("reviewSchedule")));
  QVERIFY(gui.station.scheduled.isEmpty());
  QVERIFY(gui.clickSoon(QStringLiteral("scheduleDialogYes")));
  QCOMPARE(gui.station.scheduled.size(), 1);
  QCOMPARE(gui.station.scheduled.constFirst().consent.planDigest, gui.station.plans.value(kDevice).digest);
  QVERIFY(gui.station.scheduled.constFirst().start.when == StartTime::When::Tonight);
  QCOMPARE(gui.station.scheduled.constFirst().when, QDateTime(QDate(2026, 11, 22), QTime(2, 0)).toUTC());
  QVERIFY(gui.station.scheduled.constFirst().start.mostAttempts > 1);
  QVERIFY(gui.station.applied.isEmpty());
}

// What can't be chosen says why, and what its vendor does not allow can't be.
void ReviewTest::whenSaysWhatIsNotPossible() {
  GuiFixture gui;
  PlanView plan = gui.station.plans.value(kDevice);
  plan.idleProblem = QStringLiteral("This device does not tell whether it has something to do.");
  plan.deferrableUntil = QDate(2026, 11, 21);
  gui.station.plans.insert(kDevice, plan);
  gui.open().reviewUpdate(kDevice);
  QVERIFY(gui.clickSoon(QStringLiteral("reviewConsent")));
  QVERIFY(gui.click(QStringLiteral("reviewSchedule")));
  const auto choice = [&](int number) {
    return gui.find<QRadioButton>(QStringLiteral("scheduleDialogChoice%1").arg(number));
  };
  QTRY_VERIFY(choice(0) != nullptr);
  QVERIFY2(!choice(0)->isEnabled(), "tonight is after the vendor's date, and was offered");
  QVERIFY(choice(1)->isEnabled());
  QVERIFY2(!choice(2)->isEnabled(), "there is no maintenance window, and it was offered");
  QVERIFY(choice(3)->isEnabled());
  QVERIFY(!choice(4)->isEnabled());
  QCOMPARE(choice(4)->accessibleDescription(), plan.idleProblem);
  choice(3)->click();
  QVERIFY(gui.clickSoon(QStringLiteral("scheduleDialogYes")));
  QCOMPARE(gui.station.scheduled.size(), 1);
  QVERIFY(gui.station.scheduled.constFirst().start.when == StartTime::When::Connect);
}

void ReviewTest::refusedPlanCannotBeInstalled() {
  GuiFixture gui;
  gui.open().reviewUpdate(kRefused);
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("reviewRefused"))->isVisible());
  auto* consent = gui.find<QCheckBox>(QStringLiteral("reviewConsent"));
  auto* install = gui.find<QPushButton>(QStringLiteral("reviewInstall"));
  QVERIFY(!consent->isEnabled());
  QVERIFY(!install->isEnabled());
  // Not even by code that ticks the box behind the disabled control.
  consent->setChecked(true);
  QVERIFY(!install->isEnabled());
  install->setEnabled(true);
  install->click();
  QVERIFY(gui.station.applied.isEmpty());
  // The failed check says what to do and has its code.
  auto* check = gui.find<QWidget>(QStringLiteral("check-image-signature"));
  QVERIFY(check);
  QVERIFY(check->isVisible());
  QVERIFY(check->accessibleName().contains(QLatin1String("failed")));
  QVERIFY(check->accessibleDescription().contains(QLatin1String("image.signature-invalid")));
  QVERIFY(check->accessibleDescription().contains(QLatin1String("tell the vendor")));
}

void ReviewTest::erasingIsAskedApart() {
  GuiFixture gui;
  PlanView& plan = gui.station.plans[kDevice];
  plan.allowed = false;
  plan.needsErase = true;
  gui.open().reviewUpdate(kDevice);
  auto* erase = gui.find<QPushButton>(QStringLiteral("reviewErase"));
  QTRY_VERIFY(erase->isVisible());
  QVERIFY(!gui.find<QPushButton>(QStringLiteral("reviewInstall"))->isEnabled());
  QVERIFY(gui.click(QStringLiteral("reviewErase")));
  QVERIFY(!gui.station.wishes.constLast().eraseEverything);  // not before the question was answered
  plan.allowed = true;
  plan.needsErase = false;
  QVERIFY(gui.clickSoon(QStringLiteral("eraseDialogYes")));
  QTRY_VERIFY(gui.station.wishes.constLast().eraseEverything);
  QVERIFY(gui.clickSoon(QStringLiteral("reviewConsent")));
  QVERIFY(!erase->isVisible());
  QVERIFY(gui.click(QStringLiteral("reviewInstall")));
  QVERIFY(gui.station.applied.constLast().consent.wish.eraseEverything);
  // Another look at the device begins without it.
  gui.window->reviewUpdate(kDevice);
  QTRY_VERIFY(!gui.station.wishes.constLast().eraseEverything);
}

void ReviewTest::tryingAgainIsAskedApart() {
  GuiFixture gui;
  PlanView& plan = gui.station.plans[kDevice];
  plan.allowed = false;
  plan.needsAgain = true;
  plan.checks << Check::failed(QStringLiteral("tried-before"), QStringLiteral("It went back before"),
                               makeError(ErrorCode::PolicyTriedBefore, QStringLiteral("On 19 Nov it went back.")));
  gui.open().reviewUpdate(kDevice);
  QVERIFY(gui.clickSoon(QStringLiteral("reviewAgain")));
  QVERIFY(!gui.station.wishes.constLast().again);
  QVERIFY(gui.clickSoon(QStringLiteral("againDialogYes")));
  QTRY_VERIFY(gui.station.wishes.constLast().again);
  QVERIFY(gui.station.applied.isEmpty());
}

void ReviewTest::pausedReleaseIsResumedWithAReason() {
  GuiFixture gui;
  gui.station.operatorList << OperatorView{QStringLiteral("Sam"), QStringLiteral("supervisor"), {}, false, false};
  PlanView& plan = gui.station.plans[kDevice];
  plan.allowed = false;
  plan.paused = true;
  plan.checks << Check::failed(QStringLiteral("release-trouble"), QStringLiteral("Paused"),
                               makeError(ErrorCode::PolicyReleaseTrouble, QStringLiteral("It went wrong on 3.")));
  gui.open().reviewUpdate(kDevice);
  QVERIFY(gui.clickSoon(QStringLiteral("reviewResume")));
  auto* yes = gui.find<QPushButton>(QStringLiteral("resumeDialogYes"));
  QVERIFY(yes && !yes->isEnabled());
  QTest::keyClicks(gui.find<QLineEdit>(QStringLiteral("resumeDialogReason")), QStringLiteral("bad cable"));
  QVERIFY2(!yes->isEnabled(), "nobody has signed in yet");
  QTest::keyClicks(gui.find<QLineEdit>(QStringLiteral("resumeDialogSupervisor")), QStringLiteral("Sam"));
  QTest::keyClicks(gui.find<QLineEdit>(QStringLiteral("resumeDialogPassword")), QStringLiteral("secret"));
  QVERIFY(gui.click(QStringLiteral("resumeDialogYes")));
  QTRY_VERIFY(gui.station.calls.contains(QStringLiteral("resumeRelease %1|bad cable|Sam|secret").arg(plan.releaseId)));
}

void ReviewTest::downgradeTakesASupervisor() {
  GuiFixture gui;
  gui.station.operatorList << OperatorView{QStringLiteral("Sam"), QStringLiteral("supervisor"), {}, false, false};
  PlanView& plan = gui.station.plans[kDevice];
  plan.isDowngrade = true;
  plan.downgradeReason = QStringLiteral("it sticks");
  MainWindow& window = gui.open();
  window.showDevice(kDevice);
  QAction* menu = nullptr;
  for (QAction* action : window.findChildren<QAction*>(QStringLiteral("deviceActionDowngrade"))) {
    menu = action;
  }
  QVERIFY(menu);
  menu->trigger();
  auto* show = gui.find<QPushButton>(QStringLiteral("downgradeWishDialogYes"));
  QVERIFY(show && !show->isEnabled());
  QTest::keyClicks(gui.find<QLineEdit>(QStringLiteral("downgradeWishDialogVersion")), QStringLiteral("2.2.0"));
  QVERIFY2(!show->isEnabled(), "without a reason there is no downgrade");
  QTest::keyClicks(gui.find<QLineEdit>(QStringLiteral("downgradeWishDialogReason")), QStringLiteral("it sticks"));
  QVERIFY(gui.click(QStringLiteral("downgradeWishDialogYes")));
  QTRY_VERIFY(!gui.station.wishes.isEmpty());
  QCOMPARE(gui.station.wishes.constLast().release, QStringLiteral("2.2.0"));
  QCOMPARE(gui.station.wishes.constLast().downgradeReason, QStringLiteral("it sticks"));
  QTRY_VERIFY(gui.find<QPushButton>(QStringLiteral("reviewInstall"))->isVisible());
  QVERIFY(gui.find<TextLabel>(QStringLiteral("reviewHeading"))->text().contains(QStringLiteral("downgrade")));
  QVERIFY(!gui.find<QPushButton>(QStringLiteral("reviewSkip"))->isVisible());
  QVERIFY(gui.clickSoon(QStringLiteral("reviewConsent")));
  QVERIFY(gui.click(QStringLiteral("reviewInstall")));
  QVERIFY2(gui.station.applied.isEmpty(), "a supervisor must agree first");
  QTest::keyClicks(gui.find<QLineEdit>(QStringLiteral("downgradeDialogSupervisor")), QStringLiteral("Sam"));
  QVERIFY(!gui.find<QPushButton>(QStringLiteral("downgradeDialogYes"))->isEnabled());
  QTest::keyClicks(gui.find<QLineEdit>(QStringLiteral("downgradeDialogPassword")), QStringLiteral("secret"));
  QVERIFY(gui.click(QStringLiteral("downgradeDialogYes")));
  QTRY_COMPARE(gui.station.applied.size(), 1);
  const ConsentGiven& consent = gui.station.applied.constFirst().consent;
  QCOMPARE(consent.supervisor.name, QStringLiteral("Sam"));
  QCOMPARE(consent.supervisor.password, QByteArray("secret"));
  QCOMPARE(consent.wish.downgradeReason, QStringLiteral("it sticks"));
  QCOMPARE(consent.planDigest, plan.digest);
}

void ReviewTest::downgradeAtHomeIsTyped() {
  GuiFixture gui;
  gui.station.stationInfo.homeMode = true;
  PlanView& plan = gui.station.plans[kDevice];
  plan.isDowngrade = true;
  gui.open().reviewUpdate(kDevice);
  QVERIFY(gui.clickSoon(QStringLiteral("reviewConsent")));
  QVERIFY(gui.click(QStringLiteral("reviewInstall")));
  QVERIFY2(gui.find<QLineEdit>(QStringLiteral("downgradeDialogPassword")) == nullptr, "nobody signs in at home");
  auto* yes = gui.find<QPushButton>(QStringLiteral("downgradeDialogYes"));
  auto* typed = gui.find<QLineEdit>(QStringLiteral("downgradeDialogTyped"));
  QTest::keyClicks(typed, QStringLiteral("yes"));
  QVERIFY(!yes->isEnabled());
  typed->clear();
  QTest::keyClicks(typed, plan.toVersion);
  QVERIFY(gui.click(QStringLiteral("downgradeDialogYes")));
  QTRY_COMPARE(gui.station.applied.size(), 1);
  QCOMPARE(gui.station.applied.constFirst().consent.typed, plan.toVersion);
}

void ReviewTest::changedPlanNeedsNewConsent() {
  GuiFixture gui;
  gui.open().reviewUpdate(kDevice);
  QVERIFY(gui.clickSoon(QStringLiteral("reviewConsent")));
  gui.station.failures.insert(
      QStringLiteral("applyUpdate"),
      makeError(ErrorCode::ConsentPlanChanged, QStringLiteral("The plan changed since you agreed.")));
  gui.station.plans[kDevice].digest = QString(QStringLiteral("0badcafe")).repeated(8);
  QVERIFY(gui.click(QStringLiteral("reviewInstall")));
  auto* consent = gui.find<QCheckBox>(QStringLiteral("reviewConsent"));
  QTRY_VERIFY(consent->isVisible() && !consent->isChecked());
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("reviewError"))->isVisible());
  QVERIFY(!gui.find<QPushButton>(QStringLiteral("reviewInstall"))->isEnabled());
  gui.station.failures.clear();
  QVERIFY(gui.clickSoon(QStringLiteral("reviewConsent")));
  QVERIFY(gui.click(QStringLiteral("reviewInstall")));
  QCOMPARE(gui.station.applied.constLast().consent.planDigest, gui.station.plans.value(kDevice).digest);
}

void ReviewTest::olderAnswerDoesNotReplaceNewerPlan() {
  GuiFixture gui;
  gui.station.hold = true;
  gui.open().reviewUpdate(kRefused);
  gui.window->reviewUpdate(kDevice);
  QVERIFY(gui.find<QWidget>(QStringLiteral("reviewLoading"))->isVisible());
  gui.station.release();
  auto* heading = gui.find<TextLabel>(QStringLiteral("reviewHeading"));
  QTRY_VERIFY(heading->isVisible());
  QCOMPARE(heading->text(), QStringLiteral("Review update 2.3.1 \u2192 2.4.0"));
  QVERIFY(!gui.find<QWidget>(QStringLiteral("reviewRefused"))->isVisible());
}

void ReviewTest::failureOfApplyIsShownWhereItBelongs() {
  GuiFixture gui;
  gui.open().reviewUpdate(kDevice);
  QVERIFY(gui.clickSoon(QStringLiteral("reviewConsent")));
  gui.station.failures.insert(QStringLiteral("applyUpdate"),
                              makeError(ErrorCode::DeviceBusy, QStringLiteral("Another job runs on this device.")));
  QVERIFY(gui.click(QStringLiteral("reviewInstall")));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("reviewError"))->isVisible());
  QCOMPARE(gui.find<TextLabel>(QStringLiteral("reviewErrorTitle"))->text(),
           QStringLiteral("Another job runs on this device."));
  QVERIFY(gui.find<TextLabel>(QStringLiteral("reviewErrorDetail"))->text().contains(QLatin1String("Wait until")));
  QVERIFY(gui.find<TextLabel>(QStringLiteral("reviewErrorCode"))->text().contains(QLatin1String("device.busy")));
  QVERIFY(gui.find<QPushButton>(QStringLiteral("reviewInstall"))->isEnabled());
}

void ReviewTest::skipAsksAndNamesTheRelease() {
  GuiFixture gui;
  gui.open().reviewUpdate(kDevice);
  QVERIFY(gui.clickSoon(QStringLiteral("reviewSkip")));
  QVERIFY(!gui.station.calls.contains(QStringLiteral("skipRelease %1 release-2.4.0").arg(kDevice)));
  QVERIFY(gui.clickSoon(QStringLiteral("skipDialogYes")));
  QVERIFY(gui.station.calls.contains(QStringLiteral("skipRelease %1 release-2.4.0").arg(kDevice)));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("deviceUnskip"))->isVisible());
}

void ReviewTest::escapeGoesBack() {
  GuiFixture gui;
  gui.open().reviewUpdate(kDevice);
  auto* install = gui.find<QPushButton>(QStringLiteral("reviewInstall"));
  QTRY_VERIFY(install->isVisible());
  QTest::keyClick(gui.window.get(), Qt::Key_Escape);
  QTRY_VERIFY(!install->isVisible());
  QVERIFY(gui.find<QWidget>(QStringLiteral("devicesPage"))->isVisible());
}

void ReviewTest::notesFetchNothing() {
  QTcpServer server;
  QVERIFY(server.listen(QHostAddress::LocalHost));
  const QString base = QStringLiteral("http://127.0.0.1:%1").arg(server.serverPort());
  GuiFixture gui;
  gui.station.plans[kDevice].notesMarkdown =
      QStringLiteral(
          "# Notes\n\n![picture](%1/a.png)\n\n[link](%1/b)\n\n<img src=\"%1/c.png\">\n\n"
          "<link rel=\"stylesheet\" href=\"%1/d.css\">\n\n![local](file:///etc/hostname)\n\n![ref][r]\n\n[r]: "
          "%1/e.png\n")
          .arg(base);
  gui.open().reviewUpdate(kDevice);
  auto* notes = gui.find<NotesView>(QStringLiteral("reviewNotes"));
  QTRY_VERIFY(notes->isVisible());
  QVERIFY(!gui.window->grab().isNull());
  // Choosing a link tells its address and does not follow it.
  Q_EMIT notes->anchorClicked(QUrl(base + QStringLiteral("/b")));
  auto* link = gui.find<TextLabel>(QStringLiteral("reviewLink"));
  QVERIFY(link->isVisible());
  QVERIFY(link->text().contains(base + QStringLiteral("/b")));
  QVERIFY(!server.waitForNewConnection(300));
  QVERIFY(!server.hasPendingConnections());
  // The listener itself works: a connection is seen when there is one.
  QTcpSocket probe;
  probe.connectToHost(QHostAddress::LocalHost, server.serverPort());
  QVERIFY(server.waitForNewConnection(2000));
  // What was not loaded is named.
  QVERIFY(notes->toPlainText().contains(QLatin1String("[image not loaded: ") + base));
  QVERIFY(notes->toPlainText().contains(QLatin1String("[image not loaded: file:///etc/hostname]")));
  QVERIFY(!notes->loadResource(QTextDocument::ImageResource, QUrl(QStringLiteral("file:///etc/hostname"))).isValid());
}

void ReviewTest::notesShowMarkupAsText() {
  GuiFixture gui;
  gui.station.plans[kDevice].notesMarkdown = QStringLiteral("Before <b>bold</b> <script>x</script> after\n");
  gui.station.plans[kDevice].deviceName = QStringLiteral("<img src=x>");
  gui.open().reviewUpdate(kDevice);
  auto* notes = gui.find<NotesView>(QStringLiteral("reviewNotes"));
  QTRY_VERIFY(notes->isVisible());
  QVERIFY(notes->toPlainText().contains(QLatin1String("<b>bold</b>")));
  QVERIFY(notes->toPlainText().contains(QLatin1String("<script>")));
  const auto labels = gui.window->findChildren<QLabel*>();
  for (const QLabel* label : labels) {
    QVERIFY2(label->textFormat() == Qt::PlainText, qPrintable(label->text()));
  }
}

void ReviewTest::everyCheckIsShown() {
  GuiFixture gui;
  gui.open().reviewUpdate(kDevice);
  const QList<CheckView> checks = gui.station.plans.value(kDevice).checks;
  for (const CheckView& check : checks) {
    QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("check-") + check.id) != nullptr);
    QVERIFY(gui.find<QWidget>(QStringLiteral("check-") + check.id)->accessibleName().contains(check.title));
  }
}

}  // namespace sealift

QTEST_MAIN(sealift::ReviewTest)
#include "review_test.moc"
