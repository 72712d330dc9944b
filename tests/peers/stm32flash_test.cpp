// The virtual STM32 is used by Debian's stm32flash: what holds for that one holds for the protocol.
#include "devices/virtual/usb_firmware.h"
#include "devices/virtual/virtual_stm32_device.h"
#include "tests/support/tool_run.h"

#include <QFile>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

using namespace sealift;

namespace {

using Phase = Stm32Machine::Phase;

Stm32MachineConfig mediumDensity() {  // STM32F103x8
  Stm32MachineConfig config;
  config.productId = 0x410;
  config.bootloaderVersion = 0x22;
  config.extendedErase = false;
  config.sectors = {{128, 1024}};
  config.writeUnit = 2;
  config.ramSize = 20 * 1024;
  config.ramReserved = 0x200;
  config.uniqueIdAddress = 0x1FFFF7E8;
  config.optionBase = 0x1FFFF800;
  return config;
}

struct Bench {
  explicit Bench(const Stm32MachineConfig& config = {}) : device(config), started(device.start()) {}

  ToolRun stm32flash(const QStringList& arguments) const {
    // Linux's pseudo terminals drop parity, and stm32flash looks whether it was set.
    return runTool(
        QStringLiteral("stm32flash"),
        QStringList{QStringLiteral("-m"), QStringLiteral("8n1"), QStringLiteral("-b"), QStringLiteral("115200")} +
            arguments + QStringList{device.address().target},
        60'000);
  }
  QString file(const QByteArray& bytes) const {
    QFile image(folder.filePath(QStringLiteral("image.bin")));
    return image.open(QIODevice::WriteOnly) && image.write(bytes) == bytes.size() ? image.fileName() : QString();
  }
  QByteArray content(qsizetype at, qsizetype size) const {
    QByteArray bytes;
    device.with([&](Stm32Machine& machine) { bytes = machine.content(at, size); });
    return bytes;
  }
  bool isProtected() const {
    bool on = false;
    device.with([&](Stm32Machine& machine) { on = machine.isReadProtected(); });
    return on;
  }

  VirtualStm32Device device;
  Status started;
  QTemporaryDir folder;
};

#define RUNS(run)                                           \
  do {                                                      \
    const ToolRun tried = (run);                            \
    QVERIFY2(tried.exitCode == 0, tried.all().constData()); \
  } while (false)

#define FAILS(run)                                          \
  do {                                                      \
    const ToolRun tried = (run);                            \
    QVERIFY2(tried.exitCode != 0, tried.all().constData()); \
  } while (false)

}  // namespace

class Stm32flashTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { requireProgram("stm32flash", "stm32flash"); }

  void tellsWhatItIs() {
    const Bench bench;
    QVERIFY(bench.started.has_value());
    const ToolRun first = bench.stm32flash({});
    QVERIFY2(
        first.exitCode == 0 && first.out.contains("Device ID    : 0x0413") && first.out.contains("Version      : 0x31"),
        first.all().constData());
    RUNS(bench.stm32flash({}));  // not fresh any more
    QCOMPARE(bench.device.lostBytes(), 0U);
  }

  void works_data() {
    QTest::addColumn<bool>("small");
    QTest::addColumn<int>("bytes");
    QTest::newRow("F4, extended erase, two kinds of sectors") << false << 80'001;
    QTest::newRow("F1, erase, pages") << true << 30'001;
  }

