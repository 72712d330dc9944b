// sealiftctl killed at seeded moments while it updates a real U-Boot in QEMU: over its console, and by TFTP.
#include "tests/support/private_network.h"
#include "tests/support/tool_kill_story.h"
#include "tests/support/uboot_unit.h"

#include <QTest>

#include <cstdio>

using namespace sealift;
using namespace sealift::test;

class UbootToolKillTest : public QObject {
  Q_OBJECT

 public:
  QString whyNoNetwork;

 private Q_SLOTS:
  void killedAtAnyMoment_data();
  void killedAtAnyMoment();
  void cleanupTestCase();

 private:
  int count_ = 0;
  QMap<QString, int> ends_;
};

void UbootToolKillTest::killedAtAnyMoment_data() {
  QTest::addColumn<bool>("byTftp");
  QTest::addColumn<int>("cases");
  QTest::newRow("YMODEM") << false << (isSoak() ? 60 : 2);
  QTest::newRow("TFTP") << true << (isSoak() ? 40 : 2);
}

void UbootToolKillTest::killedAtAnyMoment() {
  QFETCH(const bool, byTftp);
  QFETCH(const int, cases);
  if (byTftp && !whyNoNetwork.isEmpty()) {
    QSKIP(qPrintable(whyNoNetwork));
  }
  UbootMachine& machine = UbootUnit::machine();
  if (byTftp) {
    machine.connectTo(PrivateNetwork::tap());
  }
  const QTemporaryDir folder;
  const QString image = folder.filePath(QStringLiteral("1.1.0.fit"));
  const Result<QByteArray> bytes = machine.imageBytes(QStringLiteral("1.1.0.fit"));
  QVERIFY(bytes && writeFileAtomic(image, *bytes));
  std::unique_ptr<UbootUnit> unit;
  ToolKillDevice device;
  device.model = machine.model();
  if (byTftp) {
    device.model.driverSettings[QStringLiteral("tftp")] =
        QJsonObject{{QStringLiteral("address"), QString(PrivateNetwork::device() + QStringLiteral("/24"))},
                    {QStringLiteral("windowSize"), 8}};
  }
  device.imageFile = image;
  device.from = {1, 0, 0, 0};
  device.to = {1, 1, 0, 0};
  device.address = [&] { return machine.address().toString(); };
  device.deliver = [&] {
    unit.reset();
    unit = std::make_unique<UbootUnit>();
    return unit->firmware() == Version{1, 0, 0, 0};
  };
  device.firmware = [&] { return unit->firmware(); };
  device.isUntouched = [&] {
    constexpr qint64 kLook = 64 * 1024;
    machine.cutPower();
    const Result<QByteArray> spare = machine.readDisk(UbootMachine::kSlotBlock[1], kLook);
    return spare && *spare == QByteArray(kLook, '\0');
  };
  device.powerCycle = [&] { unit->powerCycle(); };
  ToolKillStory story(QStringLiteral(SEALIFT_TOOL), device);
  const QString problem = story.run(cases);
  QVERIFY2(problem.isEmpty(), qPrintable(problem + QStringLiteral("\nconsole:\n") + machine.consoleLog().right(4000)));
  count_ += cases;
  for (auto it = story.ends().cbegin(); it != story.ends().cend(); ++it) {
    ends_[it.key()] += it.value();
  }
}

void UbootToolKillTest::cleanupTestCase() {
  const QString words = QStringLiteral("sealiftctl killed, U-Boot: ") + wordsOf(ends_);
  tellCases(count_, words);
  qInfo("%d cases, %s", count_, qUtf8Printable(words));
}

int main(int argc, char** argv) {
  qputenv("QTEST_FUNCTION_TIMEOUT", "14000000");  // ms
  if (const QString why = UbootMachine::whyNotHere(); !why.isEmpty()) {
    std::printf("SKIP: %s\n", qUtf8Printable(why));
    return 77;
  }
  UbootToolKillTest test;
  test.whyNoNetwork = PrivateNetwork::enter();  // before there is a second thread; the console needs none
  const QCoreApplication app(argc, argv);
  if (test.whyNoNetwork.isEmpty()) {
    test.whyNoNetwork = PrivateNetwork::addTap();
  }
  return QTest::qExec(&test, argc, argv);
}

#include "uboot_tool_kill_test.moc"
