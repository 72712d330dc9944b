// A real U-Boot, in QEMU, killed at seeded moments of an update.
#include "tests/support/kill_story.h"
#include "tests/support/uboot_unit.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

class UbootKillTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void killedAtAnyMoment();
};

void UbootKillTest::killedAtAnyMoment() {
  constexpr int kBrief = 2;
  constexpr int kSoak = 200;
  KillStory story([] { return std::make_unique<UbootUnit>(); },
                  [](ContractUnit&) { UbootUnit::machine().cutPowerNow(); });
  const QString problem = story.run(isSoak() ? kSoak : kBrief, QStringLiteral("U-Boot killed"));
  QVERIFY2(problem.isEmpty(), qPrintable(problem));
}

int main(int argc, char** argv) {
  qputenv("QTEST_FUNCTION_TIMEOUT", "14000000");  // ms
  const QCoreApplication app(argc, argv);
  if (const QString why = UbootMachine::whyNotHere(); !why.isEmpty()) {
    std::printf("SKIP: %s\n", qUtf8Printable(why));
    return 77;
  }
  UbootKillTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "uboot_kill_test.moc"
