// The audit table with a million entries: what it fetches is what it shows.
#include "tests/gui/gui_fixture.h"
#include "ui/models/audit_model.h"
#include "ui/widgets/search_field.h"
#include "ui/widgets/text_label.h"

#include <QAbstractItemModelTester>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QTableView>

namespace sealift {

namespace {
constexpr qint64 kMillion = 1'000'000;
}

class AuditPageTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void modelIsConsistent();
  void millionRowsFetchFewPages();
  void newEntriesAppearAtTheTop();
  void filteredRowsComePageByPage();
  void gapIsShownWithoutDirectAccess();
  void detailShowsProofAndErrors();
  void verifyCanBeStopped();
  void exportsAndTheirErrors();
};

void AuditPageTest::modelIsConsistent() {
  FakeStation station;
  station.auditRows = 1000;
  AuditModel model(station);
  auto tester =
      std::make_unique<QAbstractItemModelTester>(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
  QCOMPARE(model.rowCount(), 1000);
  for (const int row : {0, 1, 127, 128, 500, 998, 999}) {
    QCOMPARE(model.index(row, 0).data(AuditModel::SequenceRole).toLongLong(), 1000 - row);
    QCOMPARE(model.rowOfSequence(1000 - row), row);
  }
  station.addAuditRows(300);
  model.refresh();
  QCOMPARE(model.rowCount(), 1300);
  QCOMPARE(model.index(0, 0).data(AuditModel::SequenceRole).toLongLong(), 1300);
  QCOMPARE(model.index(1299, 0).data(AuditModel::SequenceRole).toLongLong(), 1);
  tester.reset();  // it fetches inside a reset, which it then complains of itself
  AuditFilter refused;
  refused.outcome = QStringLiteral("refused");
  model.setFilter(refused);
  QCOMPARE(model.rowCount(), AuditModel::kPageRows);
  while (model.canFetchMore({})) {
    model.fetchMore({});
  }
  QCOMPARE(model.rowCount(), model.total());
  station.addAuditRows(16);
  model.refresh();
  QCOMPARE(model.rowCount(), model.total());
}

void AuditPageTest::millionRowsFetchFewPages() {
  GuiFixture gui;
  gui.station.auditRows = kMillion;
  gui.open().showPage(PageId::Audit);
  auto* table = gui.find<QTableView>(QStringLiteral("auditTable"));
  QTRY_VERIFY(table->isVisible());
  QVERIFY(!table->grab().isNull());
  QCOMPARE(table->model()->rowCount(), kMillion);
  QVERIFY2(gui.station.auditPageCalls <= 3, qPrintable(QString::number(gui.station.auditPageCalls)));

  gui.station.auditPageCalls = 0;
  table->scrollToBottom();
  QVERIFY(!table->grab().isNull());
  QVERIFY2(gui.station.auditPageCalls <= 2, qPrintable(QString::number(gui.station.auditPageCalls)));
  QCOMPARE(table->model()->index(kMillion - 1, 0).data().toString(), QStringLiteral("1"));

  // Dragging over the whole bar: at most two pages for each place that was painted.
  gui.station.auditPageCalls = 0;
  gui.station.auditRowsFetched = 0;
  constexpr int kPlaces = 100;
  QElapsedTimer timer;
  timer.start();
  for (int i = 0; i < kPlaces; ++i) {
    table->verticalScrollBar()->setValue(static_cast<int>(qint64(table->verticalScrollBar()->maximum()) * i / kPlaces));
    QVERIFY(!table->viewport()->grab().isNull());
  }
  qInfo("%.1f ms for each place of a log with a million entries", static_cast<double>(timer.elapsed()) / kPlaces);
  QVERIFY(gui.station.auditPageCalls <= 2 * kPlaces);
  QVERIFY(gui.station.auditRowsFetched <= 2 * kPlaces * AuditModel::kPageRows);
  // Coming back to a place that is still held costs nothing.
  gui.station.auditPageCalls = 0;
  QVERIFY(!table->viewport()->grab().isNull());
  QCOMPARE(gui.station.auditPageCalls, 0);
}

void AuditPageTest::newEntriesAppearAtTheTop() {
  GuiFixture gui;
  gui.open().showPage(PageId::Audit);
  auto* table = gui.find<QTableView>(QStringLiteral("auditTable"));
  QTRY_VERIFY(table->isVisible());
  table->selectRow(2);
  const QString chosen = table->currentIndex().siblingAtColumn(0).data().toString();
  gui.station.addAuditRows(5);
  QCOMPARE(table->model()->index(0, 0).data().toString(), QString::number(gui.station.auditRows));
  QCOMPARE(table->currentIndex().siblingAtColumn(0).data().toString(), chosen);
}

void AuditPageTest::filteredRowsComePageByPage() {
  GuiFixture gui;
  gui.station.auditRows = 100'000;
  gui.open().showPage(PageId::Audit);
  auto* table = gui.find<QTableView>(QStringLiteral("auditTable"));
  auto* search = gui.find<SearchField>(QStringLiteral("auditSearch"));
  QTest::keyClick(gui.window.get(), Qt::Key_F, Qt::ControlModifier);
  QTRY_VERIFY(search->hasFocus());
  gui.station.auditPageCalls = 0;
  QTest::keyClicks(search, QStringLiteral("garage"));
  QTRY_COMPARE(table->model()->index(0, AuditModel::Subject).data().toString(), QStringLiteral("Garage camera"));
  QVERIFY(table->model()->rowCount() < 10 * AuditModel::kPageRows);
  QVERIFY2(gui.station.auditPageCalls <= 4, qPrintable(QString::number(gui.station.auditPageCalls)));
  QTest::keyClicks(search, QStringLiteral("zzz"));
  QTRY_VERIFY(gui.find<QWidget>(QStringLiteral("auditEmpty"))->isVisible());
  QTest::keyClick(search, Qt::Key_Escape);
  QTRY_COMPARE(table->model()->rowCount(), 100'000);
}

void AuditPageTest::gapIsShownWithoutDirectAccess() {
  FakeStation station;
  station.auditRows = 1000;
  station.auditGapBelow = 400;  // 399 entries at the beginning are missing
  AuditModel model(station);
  while (model.canFetchMore({})) {
    model.fetchMore({});
  }
  QCOMPARE(model.rowCount(), 601);
  QCOMPARE(model.index(600, 0).data(AuditModel::SequenceRole).toLongLong(), 400);
}

void AuditPageTest::detailShowsProofAndErrors() {
  GuiFixture gui;
  gui.open().showPage(PageId::Audit);
  auto* table = gui.find<QTableView>(QStringLiteral("auditTable"));
  QTRY_VERIFY(table->isVisible());
  table->selectRow(2);
  const auto says = [&](const QString& words) {
    const auto widgets = gui.find<QWidget>(QStringLiteral("auditFacts"))->findChildren<QWidget*>();
    return std::any_of(widgets.begin(), widgets.end(), [&](QWidget* w) { return w->accessibleName().contains(words); });
  };
  QVERIFY(says(QStringLiteral("Included in signed head")));
  QVERIFY(says(QStringLiteral("policy.version-lower")));
  gui.station.failures.insert(QStringLiteral("auditDetail"),
                              makeError(ErrorCode::AuditTampered, QStringLiteral("Entry 12407 was changed.")));
  table->selectRow(1);
  QVERIFY(gui.find<QWidget>(QStringLiteral("auditDetailError"))->isVisible());
}

void AuditPageTest::verifyCanBeStopped() {
  GuiFixture gui;
  gui.station.health.checked = false;
  gui.station.hold = true;
  gui.open().showPage(PageId::Audit);
  QVERIFY(gui.clickSoon(QStringLiteral("auditVerify")));
  auto* progress = gui.find<QProgressBar>(QStringLiteral("auditProgress"));
  QTRY_COMPARE(progress->value(), 40);
  QVERIFY(!gui.find<QPushButton>(QStringLiteral("auditVerify"))->isEnabled());
  QVERIFY(gui.click(QStringLiteral("auditStop")));
  gui.station.release();
  QTRY_VERIFY(!progress->isVisible());
  QVERIFY(gui.find<TextLabel>(QStringLiteral("auditHealthTitle"))->text().contains(QLatin1String("Not verified")));
  QVERIFY(gui.click(QStringLiteral("auditVerify")));
  QTRY_VERIFY(gui.find<TextLabel>(QStringLiteral("auditHealthTitle"))->text().startsWith(QLatin1String("Intact.")));
  // A damaged log is said, here and in the status line's tone.
  gui.station.failures.insert(
      QStringLiteral("verifyAudit"),
      makeError(ErrorCode::AuditTampered, QStringLiteral("Entry 7 was changed outside Sealift.")));
  QVERIFY(gui.click(QStringLiteral("auditVerify")));
  QTRY_VERIFY(gui.find<TextLabel>(QStringLiteral("auditHealthTitle"))->text().contains(QLatin1String("Entry 7")));
}

void AuditPageTest::exportsAndTheirErrors() {
  GuiFixture gui;
  gui.open().showPage(PageId::Audit);
  auto* button = gui.find<QPushButton>(QStringLiteral("auditExport"));
  QTRY_VERIFY(button->isVisible());
  const auto choose = [&](const QString& action, const QString& path) {
    button->menu()->findChild<QAction*>(action)->trigger();
    auto* dialog = gui.find<QFileDialog>(QStringLiteral("auditExportDialog"));
    Q_EMIT dialog->fileSelected(path);
    dialog->reject();
    return QTest::qWaitFor([&] { return gui.find<QWidget>(QStringLiteral("auditExportDialog")) == nullptr; });
  };
  auto* title = gui.find<TextLabel>(QStringLiteral("auditMessageTitle"));
  QVERIFY(choose(QStringLiteral("auditExportCsv"), QStringLiteral("/tmp/a.csv")));
  QVERIFY(gui.station.calls.contains(QStringLiteral("exportAudit csv /tmp/a.csv")));
  QTRY_VERIFY(title->isVisible() && title->text().contains(QLatin1String("/tmp/a.csv")));
  QVERIFY(choose(QStringLiteral("auditExportHead"), QStringLiteral("/tmp/head.json")));
  QVERIFY(gui.station.calls.contains(QStringLiteral("exportAuditHead /tmp/head.json")));
  gui.station.failures.insert(QStringLiteral("exportAudit"),
                              makeError(ErrorCode::FileWrite, QStringLiteral("The folder can't be written.")));
  QVERIFY(choose(QStringLiteral("auditExportJson"), QStringLiteral("/nowhere/a.jsonl")));
  QVERIFY(gui.station.calls.contains(QStringLiteral("exportAudit jsonl /nowhere/a.jsonl")));
  QTRY_COMPARE(title->text(), QStringLiteral("The folder can't be written."));
}

}  // namespace sealift

QTEST_MAIN(sealift::AuditPageTest)
#include "audit_page_test.moc"
