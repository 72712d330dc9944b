// Fastboot over the kernel's USB stack. First the virtual device is proven with Debian's fastboot; then Sealift's
// driver meets it over libusb, and both flash the same image in turn.
#include "transports/protocols/fastboot/fastboot_usb.h"

#include "devices/drivers/fastboot_driver.h"
#include "devices/virtual/usbip_server.h"
#include "tests/support/fastboot_world.h"
#include "tests/support/tool_run.h"

#include <QFile>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <vector>

using namespace sealift;
using namespace sealift::test;

namespace {

using Phase = FastbootDevice::Phase;

constexpr int kPlentyMs = 20'000;

#define VERIFY_OK(expression)                                                            \
  do {                                                                                   \
    const auto outcome = (expression);                                                   \
    QVERIFY2(outcome.has_value(), outcome ? "" : qPrintable(outcome.error().message())); \
  } while (false)
#define RUNS(run)                                           \
  do {                                                      \
    const ToolRun tried = (run);                            \
    QVERIFY2(tried.exitCode == 0, tried.all().constData()); \
  } while (false)

// A device in a socket of the kernel's.
struct Bench {
  explicit Bench(const FastbootDeviceConfig& config = fastbootDevice())
      : device(config, VirtualFastbootDevice::Transport::Usb), server(device.usbFunction()) {
    ready = device.start().has_value() && server.plugIn().has_value() && isInFastboot();
    makeDriver();
  }
  void makeDriver() {
    ModelDescription model = fastbootModel();
    model.timings.restartSeconds = 10;
    driver = std::make_unique<FastbootDriver>(model, FastbootSettings::fromJson(model.driverSettings).value(),
                                              LinkAddress{LinkKind::Usb, server.place(), 0, {}}, opener);
  }
  bool isInFastboot() {
    return QTest::qWaitFor(
        [&] {
          const auto devices = opener.usbDevices();
          return devices && std::any_of(devices->begin(), devices->end(), [&](const UsbDeviceInfo& each) {
                   return each.place == server.place() && findFastbootInterface(each).has_value();
                 });
        },
        kPlentyMs);
  }
  ToolRun fastboot(const QStringList& arguments) const {
    return runTool(QStringLiteral("fastboot"), QStringList{QStringLiteral("-s"), QStringLiteral("FB-0001")} + arguments,
                   100'000);
  }
  QString file(const QByteArray& bytes) {
    QFile image(folder.filePath(QStringLiteral("image.img")));
    return image.open(QIODevice::WriteOnly) && image.write(bytes) == bytes.size() ? image.fileName() : QString();
  }

  QTemporaryDir folder;
  SystemLinkOpener opener;
  VirtualFastbootDevice device;
  UsbipServer server;
  std::unique_ptr<FastbootDriver> driver;
  StepContext step;
  bool ready = false;
};

}  // namespace

class FastbootUsbTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { requireProgram("fastboot", "fastboot"); }

