// Progress nests, is weighted and never goes backwards.
#include "app/base/progress.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace sealift;

class ProgressTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { updates_.clear(); }
  void partsAreWeightedAndNested();
  void neverDecreases();
  void stepsThatForgetToFinishAreFinishedByTheNext();
  void sharesBeyondTheWholeStayWithin();
  void nonsenseStaysWithin_data();
  void nonsenseStaysWithin();
  void resumedBytesAreNotRate();
  void withoutSinkNothingHappens();
  void copiesReportToTheSameWhole();

 private:
  Progress make() {
    return Progress([this](const ProgressUpdate& update) { updates_.push_back(update); });
  }
  double reached() const { return updates_.back().fraction; }

  std::vector<ProgressUpdate> updates_;
};

void ProgressTest::partsAreWeightedAndNested() {
  Progress whole = make();
  Progress first = whole.part(0.2, QStringLiteral("first"));
  first.finish();
  QCOMPARE(reached(), 0.2);
  Progress second = whole.part(0.8, QStringLiteral("second"));
  QCOMPARE(updates_.back().phase, QStringLiteral("second"));
  Progress inner = second.part(0.5, QStringLiteral("inner"));
  inner.setBytes(25, 100);
  QVERIFY(std::abs(reached() - (0.2 + 0.8 * 0.5 * 0.25)) < 1e-12);
  QCOMPARE(updates_.back().bytesDone, 25);
  QCOMPARE(updates_.back().bytesTotal, 100);
  inner.finish();
  QVERIFY(std::abs(reached() - 0.6) < 1e-12);
  second.finish();
  QVERIFY(std::abs(reached() - 1.0) < 1e-12);
}

void ProgressTest::neverDecreases() {
  Progress whole = make();
  Progress a = whole.part(0.5, QStringLiteral("a"));
  a.setFraction(0.9);
  a.setFraction(0.1);
  a.setBytes(1, 1000);
  a.setPhase(QStringLiteral("again"));
  Progress b = whole.part(0.5, QStringLiteral("b"));
  b.setFraction(0.3);
  a.setFraction(1.0);  // a late word of a part that is over
  whole.setFraction(0.0);
  b.finish();
  const auto less = [](const ProgressUpdate& x, const ProgressUpdate& y) { return x.fraction < y.fraction; };
  QVERIFY(std::is_sorted(updates_.begin(), updates_.end(), less));
  QCOMPARE(reached(), 1.0);
}

void ProgressTest::stepsThatForgetToFinishAreFinishedByTheNext() {
  Progress whole = make();
  Progress a = whole.part(0.4, QStringLiteral("a"));
  a.setFraction(0.1);
  Progress b = whole.part(0.4, QStringLiteral("b"));
  Q_UNUSED(b)
  QCOMPARE(reached(), 0.4);
}

void ProgressTest::sharesBeyondTheWholeStayWithin() {
  Progress whole = make();
  for (int i = 0; i < 5; ++i) {
    whole.part(0.7, QStringLiteral("again")).finish();
  }
  QCOMPARE(reached(), 1.0);
}

void ProgressTest::nonsenseStaysWithin_data() {
  QTest::addColumn<std::function<void(Progress&)>>("report");
  QTest::newRow("above") << std::function<void(Progress&)>([](Progress& p) { p.setFraction(7.0); });
  QTest::newRow("below") << std::function<void(Progress&)>([](Progress& p) { p.setFraction(-7.0); });
  QTest::newRow("not-a-number") << std::function<void(Progress&)>(
      [](Progress& p) { p.setFraction(std::numeric_limits<double>::quiet_NaN()); });
  QTest::newRow("infinite") << std::function<void(Progress&)>(
      [](Progress& p) { p.setFraction(std::numeric_limits<double>::infinity()); });
  QTest::newRow("more-than-all-bytes") << std::function<void(Progress&)>([](Progress& p) { p.setBytes(200, 100); });
  QTest::newRow("negative-bytes") << std::function<void(Progress&)>([](Progress& p) { p.setBytes(-200, 100); });
  QTest::newRow("of-nothing") << std::function<void(Progress&)>([](Progress& p) { p.setBytes(5, 0); });
}

void ProgressTest::nonsenseStaysWithin() {
  QFETCH(std::function<void(Progress&)>, report);
  Progress whole = make();
  Progress part = whole.part(0.5, QStringLiteral("part"));
  part.setFraction(0.5);
  report(part);
  for (const ProgressUpdate& update : updates_) {
    QVERIFY(update.fraction >= 0.0 && update.fraction <= 0.5);
    QVERIFY(update.secondsLeft >= 0.0 || update.secondsLeft == -1.0);
  }
  QVERIFY(reached() >= 0.25);
}

void ProgressTest::resumedBytesAreNotRate() {
  Progress whole = make();
  whole.setBytes(900, 1000);  // where the device already stood
  QCOMPARE(updates_.back().bytesPerSecond, 0.0);
  QCOMPARE(updates_.back().secondsLeft, -1.0);
}

void ProgressTest::withoutSinkNothingHappens() {
  Progress nobody;
  nobody.setFraction(0.5);
  nobody.part(0.5, QStringLiteral("part")).setBytes(1, 2);
  QVERIFY(updates_.empty());
}

void ProgressTest::copiesReportToTheSameWhole() {
  Progress whole = make();
  Progress copy = whole;
  copy.setFraction(0.8);
  whole.setFraction(0.3);
  QCOMPARE(reached(), 0.8);
}

QTEST_GUILESS_MAIN(ProgressTest)
#include "progress_test.moc"