  void writesVerifiesAndStarts_data() { works_data(); }
  void writesVerifiesAndStarts() {
    QFETCH(const bool, small);
    QFETCH(const int, bytes);
    Stm32MachineConfig config = small ? mediumDensity() : Stm32MachineConfig();
    config.firmware = makeUsbFirmware(0x0100, 20'000, 1);
    const Bench bench(config);
    const QByteArray image = makeUsbFirmware(0x0213, bytes, 2);
    RUNS(bench.stm32flash({QStringLiteral("-w"), bench.file(image), QStringLiteral("-v"), QStringLiteral("-g"),
                           QStringLiteral("0x08000000")}));
    QCOMPARE(bench.content(0, bytes), image);
    QVERIFY(bench.device.waitUntil([](const Stm32Machine& m) { return m.runningRelease() == 0x0213; }, 2'000));
    QCOMPARE(bench.device.lostBytes(), 0U);
    FAILS(bench.stm32flash({}));  // the application runs
  }

  void reads_data() { works_data(); }
  void reads() {
    QFETCH(const bool, small);
    QFETCH(const int, bytes);
    Stm32MachineConfig config = small ? mediumDensity() : Stm32MachineConfig();
    config.firmware = makeUsbFirmware(0x0100, bytes, 1);
    const Bench bench(config);
    const QString target = bench.folder.filePath(QStringLiteral("read.bin"));
    RUNS(bench.stm32flash(
        {QStringLiteral("-r"), target, QStringLiteral("-S"), QStringLiteral("0x08000000:%1").arg(bytes)}));
    QFile file(target);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), config.firmware);
  }

  void erasesWhatItIsToldTo() {
    Stm32MachineConfig config;
    config.firmware = QByteArray(100'000, 'x');
    const Bench bench(config);
    RUNS(bench.stm32flash({QStringLiteral("-o"), QStringLiteral("-S"), QStringLiteral("0x08004000:0x8000")}));
    QCOMPARE(bench.content(0, 0x4000), QByteArray(0x4000, 'x'));
    QCOMPARE(bench.content(0x4000, 0x8000), QByteArray(0x8000, '\xFF'));
    QCOMPARE(bench.content(0xC000, 0x4000), QByteArray(0x4000, 'x'));
    RUNS(bench.stm32flash({QStringLiteral("-o")}));
    QCOMPARE(bench.content(0, 100'000), QByteArray(100'000, '\xFF'));
  }

  // Not erased is not written.
  void refusesToWriteTwice() {
    Stm32MachineConfig config;
    config.firmware = QByteArray(5'000, 'x');
    const Bench bench(config);
    FAILS(bench.stm32flash(
        {QStringLiteral("-w"), bench.file(QByteArray(4'000, 'y')), QStringLiteral("-e"), QStringLiteral("0")}));
    QCOMPARE(bench.content(0, 5'000), config.firmware);
  }

  void protectsAndUnprotects() {
    Stm32MachineConfig config;
    config.firmware = makeUsbFirmware(0x0100, 20'000, 1);
    const Bench bench(config);
    const QString target = bench.folder.filePath(QStringLiteral("read.bin"));
    RUNS(bench.stm32flash({QStringLiteral("-j")}));
    QVERIFY(bench.isProtected());
    FAILS(bench.stm32flash({QStringLiteral("-r"), target, QStringLiteral("-S"), QStringLiteral("0x08000000:256")}));
    FAILS(bench.stm32flash({QStringLiteral("-w"), bench.file("something new")}));
    FAILS(bench.stm32flash({QStringLiteral("-o")}));
    const ToolRun go = bench.stm32flash({QStringLiteral("-g"), QStringLiteral("0x08000000")});
    QVERIFY2(go.err.contains("Got NACK from device on command 0x21"), go.all().constData());
    QVERIFY(bench.isProtected());
    QCOMPARE(bench.content(0, 20'000), config.firmware);
    RUNS(bench.stm32flash({QStringLiteral("-k")}));
    QVERIFY(!bench.isProtected());
    QCOMPARE(bench.content(0, 20'000), QByteArray(20'000, '\xFF'));
    RUNS(bench.stm32flash({QStringLiteral("-w"), bench.file("something new"), QStringLiteral("-v")}));
  }

  void keepsWhatIsWriteProtected() {
    Stm32MachineConfig config;
    config.firmware = QByteArray(5'000, 'x');
    config.writeProtectedSectors = {0};
    const Bench bench(config);
    const QStringList write{QStringLiteral("-w"), bench.file(QByteArray(4'000, 'y')), QStringLiteral("-v")};
    FAILS(bench.stm32flash(write));
    QCOMPARE(bench.content(0, 5'000), config.firmware);
    RUNS(bench.stm32flash({QStringLiteral("-u")}));
    RUNS(bench.stm32flash(write));
    QCOMPARE(bench.content(0, 4'000), QByteArray(4'000, 'y'));
  }

  // 8 data bits, parity, start and stop: 11 bits a byte, however fast the host's end is.
  void isAsSlowAsItsLine() {
    Stm32MachineConfig config;
    VirtualStm32Device device(config, true);
    QVERIFY(device.start());
    QTemporaryDir folder;
    QElapsedTimer timer;
    timer.start();
    const ToolRun run =
        runTool(QStringLiteral("stm32flash"),
                {QStringLiteral("-m"), QStringLiteral("8n1"), QStringLiteral("-b"), QStringLiteral("115200"),
                 QStringLiteral("-r"), folder.filePath(QStringLiteral("read.bin")), QStringLiteral("-S"),
                 QStringLiteral("0x08000000:8192"), device.address().target},
                60'000);
    QVERIFY2(run.exitCode == 0, run.all().constData());
    QVERIFY(timer.elapsed() >= 8192 * 11 * 1000 / 115200);
  }
};

QTEST_GUILESS_MAIN(Stm32flashTest)
#include "stm32flash_test.moc"