  void clientSeesAndFlashes() {
    Bench bench;
    QVERIFY(bench.ready);
    const ToolRun list = runTool(QStringLiteral("fastboot"), {QStringLiteral("devices")}, 20'000);
    QVERIFY2(list.out.contains("FB-0001"), list.all().constData());
    const ToolRun product = bench.fastboot({QStringLiteral("getvar"), QStringLiteral("product")});
    QVERIFY2(product.err.contains("product: gateway"), product.all().constData());
    const QByteArray firmware = fastbootFirmware({2, 0, 0, 0}, "healthy", 171 * 4096);
    RUNS(bench.fastboot({QStringLiteral("flash"), QStringLiteral("firmware_b"), bench.file(firmware)}));
    QCOMPARE(bench.device.partition("firmware_b", firmware.size()), firmware);
    RUNS(bench.fastboot({QStringLiteral("set_active"), QStringLiteral("b")}));
    RUNS(bench.fastboot({QStringLiteral("reboot")}));
    QVERIFY(bench.device.waitUntil([](const auto& now) { return now.running == Version{2, 0, 0, 0}; }, kPlentyMs));
  }

  void sealiftUpdates() {
    Bench bench;
    QVERIFY(bench.ready);
    const Image image = fastbootImage(fastbootFirmware({2, 0, 0, 0}));
    const auto before = bench.driver->identify(bench.step);
    QVERIFY2(before.has_value(), before ? "" : qPrintable(before.error().message()));
    QCOMPARE(before->serial, QStringLiteral("FB-0001"));
    VERIFY_OK(bench.driver->enterBootloader(bench.step));
    VERIFY_OK(bench.driver->transfer(image, bench.step));
    VERIFY_OK(bench.driver->verifyOnDevice(image, bench.step));
    VERIFY_OK(bench.driver->activate(image, bench.step));
    VERIFY_OK(bench.driver->restart(bench.step));
    const auto back = bench.driver->waitForReturn(image, bench.step);
    QVERIFY2(back.has_value(), back ? "" : qPrintable(back.error().message()));
    QVERIFY(back->sameUnit(*before));
    QCOMPARE(back->runningSlot()->version, std::optional(Version{2, 0, 0, 0}));
    VERIFY_OK(bench.driver->confirm(image, bench.step));
  }

  // Unplugged in the middle of the data, then there again.
  void sealiftLosesTheDevice() {
    FastbootDeviceConfig config = fastbootDevice();
    config.startInBootloader = true;
    Bench bench(config);
    QVERIFY(bench.ready);
    const Image image = fastbootImage(fastbootFirmware({2, 0, 0, 0}));
    VERIFY_OK(bench.driver->identify(bench.step));
    VERIFY_OK(bench.driver->enterBootloader(bench.step));
    StepContext losing;
    losing.progress = Progress([&](const ProgressUpdate& update) {
      if (update.bytesDone > 0) {
        bench.server.unplugAtTransfer(1);
      }
    });
    const Status lost = bench.driver->transfer(image, losing);
    QVERIFY(!lost.has_value());
    QVERIFY2(lost.error().code == ErrorCode::LinkLost, qPrintable(lost.error().message()));
    bench.server.unplug();
    VERIFY_OK(bench.server.plugIn());
    QVERIFY(bench.isInFastboot());
    VERIFY_OK(bench.driver->transfer(image, bench.step));
    VERIFY_OK(bench.driver->verifyOnDevice(image, bench.step));
  }

  // A cancel leaves the device waiting for data; it has to listen again afterwards.
  void sealiftCancels() {
    Bench bench;
    QVERIFY(bench.ready);
    const Image image = fastbootImage(fastbootFirmware({2, 0, 0, 0}));
    VERIFY_OK(bench.driver->identify(bench.step));
    StepContext cancelled;
    cancelled.progress = Progress([&](const ProgressUpdate& update) {
      if (update.bytesDone > 0) {
        cancelled.cancel.cancel();
      }
    });
    const Status stopped = bench.driver->transfer(image, cancelled);
    QVERIFY(!stopped.has_value());
    QCOMPARE(stopped.error().code, ErrorCode::Cancelled);
    QVERIFY(bench.isInFastboot());
    VERIFY_OK(bench.driver->transfer(image, bench.step));
    VERIFY_OK(bench.driver->verifyOnDevice(image, bench.step));
  }

  // 16 MiB in turn on the same device. Printed, not judged: the machine is shared.
  void speed() {
    constexpr qsizetype kBytes = 16 * 1024 * 1024;
    FastbootDeviceConfig config = fastbootDevice();
    config.partitionBytes = kBytes;
    config.maxDownload = 2 * kBytes;
    Bench bench(config);
    QVERIFY(bench.ready);
    const Image image = fastbootImage(fastbootFirmware({2, 0, 0, 0}, "healthy", kBytes));
    const QString file = bench.file(image.bytes);
    std::vector<double> ours;
    std::vector<double> theirs;
    for (int round = 0; round < 3; ++round) {
      QElapsedTimer timer;
      timer.start();
      VERIFY_OK(bench.driver->transfer(image, bench.step));
      ours.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e9);
      bench.driver.reset();  // the client wants the device for itself
      timer.restart();
      RUNS(bench.fastboot({QStringLiteral("flash"), QStringLiteral("firmware_b"), file}));
      theirs.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e9);
      QCOMPARE(bench.device.partition("firmware_b", kBytes), image.bytes);
      bench.makeDriver();
    }
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    qInfo("fastboot over USB, 16 MiB   sealift %.3f s  fastboot %.3f s  ratio %.2f", ours[1], theirs[1],
          ours[1] / theirs[1]);
  }
};

QTEST_GUILESS_MAIN(FastbootUsbTest)
#include "fastboot_usb_test.moc"
