// USB DFU and DfuSe over the kernel's USB stack. First the virtual devices are proven with dfu-util 0.11, the standard
// client; then Sealift's drivers meet them over libusb.
#include "devices/drivers/dfu_driver.h"
#include "devices/drivers/dfuse_driver.h"
#include "devices/virtual/usbip_server.h"
#include "devices/virtual/virtual_dfu_device.h"
#include "devices/virtual/virtual_dfuse_device.h"
#include "tests/support/dfu_world.h"
#include "tests/support/tool_run.h"

#include <QFile>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

using namespace sealift;
using std::chrono::milliseconds;

namespace {

constexpr int kPlentyMs = 20'000;

// A device of this kind in a socket of the kernel's, with old firmware.
template <class Device, class Config>
struct Bench {
  explicit Bench(const Config& given = {}) : config(given) {
    if (config.firmware.isEmpty()) {
      config.firmware = old;
    }
    config.usb.absence = milliseconds(100);
    device = std::make_shared<Device>(config);
    server = std::make_unique<UsbipServer>(device);
    if (const Status plugged = server->plugIn(); !plugged) {
      qFatal("%s", qPrintable(plugged.error().message()));
    }
    QVERIFY(comesBack());
  }
  bool isListed(quint16 product) {
    const auto devices = opener.usbDevices();
    return devices && std::any_of(devices->begin(), devices->end(), [&](const UsbDeviceInfo& each) {
             return each.place == server->place() && each.productId == product;
           });
  }
  bool comesBack() {
    const bool inBootloader = device->mode() == DfuMachine::Mode::Bootloader;
    return QTest::qWaitFor([&] { return isListed(inBootloader ? config.usb.dfuProductId : config.usb.productId); },
                           kPlentyMs);
  }
  void toBootloader() {
    server->unplug();
    device->holdBootButton(true);
    QVERIFY(server->plugIn());
    QVERIFY(comesBack());
    device->holdBootButton(false);
  }
  QString write(const char* name, const QByteArray& bytes) {
    QFile file(folder.filePath(QLatin1String(name)));
    return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() ? file.fileName() : QString();
  }
  QByteArray read(const char* name) {
    QFile file(folder.filePath(QLatin1String(name)));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
  }
  ToolRun dfuUtil(const QStringList& arguments) {
    const QString ids = UsbId{config.usb.vendorId, config.usb.productId}.toString() + QLatin1Char(',') +
                        UsbId{config.usb.dfuVendorId, config.usb.dfuProductId}.toString();
    const QStringList mine{QStringLiteral("-p"), server->place(), QStringLiteral("-d"), ids};
    return runTool(QStringLiteral("dfu-util"), mine + arguments, 100'000);
  }
  // Detached by dfu-util. It is a run of its own because libusb notices re-enumeration through udevd only, which the
  // guest does not run.
  void detachByDfuUtil() {
    const ToolRun run = dfuUtil({QStringLiteral("-e")});
    QVERIFY2(run.out.contains("send DFU detach request"), run.all().constData());
    QVERIFY2(QTest::qWaitFor([&] { return isListed(config.usb.dfuProductId); }, kPlentyMs), run.all().constData());
  }
  LinkAddress address() const { return {LinkKind::Usb, server->place(), 0, {}}; }

  const QByteArray old = makeUsbFirmware(0x0100, 9000, 1);
  const QByteArray fresh = makeUsbFirmware(0x0213, 30'001, 2);
  Config config;
  QTemporaryDir folder;
  SystemLinkOpener opener;
  std::shared_ptr<Device> device;
  std::unique_ptr<UsbipServer> server;
};

using DfuBench = Bench<VirtualDfuDevice, VirtualDfuDeviceConfig>;
using DfuseBench = Bench<VirtualDfuseDevice, VirtualDfuseDeviceConfig>;

QStringList words(const char* text) {
  return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

QByteArray suffixed(const QByteArray& payload, const VirtualDfuConfig& usb) {
  return appendDfuSuffix(payload, {kDfuAny, usb.dfuProductId, usb.dfuVendorId, kDfuFile});
}

template <class SomeDriver, class SomeBench>
std::unique_ptr<SomeDriver> makeDriver(SomeBench& bench, const QString& name, const QJsonObject& settings = {}) {
  ModelDescription model = dfuModel(name, bench.config.usb, settings);
  model.timings.restartSeconds = 4;
  return std::make_unique<SomeDriver>(model, UsbDfuSettings::fromJson(settings).value(), bench.address(), bench.opener);
}

}  // namespace

class DfuTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void dfuUtilLists();
  void dfuUtilDownloads_data();
  void dfuUtilDownloads();
  void dfuUtilUploads();
  void dfuUtilReportsTheDevicesError();
  void dfuUtilListsDfuse();
  void dfuUtilWritesDfuseAndLeaves();
  void dfuUtilReadsDfuse();
  void dfuUtilSeesReadProtection();
  void sealiftUpdates_data();
  void sealiftUpdates();
  void sealiftUpdatesDfuse_data();
  void sealiftUpdatesDfuse();
  void sealiftSeesReadProtection();
  void sealiftLosesTheDevice_data();
  void sealiftLosesTheDevice();
};

void DfuTest::initTestCase() {
  if (QStandardPaths::findExecutable(QStringLiteral("dfu-util")).isEmpty()) {
    qWarning("dfu-util is missing (Debian package dfu-util).");
    std::exit(77);
  }
}

#define VERIFY_RUN(run) QVERIFY2((run).exitCode == 0, (run).all().constData())

// ---- the devices, proven with dfu-util ------------------------------------------------------------------

void DfuTest::dfuUtilLists() {
  VirtualDfuDeviceConfig config;
  config.memories = {QStringLiteral("Firmware"), QStringLiteral("Radio")};
  DfuBench bench(config);
  ToolRun run = bench.dfuUtil(words("-l"));
  VERIFY_RUN(run);
  QVERIFY2(run.out.contains("Found Runtime: [1209:0001] ver=0100"), run.all().constData());
  bench.toBootloader();
  run = bench.dfuUtil(words("-l"));
  VERIFY_RUN(run);
  QVERIFY2(run.out.contains("Found DFU: [1209:0002] ver=0100"), run.all().constData());
  QVERIFY2(run.out.contains("alt=0, name=\"Firmware\", serial=\"NU1-0001\""), run.all().constData());
  QVERIFY2(run.out.contains("alt=1, name=\"Radio\", serial=\"NU1-0001\""), run.all().constData());
}

void DfuTest::dfuUtilDownloads_data() {
  QTest::addColumn<bool>("tolerant");
  QTest::addColumn<bool>("willDetach");
  QTest::newRow("tolerant, detaches itself") << true << true;
  QTest::newRow("tolerant, is reset") << true << false;
  QTest::newRow("waits for a reset") << false << true;
}

void DfuTest::dfuUtilDownloads() {
  QFETCH(bool, tolerant);
  QFETCH(bool, willDetach);
  VirtualDfuDeviceConfig config;
  config.usb.manifestationTolerant = tolerant;
  config.usb.willDetach = willDetach;
  config.usb.blockTime = milliseconds(2);
  DfuBench bench(config);
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Application);
  bench.detachByDfuUtil();
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Bootloader);
  const QString file = bench.write("fresh.dfu", suffixed(bench.fresh, config.usb));
  const ToolRun run = bench.dfuUtil({QStringLiteral("-R"), QStringLiteral("-D"), file});
  QVERIFY2(run.out.contains("DFU mode device DFU version 0110"), run.all().constData());
  QCOMPARE(bench.device->content(), bench.fresh);
  QTRY_COMPARE_WITH_TIMEOUT(bench.device->mode(), DfuMachine::Mode::Application, kPlentyMs);
  QVERIFY(bench.comesBack());
  QVERIFY(bench.dfuUtil(words("-l")).out.contains("Found Runtime: [1209:0001] ver=0213"));
}

