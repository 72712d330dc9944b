// sealiftctl killed at seeded moments while it updates a board with Debian's real swupdate daemon, over HTTPS.
#include "tests/support/swupdate_board.h"
#include "tests/support/tool_kill_story.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

class SwupdateToolKillTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void killedAtAnyMoment();
};

void SwupdateToolKillTest::killedAtAnyMoment() {
  constexpr int kBrief = 4;
  constexpr int kSoak = 100;
  constexpr qsizetype kPayloadBytes = 1024 * 1024;
  SwuMaker maker;
  QVERIFY2(maker.isReady(), maker.log().constData());
  SwupdateBoard::Options options;
  options.authority = maker.authority();
  SwupdateBoard board(options);
  QVERIFY2(board.start(), board.log().constData());
  const QTemporaryDir folder;
  const QString image = folder.filePath(QStringLiteral("update.swu"));
  const QByteArray payload = SwupdateBoard::payload("1.6.0", kPayloadBytes);
  QVERIFY(writeFileAtomic(image, maker.make("1.6.0", payload, board.spare().toUtf8())));

  ToolKillDevice device;
  device.model = board.model(maker.authority());
  device.imageFile = image;
  device.from = {1, 5, 0, 0};
  device.to = {1, 6, 0, 0};
  device.address = [&] { return board.address(); };
  device.deliver = [&] { return board.deliverAgain(); };
  device.firmware = [&] { return board.firmware(); };
  device.isUntouched = [&] { return board.isAsDelivered(); };
  device.powerCycle = [] {};  // its daemon answers all the time
  ToolKillStory story(QStringLiteral(SEALIFT_TOOL), device);
  const int cases = isSoak() ? kSoak : kBrief;
  const QString problem = story.run(cases);
  QVERIFY2(problem.isEmpty(), qPrintable(problem));
  const QString words = QStringLiteral("sealiftctl killed, SWUpdate: ") + wordsOf(story.ends());
  tellCases(cases, words);
  qInfo("%d cases, %s", cases, qUtf8Printable(words));
}

int main(int argc, char** argv) {
  qputenv("QTEST_FUNCTION_TIMEOUT", "7000000");  // ms
  const QCoreApplication app(argc, argv);
  if (SwupdateBoard::program().isEmpty() || !SwuMaker::missingTool().isEmpty()) {
    std::printf("SKIP: swupdate, openssl or cpio is not installed (Debian: swupdate openssl cpio)\n");
    return 77;
  }
  SwupdateToolKillTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "swupdate_tool_kill_test.moc"
