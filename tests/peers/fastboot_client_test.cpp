// The virtual fastboot device is used by Debian's fastboot client: what holds for that one holds for the protocol.
#include "tests/support/fastboot_world.h"
#include "tests/support/tool_run.h"

#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

using namespace sealift;
using namespace sealift::test;

namespace {

using Transport = VirtualFastbootDevice::Transport;
using Phase = FastbootDevice::Phase;

// A device in its bootloader, and the client's word for it.
struct Bench {
  explicit Bench(Transport transport, const FastbootDeviceConfig& config = fastbootDevice())
      : device(config, transport), started(device.start()) {
    device.waitUntil([](const auto& now) { return now.phase == Phase::Bootloader; }, 5000);
    serial = QStringLiteral("%1:127.0.0.1:%2")
                 .arg(transport == Transport::Tcp ? QStringLiteral("tcp") : QStringLiteral("udp"))
                 .arg(device.address().port);
  }
  ToolRun fastboot(const QStringList& arguments) const {
    return runTool(QStringLiteral("fastboot"), QStringList{QStringLiteral("-s"), serial} + arguments, 60'000);
  }
  QString file(const QByteArray& bytes) {
    QFile image(folder.filePath(QStringLiteral("image.img")));
    return image.open(QIODevice::WriteOnly) && image.write(bytes) == bytes.size() ? image.fileName() : QString();
  }

  VirtualFastbootDevice device;
  Status started;
  QString serial;
  QTemporaryDir folder;
};

#define RUNS(run)                                           \
  do {                                                      \
    const ToolRun tried = (run);                            \
    QVERIFY2(tried.exitCode == 0, tried.all().constData()); \
  } while (false)

}  // namespace

class FastbootClientTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { requireProgram("fastboot", "fastboot"); }

  void works_data() {
    QTest::addColumn<int>("transport");
    QTest::newRow("TCP") << static_cast<int>(Transport::Tcp);
    QTest::newRow("UDP") << static_cast<int>(Transport::Udp);
  }

  void variables_data() { works_data(); }
  void variables() {
    QFETCH(int, transport);
    const Bench bench(static_cast<Transport>(transport));
    QVERIFY(bench.started.has_value());
    const ToolRun product = bench.fastboot({QStringLiteral("getvar"), QStringLiteral("product")});
    QVERIFY2(product.err.contains("product: gateway"), product.all().constData());
    const ToolRun all = bench.fastboot({QStringLiteral("getvar"), QStringLiteral("all")});
    QVERIFY2(all.err.contains("slot-successful:a: yes") && all.err.contains("slot-unbootable:b: yes") &&
                 all.err.contains("partition-size:firmware_b: 0x00100000") && all.err.contains("current-slot: a"),
             all.all().constData());
    const ToolRun unknown = bench.fastboot({QStringLiteral("getvar"), QStringLiteral("nonsense")});
    QVERIFY2(unknown.all().contains("unknown variable"), unknown.all().constData());
  }