void DfuTest::dfuUtilUploads() {
  DfuBench bench;
  bench.toBootloader();
  const QString file = bench.folder.filePath(QStringLiteral("read.bin"));
  const ToolRun run = bench.dfuUtil({QStringLiteral("-U"), file});
  VERIFY_RUN(run);
  QCOMPARE(bench.read("read.bin"), bench.old);
}

void DfuTest::dfuUtilReportsTheDevicesError() {
  DfuBench bench;
  bench.toBootloader();
  VirtualDfuFaults faults;
  faults.failAtBlock = 3;
  bench.device->setFaults(faults);
  const ToolRun run =
      bench.dfuUtil({QStringLiteral("-D"), bench.write("fresh.dfu", suffixed(bench.fresh, bench.config.usb))});
  QVERIFY2(run.exitCode != 0, run.all().constData());
  QVERIFY2(run.all().contains("dfuERROR"), run.all().constData());
}

void DfuTest::dfuUtilListsDfuse() {
  DfuseBench bench;
  bench.toBootloader();
  const ToolRun run = bench.dfuUtil(words("-l"));
  VERIFY_RUN(run);
  QVERIFY2(run.out.contains("Found DFU: [0483:df11] ver=2200"), run.all().constData());
  QVERIFY2(run.out.contains("name=\"@Internal Flash  /0x08000000/128*002Kg\""), run.all().constData());
  QVERIFY2(run.out.contains("name=\"@Option Bytes  /0x1fffc000/01*016 e\""), run.all().constData());
}

