// Debian's SWUpdate killed at seeded moments of an update.
#include "tests/support/kill_story.h"
#include "tests/support/swupdate_unit.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

class SwupdateKillTest : public QObject {
  Q_OBJECT

 public:
  SwupdateKillTest() { qputenv("QTEST_FUNCTION_TIMEOUT", "3500000"); }  // ms; ctest has the limit

 private Q_SLOTS:
  void killedAtAnyMoment();
};

void SwupdateKillTest::killedAtAnyMoment() {
  if (SwupdateBoard::program().isEmpty()) {
    QSKIP("swupdate is not installed (Debian: swupdate)");
  }
  if (!SwuMaker::missingTool().isEmpty()) {
    QSKIP(qPrintable(SwuMaker::missingTool() + QStringLiteral(" is not installed")));
  }
  constexpr int kBrief = 3;
  constexpr int kSoak = 50;
  KillStory story([] { return std::make_unique<SwupdateUnit>(); },
                  [](ContractUnit& unit) { (void)::kill(-dynamic_cast<SwupdateUnit&>(unit).processGroup(), SIGKILL); });
  const QString problem = story.run(isSoak() ? kSoak : kBrief, QStringLiteral("SWUpdate killed"));
  QVERIFY2(problem.isEmpty(), qPrintable(problem));
}

QTEST_GUILESS_MAIN(SwupdateKillTest)
#include "swupdate_kill_test.moc"