  // Larger than max-download-size: the client sends sparse images, which the device unpacks. (Of images that do not end
  // with a block this client makes sparse images that are wrong.)
  void flashesAndStartsTheOtherSlot_data() { works_data(); }
  void flashesAndStartsTheOtherSlot() {
    QFETCH(int, transport);
    Bench bench(static_cast<Transport>(transport));
    QVERIFY(bench.started.has_value());
    const QByteArray firmware = fastbootFirmware({2, 0, 0, 0}, "healthy", 171 * 4096);
    RUNS(bench.fastboot({QStringLiteral("flash"), QStringLiteral("firmware_b"), bench.file(firmware)}));
    QCOMPARE(bench.device.partition("firmware_b", firmware.size()), firmware);
    QVERIFY(bench.device.snapshot().commands.count("flash:firmware_b") > 1);
    RUNS(bench.fastboot({QStringLiteral("set_active"), QStringLiteral("b")}));
    RUNS(bench.fastboot({QStringLiteral("reboot")}));
    QVERIFY(bench.device.waitUntil(
        [](const auto& now) {
          return now.phase == Phase::Running && now.running == Version{2, 0, 0, 0} && now.slots[1].successful;
        },
        10'000));
  }

  void smallImageGoesWhole_data() { works_data(); }
  void smallImageGoesWhole() {
    QFETCH(int, transport);
    Bench bench(static_cast<Transport>(transport));
    QVERIFY(bench.started.has_value());
    const QByteArray firmware = fastbootFirmware({2, 0, 0, 0}, "healthy", 100'001);
    RUNS(bench.fastboot({QStringLiteral("flash"), QStringLiteral("firmware_b"), bench.file(firmware)}));
    QCOMPARE(bench.device.partition("firmware_b", firmware.size()), firmware);
    RUNS(bench.fastboot({QStringLiteral("erase"), QStringLiteral("firmware_b")}));
    QCOMPARE(bench.device.partition("firmware_b", 100), QByteArray(100, '\xff'));
  }

  void refusalsAreTold_data() { works_data(); }
  void refusalsAreTold() {
    QFETCH(int, transport);
    FastbootDeviceConfig config = fastbootDevice();
    config.unlocked = false;
    Bench bench(static_cast<Transport>(transport), config);
    QVERIFY(bench.started.has_value());
    const QString image = bench.file(fastbootFirmware({2, 0, 0, 0}));
    const ToolRun locked = bench.fastboot({QStringLiteral("flash"), QStringLiteral("firmware_b"), image});
    QVERIFY(locked.exitCode != 0);
    QVERIFY2(locked.err.contains("not allowed while the device is locked"), locked.all().constData());
  }

  // reboot-bootloader, and again through the firmware's own fastboot.
  void restarts_data() { works_data(); }
  void restarts() {
    QFETCH(int, transport);
    const Bench bench(static_cast<Transport>(transport));
    QVERIFY(bench.started.has_value());
    RUNS(bench.fastboot({QStringLiteral("continue")}));
    QVERIFY(bench.device.waitUntil([](const auto& now) { return now.phase == Phase::Running; }, 5000));
    RUNS(bench.fastboot({QStringLiteral("reboot"), QStringLiteral("bootloader")}));
    QVERIFY(bench.device.waitUntil([](const auto& now) { return now.phase == Phase::Bootloader; }, 5000));
  }

  void lostAndDoubledPacketsDoNotMatter() {
    Bench bench(Transport::Udp);
    QVERIFY(bench.started.has_value());
    bench.device.change([](FastbootBoard& board) {
      board.dropRequests = 1;
      board.dropResponses = 2;
      board.duplicateResponses = 5;
    });
    const QByteArray firmware = fastbootFirmware({2, 0, 0, 0}, "healthy", 20'000);
    RUNS(bench.fastboot({QStringLiteral("flash"), QStringLiteral("firmware_b"), bench.file(firmware)}));
    QCOMPARE(bench.device.partition("firmware_b", firmware.size()), firmware);
  }

  // Three tries, then the old slot.
  void bootloaderGoesBack() {
    Bench bench(Transport::Tcp);
    QVERIFY(bench.started.has_value());
    const QString image = bench.file(fastbootFirmware({2, 0, 0, 0}, "hang", 74 * 4096));
    RUNS(bench.fastboot({QStringLiteral("flash"), QStringLiteral("firmware_b"), image}));
    RUNS(bench.fastboot({QStringLiteral("set_active"), QStringLiteral("b")}));
    RUNS(bench.fastboot({QStringLiteral("reboot")}));
    QVERIFY(bench.device.waitUntil(
        [](const auto& now) {
          return now.running == Version{1, 0, 0, 0} && now.slots[1].unbootable;
        },
        10'000));
  }
};

QTEST_GUILESS_MAIN(FastbootClientTest)
#include "fastboot_client_test.moc"