void DfuTest::dfuUtilWritesDfuseAndLeaves() {
  DfuseBench bench;
  bench.detachByDfuUtil();
  const QString file = bench.write("fresh.bin", bench.fresh);
  const ToolRun run = bench.dfuUtil(words("-a 0 -s 0x08000000:leave -D") << file);
  QVERIFY2(run.out.contains("File downloaded successfully"), run.all().constData());
  QCOMPARE(bench.device->content(0, bench.fresh.size()), bench.fresh);
  QTRY_COMPARE_WITH_TIMEOUT(bench.device->mode(), DfuMachine::Mode::Application, kPlentyMs);
  QVERIFY(bench.comesBack());
}

void DfuTest::dfuUtilReadsDfuse() {
  DfuseBench bench;
  bench.toBootloader();
  const QString file = bench.folder.filePath(QStringLiteral("read.bin"));
  const ToolRun run = bench.dfuUtil(words("-a 0 -s 0x08000000:9000 -U") << file);
  VERIFY_RUN(run);
  QCOMPARE(bench.read("read.bin"), bench.old);
}

void DfuTest::dfuUtilSeesReadProtection() {
  VirtualDfuseDeviceConfig config;
  config.readProtected = true;
  DfuseBench bench(config);
  bench.toBootloader();
  const quint64 before = bench.device->flashOperations();
  ToolRun run = bench.dfuUtil(words("-a 0 -s 0x08000000 -D") << bench.write("fresh.bin", bench.fresh));
  QVERIFY2(run.exitCode != 0, run.all().constData());
  QCOMPARE(bench.device->flashOperations(), before);
  run = bench.dfuUtil(words("-a 0 -s 0x08000000:force:unprotect -D") << bench.write("fresh.bin", bench.fresh));
  QTRY_VERIFY_WITH_TIMEOUT(!bench.device->isReadProtected(), kPlentyMs);
}

// ---- Sealift's drivers ----------------------------------------------------------------------------------

void DfuTest::sealiftUpdates_data() {
  QTest::addColumn<bool>("tolerant");
  QTest::addColumn<bool>("willDetach");
  QTest::addColumn<int>("transferSize");
  QTest::newRow("tolerant, detaches itself") << true << true << 2048;
  QTest::newRow("tolerant, is reset, blocks larger than usbfs takes") << true << false << 8192;
  QTest::newRow("waits for a reset, small blocks") << false << true << 64;
}

void DfuTest::sealiftUpdates() {
  QFETCH(bool, tolerant);
  QFETCH(bool, willDetach);
  QFETCH(int, transferSize);
  VirtualDfuDeviceConfig config;
  config.usb.manifestationTolerant = tolerant;
  config.usb.willDetach = willDetach;
  config.usb.transferSize = static_cast<quint16>(transferSize);
  config.usb.blockTime = transferSize > 64 ? milliseconds(1) : milliseconds(0);
  config.usb.manifestTime = milliseconds(5);
  DfuBench bench(config);
  const auto driver = makeDriver<DfuDriver>(bench, QStringLiteral("dfu"));
  StepContext step;
  const auto before = driver->identify(step);
  QVERIFY2(before, qPrintable(before ? QString() : before.error().message()));
  QCOMPARE(before->serial, QStringLiteral("NU1-0001"));
  QCOMPARE(before->runningSlot()->version, Version::parse(QStringLiteral("1.0.0")));
  QString stage;
  std::optional<DeviceSnapshot> after;
  const Status done = runUpdate(*driver, dfuImage(bench.fresh, config.usb), step, stage, &after);
  QVERIFY2(done, qPrintable(done ? QString() : stage + QStringLiteral(": ") + done.error().message()));
  QCOMPARE(bench.device->content(), bench.fresh);
  QCOMPARE(after->runningSlot()->version, Version::parse(QStringLiteral("2.1.3")));
  QVERIFY(after->sameUnit(*before));
}

void DfuTest::sealiftUpdatesDfuse_data() {
  QTest::addColumn<int>("transferSize");
  QTest::newRow("2048") << 2048;
  QTest::newRow("blocks larger than usbfs takes") << 8192;
}

void DfuTest::sealiftUpdatesDfuse() {
  QFETCH(int, transferSize);
  VirtualDfuseDeviceConfig config;
  config.usb.transferSize = static_cast<quint16>(transferSize);
  config.usb.eraseTime = milliseconds(1);
  DfuseBench bench(config);
  const auto driver =
      makeDriver<DfuseDriver>(bench, QStringLiteral("dfuse"), {{QStringLiteral("serialInBootloader"), false}});
  StepContext step;
  QString stage;
  std::optional<DeviceSnapshot> after;
  const Status done = runUpdate(*driver, dfuseImage(bench.fresh, config.usb), step, stage, &after);
  QVERIFY2(done, qPrintable(done ? QString() : stage + QStringLiteral(": ") + done.error().message()));
  QCOMPARE(bench.device->content(0, bench.fresh.size()), bench.fresh);
  QCOMPARE(after->runningSlot()->version, Version::parse(QStringLiteral("2.1.3")));
}

void DfuTest::sealiftSeesReadProtection() {
  VirtualDfuseDeviceConfig config;
  config.readProtected = true;
  DfuseBench bench(config);
  const auto driver =
      makeDriver<DfuseDriver>(bench, QStringLiteral("dfuse"), {{QStringLiteral("serialInBootloader"), false}});
  StepContext step;
  QString stage;
  const Image image = dfuseImage(bench.fresh, config.usb);
  QCOMPARE(runUpdate(*driver, image, step, stage).error().code, ErrorCode::DeviceProtected);
  QVERIFY(driver->abandon(step));
  QVERIFY(bench.device->isReadProtected());
  step.massEraseAgreed = true;
  const Status done = runUpdate(*driver, image, step, stage);
  QVERIFY2(done, qPrintable(done ? QString() : stage + QStringLiteral(": ") + done.error().message()));
  QCOMPARE(bench.device->content(0, bench.fresh.size()), bench.fresh);
}

void DfuTest::sealiftLosesTheDevice_data() {
  QTest::addColumn<int>("nth");
  for (const int nth : {1, 2, 5, 20, 36}) {
    QTest::addRow("at transfer %d", nth) << nth;
  }
}

void DfuTest::sealiftLosesTheDevice() {
  QFETCH(int, nth);
  DfuBench bench;
  auto driver = makeDriver<DfuDriver>(bench, QStringLiteral("dfu"));
  StepContext step;
  bench.server->unplugAtTransfer(static_cast<quint64>(nth));
  QString stage;
  const Image image = dfuImage(bench.fresh, bench.config.usb);
  const Status done = runUpdate(*driver, image, step, stage);
  QVERIFY(!done);
  const ErrorCode code = done.error().code;
  QVERIFY2(code == ErrorCode::LinkLost || code == ErrorCode::DeviceDidNotReturn, qPrintable(done.error().message()));
  bench.server->unplugAtTransfer(0);
  bench.server->unplug();
  QVERIFY(bench.server->plugIn());
  QVERIFY(bench.comesBack());
  driver = makeDriver<DfuDriver>(bench, QStringLiteral("dfu"));
  const Status again = runUpdate(*driver, image, step, stage);
  QVERIFY2(again, qPrintable(again ? QString() : stage + QStringLiteral(": ") + again.error().message()));
  QCOMPARE(bench.device->content(), bench.fresh);
}

QTEST_GUILESS_MAIN(DfuTest)
#include "dfu_test.moc"
