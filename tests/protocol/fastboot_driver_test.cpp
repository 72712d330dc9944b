// The fastboot driver against the virtual device (another reading of the same document) over TCP, UDP and USB: whole
// updates, devices that go back, proofs, and everything that can go wrong on the way.
#include "devices/registry.h"
#include "devices/virtual/virtual_usb_bus.h"
#include "tests/support/fastboot_world.h"
#include "tests/support/sparse_writer.h"

#include <QtTest>

using namespace sealift;
using namespace sealift::test;

namespace {

using Transport = VirtualFastbootDevice::Transport;
using Phase = FastbootDevice::Phase;
using Look = VirtualFastbootDevice::Snapshot;

#define VERIFY_OK(expression)                                                            \
  do {                                                                                   \
    const auto outcome = (expression);                                                   \
    QVERIFY2(outcome.has_value(), outcome ? "" : qPrintable(outcome.error().message())); \
  } while (false)

#define COMPARE_ERROR(expression, expected)                                              \
  do {                                                                                   \
    const auto outcome = (expression);                                                   \
    QVERIFY(!outcome.has_value());                                                       \
    QVERIFY2(outcome.error().code == (expected), qPrintable(outcome.error().message())); \
  } while (false)

void eachTransport() {
  QTest::addColumn<int>("transport");
  QTest::newRow("TCP") << static_cast<int>(Transport::Tcp);
  QTest::newRow("UDP") << static_cast<int>(Transport::Udp);
  QTest::newRow("USB") << static_cast<int>(Transport::Usb);
}

// A device that runs 1.0.0 in slot a (its firmware answers), the image of 2.0.0, and a driver.
struct Bench {
  explicit Bench(
      Transport transport, const std::function<void(FastbootDeviceConfig&)>& change = [](FastbootDeviceConfig&) {},
      const std::function<void(ModelDescription&)>& changeModel = [](ModelDescription&) {},
      const QByteArray& firmware = fastbootFirmware({2, 0, 0, 0}))
      : image(fastbootImage(firmware)), model(fastbootModel()) {
    FastbootDeviceConfig config = fastbootDevice();
    config.startInBootloader = false;
    change(config);
    changeModel(model);
    device = std::make_unique<VirtualFastbootDevice>(config, transport);
    started = device->start();
    const bool waitsForKey = config.startInBootloader;
    device->waitUntil([&](const Look& now) { return now.phase == (waitsForKey ? Phase::Bootloader : Phase::Running); },
                      5000);
    if (transport == Transport::Usb) {
      bus.plugIn(QStringLiteral("1-1"), device->usbFunction());
      address = LinkAddress{LinkKind::Usb, QStringLiteral("1-1"), 0, {}};
    } else {
      address = device->address();
    }
    step.note = [this](const QString& line) { notes += line + u'\n'; };
    makeDriver();
  }
  LinkOpener& opener() {
    if (address.kind == LinkKind::Usb) {
      return bus;
    }
    return network;
  }
  void makeDriver() {
    auto made = driverRegistry().find(QStringLiteral("fastboot"))->make(model, address, opener());
    if (made) {
      driver = std::move(*made);
    }
  }
  Status store() {
    SEALIFT_CHECK(driver->identify(step));
    SEALIFT_CHECK(driver->enterBootloader(step));
    SEALIFT_CHECK(driver->transfer(image, step));
    SEALIFT_TRY(proof, driver->verifyOnDevice(image, step));
    return {};
  }
  Status storeAndRestart() {
    SEALIFT_CHECK(store());
    SEALIFT_CHECK(driver->activate(image, step));
    return driver->restart(step);
  }
  // Whatever happened: ends on the old firmware, which is untouched.
  bool runsOldAfterAbandon() {
    const Status left = driver->abandon(step);
    const auto now = driver->identify(step);
    return left && now && now->runningSlot() != nullptr && now->runningSlot()->version == Version{1, 0, 0, 0} &&
           device->partition("firmware_a", old.size()) == old;
  }

  const QByteArray old = fastbootFirmware({1, 0, 0, 0});
  Image image;
  ModelDescription model;
  SystemLinkOpener network;
  VirtualUsbBus bus;
  std::unique_ptr<VirtualFastbootDevice> device;
  Status started;
  LinkAddress address;
  StepContext step;
  QString notes;
  StoredProof proof;
  std::unique_ptr<Driver> driver;
};

const auto kNoModelChange = [](ModelDescription&) {};
const auto kNoDeviceChange = [](FastbootDeviceConfig&) {};

}  // namespace

class FastbootDriverTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void identifies_data() { eachTransport(); }
  void identifies() {
    QFETCH(int, transport);
    Bench bench(static_cast<Transport>(transport));
    VERIFY_OK(bench.started);
    const auto device = bench.driver->identify(bench.step);
    QVERIFY2(device.has_value(), device ? "" : qPrintable(device.error().message()));
    QCOMPARE(device->deviceName, QStringLiteral("gateway"));
    QCOMPARE(device->serial, QStringLiteral("FB-0001"));
    QCOMPARE(device->hardwareRevision, QStringLiteral("B"));
    QCOMPARE(device->bootloader, QStringLiteral("virtual-1.0 · fastboot"));
    QCOMPARE(device->slotBytes, qint64{1 << 20});
    QVERIFY(!device->inBootloader);
    QCOMPARE(device->secureBoot, TriState::No);
    QCOMPARE(device->secureBootDetail, QStringLiteral("signatures required: yes · unlocked: yes, as the device says"));
    QCOMPARE(device->slots.size(), qsizetype{2});
    QVERIFY(device->slots[0].running && device->slots[0].confirmed && device->slots[0].bootable);
    QCOMPARE(device->slots[0].version, std::optional(Version{1, 0, 0, 0}));
    QVERIFY(!device->slots[1].running && !device->slots[1].bootable && !device->slots[1].pending);
    const Capabilities can = bench.driver->capabilities();
    QVERIFY(can.slots && can.testBoot && can.readback && can.runningVersion && can.secureBootState);
    QVERIFY(!can.storedDigest && !can.runningDigest && !can.rollbackCounter && !can.resume && !can.identityProof);
  }

  void updatesAndConfirms_data() { eachTransport(); }
  void updatesAndConfirms() {
    QFETCH(int, transport);
    Bench bench(static_cast<Transport>(transport));
    VERIFY_OK(bench.started);
    const auto before = bench.driver->identify(bench.step);
    QVERIFY(before.has_value());
    VERIFY_OK(bench.storeAndRestart());
    QCOMPARE(bench.proof.method, QStringLiteral("read back and compared byte for byte"));
    QCOMPARE(bench.proof.digest, bench.image.sha256);
    // 300,000 bytes in pieces of 256 KiB.
    QCOMPARE(bench.device->snapshot().commands.count("flash:firmware_b"), qsizetype{2});
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY2(back.has_value(), back ? "" : qPrintable(back.error().message()));
    QVERIFY(back->sameUnit(*before));
    QCOMPARE(back->runningSlot()->version, std::optional(Version{2, 0, 0, 0}));
    VERIFY_OK(bench.driver->confirm(bench.image, bench.step));
    const auto after = bench.driver->identify(bench.step);
    QVERIFY(after.has_value() && after->runningSlot()->confirmed && !after->inBootloader);
    QCOMPARE(bench.device->partition("firmware_b", bench.image.bytes.size()), bench.image.bytes);
    QCOMPARE(bench.device->partition("firmware_a", bench.old.size()), bench.old);
    QVERIFY2(bench.notes.contains(QStringLiteral("Device: writing")), qPrintable(bench.notes));
    QVERIFY2(bench.notes.contains(QStringLiteral("2 pieces")), qPrintable(bench.notes));
  }

  // And back again into slot a: always into the one that does not run.
  void updatesTwice() {
    Bench bench(Transport::Tcp);
    VERIFY_OK(bench.started);
    for (const Version& version : {Version{2, 0, 0, 0}, Version{3, 0, 0, 0}}) {
      bench.image = fastbootImage(fastbootFirmware(version));
      VERIFY_OK(bench.storeAndRestart());
      VERIFY_OK(bench.driver->waitForReturn(bench.image, bench.step));
      VERIFY_OK(bench.driver->confirm(bench.image, bench.step));
    }
    QCOMPARE(bench.device->snapshot().running, std::optional(Version{3, 0, 0, 0}));
    QCOMPARE(bench.device->snapshot().currentSlot, 0);
    QCOMPARE(bench.device->partition("firmware_b", 300'000), fastbootFirmware({2, 0, 0, 0}));
  }

  // Firmware that hangs or restarts uses up its tries; the bootloader goes back.
  void badFirmwareGoesBack_data() {
    QTest::addColumn<QByteArray>("behaviour");
    QTest::newRow("hangs") << QByteArray("hang");
    QTest::newRow("restarts") << QByteArray("boot-loop");
  }
  void badFirmwareGoesBack() {
    QFETCH(QByteArray, behaviour);
    Bench bench(Transport::Tcp, kNoDeviceChange, kNoModelChange, fastbootFirmware({2, 0, 0, 0}, behaviour));
    VERIFY_OK(bench.storeAndRestart());
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY2(back.has_value(), back ? "" : qPrintable(back.error().message()));
    QCOMPARE(back->runningSlot()->version, std::optional(Version{1, 0, 0, 0}));
    QVERIFY(back->runningSlot()->confirmed);
    QVERIFY(!back->slots[1].bootable && !back->slots[1].pending);
  }

  void unconfirmedFirmwareIsTold() {
    Bench bench(
        Transport::Tcp, kNoDeviceChange, [](ModelDescription& model) { model.timings.confirmSeconds = 1; },
        fastbootFirmware({2, 0, 0, 0}, "stay-on-trial"));
    VERIFY_OK(bench.storeAndRestart());
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY(back.has_value());
    QCOMPARE(back->runningSlot()->version, std::optional(Version{2, 0, 0, 0}));
    QVERIFY(!back->runningSlot()->confirmed);
    COMPARE_ERROR(bench.driver->confirm(bench.image, bench.step), ErrorCode::Timeout);
    // The trial can be ended all the same.
    QVERIFY(bench.runsOldAfterAbandon());
  }

  // ---- firmware that does not speak fastboot ---------------------------------------------------------------

  void silentFirmwareIsSettledLater_data() {
    QTest::addColumn<QByteArray>("behaviour");
    QTest::addColumn<bool>("isNew");
    QTest::newRow("healthy") << QByteArray("healthy") << true;
    QTest::newRow("hangs") << QByteArray("hang") << false;
  }
  void silentFirmwareIsSettledLater() {
    QFETCH(QByteArray, behaviour);
    QFETCH(bool, isNew);
    Bench bench(
        Transport::Tcp,
        [](FastbootDeviceConfig& config) {
          config.applicationAnswers = false;
          config.startInBootloader = true;
        },
        [](ModelDescription& model) {
          model.driverSettings.remove(QStringLiteral("running"));
          model.timings.restartSeconds = 1;
        },
        fastbootFirmware({2, 0, 0, 0}, behaviour));
    const auto before = bench.driver->identify(bench.step);
    QVERIFY2(before.has_value(), before ? "" : qPrintable(before.error().message()));
    QVERIFY(before->inBootloader);
    QCOMPARE(before->runningSlot()->version, std::optional(Version{1, 0, 0, 0}));
    VERIFY_OK(bench.storeAndRestart());
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY(!back.has_value());
    QCOMPARE(back.error().code, ErrorCode::DeviceDidNotReturn);
    QVERIFY(back.error().remedy.contains(QStringLiteral("bring it into fastboot again")));
    QVERIFY(bench.device->waitUntil(
        [&](const Look& now) { return now.slots[1].successful == isNew && now.slots[1].unbootable != isNew; }, 5000));
    bench.device->restartWithKey();
    QVERIFY(bench.device->waitUntil([](const Look& now) { return now.phase == Phase::Bootloader; }, 5000));
    const auto after = bench.driver->identify(bench.step);
    QVERIFY2(after.has_value(), after ? "" : qPrintable(after.error().message()));
    QCOMPARE(after->runningSlot()->version, std::optional(isNew ? Version{2, 0, 0, 0} : Version{1, 0, 0, 0}));
    QVERIFY(after->runningSlot()->confirmed);
  }

  // Brought back before it was tried: the trial still stands, and says so.
  void untriedTrialIsPending() {
    Bench bench(Transport::Tcp, [](FastbootDeviceConfig& config) { config.startInBootloader = true; });
    VERIFY_OK(bench.store());
    VERIFY_OK(bench.driver->activate(bench.image, bench.step));
    const auto device = bench.driver->identify(bench.step);
    QVERIFY(device.has_value());
    QVERIFY(device->slots[0].running && device->slots[1].pending && !device->slots[1].running);
    QVERIFY(bench.runsOldAfterAbandon());
    const auto after = bench.driver->identify(bench.step);
    QVERIFY(after.has_value() && !after->slots[1].pending);
  }

  // What an earlier job left marked is unmarked before it is overwritten.
  void openTrialIsTakenBackBeforeWriting() {
    Bench bench(Transport::Tcp, [](FastbootDeviceConfig& config) { config.startInBootloader = true; });
    VERIFY_OK(bench.store());
    VERIFY_OK(bench.driver->activate(bench.image, bench.step));
    bench.makeDriver();
    bench.image = fastbootImage(fastbootFirmware({2, 1, 0, 0}));
    bench.step.progress = Progress([&bench](const ProgressUpdate& update) {
      if (update.bytesDone > 0 && bench.device->snapshot().currentSlot != 0) {
        QFAIL("the slot that is being written is the one for the next start");
      }
    });
    VERIFY_OK(bench.storeAndRestart());
    VERIFY_OK(bench.driver->waitForReturn(bench.image, bench.step));
    QCOMPARE(bench.device->snapshot().running, std::optional(Version{2, 1, 0, 0}));
  }

  // ---- proof -------------------------------------------------------------------------------------------------

  void proofs_data() {
    QTest::addColumn<bool>("fetch");
    QTest::addColumn<bool>("digest");
    QTest::addColumn<QString>("method");
    QTest::newRow("fetch") << true << false << QStringLiteral("read back and compared byte for byte");
    QTest::newRow("fetch before digest") << true << true << QStringLiteral("read back and compared byte for byte");
    QTest::newRow("digest") << false << true << QStringLiteral("digest computed by the device (SHA-256)");
    QTest::newRow("neither") << false << false << QStringLiteral("not proven: ");
  }
  void proofs() {
    QFETCH(bool, fetch);
    QFETCH(bool, digest);
    QFETCH(QString, method);
    Bench bench(
        Transport::Tcp,
        [&](FastbootDeviceConfig& config) {
          config.maxFetch = fetch ? 100'000 : 0;
          config.digestVariable = digest;
        },
        [&](ModelDescription& model) {
          if (digest) {
            model.driverSettings.insert(QStringLiteral("digest"), QStringLiteral("sha256:{partition}"));
          }
        });
    VERIFY_OK(bench.store());
    QVERIFY2(bench.proof.method.startsWith(method), qPrintable(bench.proof.method));
    QCOMPARE(bench.proof.digest, fetch || digest ? bench.image.sha256 : QByteArray());
    QCOMPARE(bench.driver->capabilities().readback, fetch);
    QCOMPARE(bench.driver->capabilities().storedDigest, digest);
    QCOMPARE(bench.driver->reportedDigest(bench.image), digest ? bench.image.sha256 : QByteArray());
  }

  // "OKAY" and nothing written.
  void pretendedWritesAreFound_data() {
    QTest::addColumn<bool>("fetch");
    QTest::newRow("fetch") << true;
    QTest::newRow("digest") << false;
  }
  void pretendedWritesAreFound() {
    QFETCH(bool, fetch);
    Bench bench(
        Transport::Tcp,
        [&](FastbootDeviceConfig& config) {
          config.maxFetch = fetch ? config.maxFetch : 0;
          config.digestVariable = true;
        },
        [](ModelDescription& model) {
          model.driverSettings.insert(QStringLiteral("digest"), QStringLiteral("sha256:{partition}"));
        });
    VERIFY_OK(bench.store());  // 2.0.0 is there
    bench.device->change([](FastbootBoard& board) { board.device.faults().pretendToWrite = true; });
    bench.image = fastbootImage(fastbootFirmware({2, 1, 0, 0}));
    COMPARE_ERROR(bench.store(), ErrorCode::DeviceVerifyFailed);
    QVERIFY(bench.runsOldAfterAbandon());
  }

  // In place, without version: an acknowledgement alone is no proof and ends no job well.
  void acknowledgementAloneIsNoProof() {
    Bench bench(
        Transport::Tcp,
        [](FastbootDeviceConfig& config) {
          config.slots = false;
          config.maxFetch = 0;
          config.startInBootloader = true;
        },
        [](ModelDescription& model) {
          model.driverSettings = {{QStringLiteral("partition"), QStringLiteral("firmware")},
                                  {QStringLiteral("slots"), false},
                                  {QStringLiteral("digest"), QStringLiteral("sha256:{partition}")}};
        });
    QVERIFY(!bench.driver->capabilities().runningVersion);
    COMPARE_ERROR(bench.store(), ErrorCode::DeviceVerifyFailed);
  }

  // The model promises reading back, the device does not: refused before anything is written.
  void missingReadbackIsRefusedBeforeWriting() {
    Bench bench(
        Transport::Tcp, [](FastbootDeviceConfig& config) { config.maxFetch = 0; },
        [](ModelDescription& model) { model.driverSettings.insert(QStringLiteral("fetch"), true); });
    VERIFY_OK(bench.driver->identify(bench.step));
    COMPARE_ERROR(bench.driver->enterBootloader(bench.step), ErrorCode::NotSupported);
    QCOMPARE(bench.device->snapshot().downloadedBytes, qint64{0});
  }

  // ---- images ------------------------------------------------------------------------------------------------

  void sparseImages_data() {
    QTest::addColumn<qint64>("maxDownload");
    QTest::newRow("whole") << qint64{2 << 20};
    QTest::newRow("in pieces") << qint64{64 << 10};
    QTest::newRow("a block at once") << qint64{5000};
  }
  void sparseImages() {
    QFETCH(qint64, maxDownload);
    const QByteArray raw =
        fastbootFirmware({2, 0, 0, 0}, "healthy", 40 * 4096) + QByteArray(30 * 4096, '\0') + QByteArray(20 * 4096, 'x');
    SparseWriter writer;
    writer.raw(raw.first(30 * 4096))
        .raw(raw.mid(30 * 4096, 10 * 4096))
        .fill(30, QByteArray(4, '\0'))
        .crc(crc32(raw.first(70 * 4096)));
    writer.dontCare(7).fill(20, "xxxx");
    Bench bench(
        Transport::Tcp, [&](FastbootDeviceConfig& config) { config.maxDownload = maxDownload; },
        [](ModelDescription& model) { model.imageFormat = QStringLiteral("sparse"); });
    bench.image = fastbootImage(writer.bytes(), QStringLiteral("sparse"));
    VERIFY_OK(bench.storeAndRestart());
    QVERIFY2(bench.proof.method.contains(QStringLiteral("without what the image leaves open")),
             qPrintable(bench.proof.method));
    QCOMPARE(bench.device->partition("firmware_b", 70 * 4096), raw.first(70 * 4096));
    QCOMPARE(bench.device->partition("firmware_b", 97 * 4096).last(20 * 4096), raw.last(20 * 4096));
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY(back.has_value());
    QCOMPARE(back->runningSlot()->version, std::optional(Version{2, 0, 0, 0}));
  }

  void imagesThatDoNotFit() {
    Bench bench(Transport::Tcp);
    VERIFY_OK(bench.driver->identify(bench.step));
    bench.image = fastbootImage(QByteArray((1 << 20) + 1, 'x'));
    COMPARE_ERROR(bench.driver->transfer(bench.image, bench.step), ErrorCode::ImageTooLarge);
    bench.image = fastbootImage(SparseWriter().dontCare(100'000).bytes(), QStringLiteral("sparse"));
    COMPARE_ERROR(bench.driver->transfer(bench.image, bench.step), ErrorCode::ImageTooLarge);
    bench.image = fastbootImage(SparseWriter().dontCare(1).bytes());  // as "raw"
    COMPARE_ERROR(bench.driver->transfer(bench.image, bench.step), ErrorCode::ImageFormatRefused);
    QCOMPARE(bench.device->snapshot().downloadedBytes, qint64{0});
    QVERIFY(bench.runsOldAfterAbandon());
  }

  // ---- refusals, faults, losses --------------------------------------------------------------------------------

  void refusalsAreToldInTheDevicesWords() {
    Bench bench(Transport::Tcp, [](FastbootDeviceConfig& config) { config.unlocked = false; });
    const auto device = bench.driver->identify(bench.step);
    QVERIFY(device.has_value());
    QCOMPARE(device->secureBoot, TriState::Yes);
    const Status locked = bench.store();
    QVERIFY(!locked.has_value());
    QCOMPARE(locked.error().code, ErrorCode::ProtocolRefused);
    QVERIFY(locked.error().what.contains(QStringLiteral("not allowed while the device is locked")));
    QVERIFY(locked.error().remedy.contains(QStringLiteral("unlocked")));
    QVERIFY(bench.runsOldAfterAbandon());
  }

  void hostileWordsAreHarmless() {
    Bench bench(Transport::Tcp);
    bench.device->change([](FastbootBoard& board) { board.device.faults().refuseFlash = "no\x1b[2J\n<b>\xff"; });
    const Status refused = bench.store();
    QVERIFY(!refused.has_value());
    QVERIFY2(refused.error().what.contains(QStringLiteral("\"no?[2J <b>?\"")), qPrintable(refused.error().what));
  }

  void faultsAreFound_data() {
    QTest::addColumn<int>("transport");
    QTest::addColumn<int>("fault");
    QTest::addColumn<int>("code");
    const struct {
      const char* name;
      int fault;
      ErrorCode code;
    } faults[] = {{"garbage", 0, ErrorCode::ProtocolMalformed},
                  {"reply too long", 1, ErrorCode::ProtocolMalformed},
                  {"DATA of another size", 2, ErrorCode::ProtocolUnexpected},
                  {"INFO for ever", 3, ErrorCode::ProtocolUnexpected},
                  {"words of a refusal", 4, ErrorCode::ProtocolRefused}};
    for (const auto& [transportName, transport] :
         {std::pair("TCP", Transport::Tcp), std::pair("UDP", Transport::Udp), std::pair("USB", Transport::Usb)}) {
      for (const auto& each : faults) {
        QTest::addRow("%s, %s", transportName, each.name)
            << static_cast<int>(transport) << each.fault << static_cast<int>(each.code);
      }
    }
  }
  void faultsAreFound() {
    QFETCH(int, transport);
    QFETCH(int, fault);
    QFETCH(int, code);
    Bench bench(static_cast<Transport>(transport));
    VERIFY_OK(bench.driver->identify(bench.step));
    VERIFY_OK(bench.driver->enterBootloader(bench.step));
    bench.device->change([fault](FastbootBoard& board) {
      FastbootFaults& faults = board.device.faults();
      switch (fault) {
        case 0:
          faults.garbageReplies = 1;
          break;
        case 1:
          faults.longReplies = 1;
          break;
        case 2:
          faults.wrongDataSizes = 1;
          break;
        case 3:
          faults.infoForEver = true;
          break;
        default:
          faults.refuseFlash = "out of memory";
      }
    });
    COMPARE_ERROR(bench.driver->transfer(bench.image, bench.step), static_cast<ErrorCode>(code));
    bench.device->change([](FastbootBoard& board) { board.device.faults() = {}; });
    QVERIFY(bench.runsOldAfterAbandon());
  }

  void vanishesInTheMiddle_data() { eachTransport(); }
  void vanishesInTheMiddle() {
    QFETCH(int, transport);
    Bench bench(static_cast<Transport>(transport), [](FastbootDeviceConfig& config) { config.powerReturnMs = 50; });
    VERIFY_OK(bench.driver->identify(bench.step));
    VERIFY_OK(bench.driver->enterBootloader(bench.step));
    bench.device->change([](FastbootBoard& board) { board.device.faults().vanishAfterBytes = 50'000; });
    const Status stored = bench.driver->transfer(bench.image, bench.step);
    QVERIFY(!stored.has_value());
    QVERIFY(bench.device->waitUntil([](const Look& now) { return now.phase == Phase::Running; }, 5000));
    QTRY_VERIFY(bench.driver->identify(bench.step).has_value());
    QVERIFY(bench.runsOldAfterAbandon());
  }

  // Power is cut at flash operations all over the writing: the old firmware always starts again.
  void powerCutsWhileWriting() {
    Bench bench(Transport::Tcp, [](FastbootDeviceConfig& config) { config.powerReturnMs = 0; });
    VERIFY_OK(bench.started);
    for (const quint64 operation : {1U, 2U, 40U, 64U, 70U, 77U}) {
      VERIFY_OK(bench.driver->identify(bench.step));
      VERIFY_OK(bench.driver->enterBootloader(bench.step));
      bench.device->change(
          [&](FastbootBoard& board) { board.device.storage().flash().cutPowerAtOperation(operation); });
      QVERIFY(!bench.driver->transfer(bench.image, bench.step).has_value());
      QVERIFY(bench.device->waitUntil([](const Look& now) { return now.phase == Phase::Running; }, 5000));
      QCOMPARE(bench.device->snapshot().running, std::optional(Version{1, 0, 0, 0}));
    }
    VERIFY_OK(bench.storeAndRestart());
    VERIFY_OK(bench.driver->waitForReturn(bench.image, bench.step));
    QCOMPARE(bench.device->snapshot().running, std::optional(Version{2, 0, 0, 0}));
  }

  void cancelledInTheMiddle_data() { eachTransport(); }
  void cancelledInTheMiddle() {
    QFETCH(int, transport);
    Bench bench(static_cast<Transport>(transport));
    VERIFY_OK(bench.driver->identify(bench.step));
    VERIFY_OK(bench.driver->enterBootloader(bench.step));
    StepContext cancelled;
    cancelled.progress = Progress([&cancelled](const ProgressUpdate& update) {
      if (update.bytesDone > 0) {
        cancelled.cancel.cancel();
      }
    });
    COMPARE_ERROR(bench.driver->transfer(bench.image, cancelled), ErrorCode::Cancelled);
    QVERIFY(bench.runsOldAfterAbandon());
    VERIFY_OK(bench.storeAndRestart());  // and it can be done again
    VERIFY_OK(bench.driver->waitForReturn(bench.image, bench.step));
  }

  void cancelBeforeEachStep() {
    Bench bench(Transport::Tcp);
    VERIFY_OK(bench.store());
    StepContext cancelled;
    cancelled.cancel.cancel();
    COMPARE_ERROR(bench.driver->enterBootloader(cancelled), ErrorCode::Cancelled);
    COMPARE_ERROR(bench.driver->transfer(bench.image, cancelled), ErrorCode::Cancelled);
    COMPARE_ERROR(bench.driver->verifyOnDevice(bench.image, cancelled), ErrorCode::Cancelled);
    COMPARE_ERROR(bench.driver->activate(bench.image, cancelled), ErrorCode::Cancelled);
    COMPARE_ERROR(bench.driver->restart(cancelled), ErrorCode::Cancelled);
    COMPARE_ERROR(bench.driver->waitForReturn(bench.image, cancelled), ErrorCode::Cancelled);
    COMPARE_ERROR(bench.driver->confirm(bench.image, cancelled), ErrorCode::Cancelled);
    QVERIFY(bench.runsOldAfterAbandon());
  }

  // The plug is pulled at one transfer after the other, through a whole update; plugged in again it goes on.
  void usbLostAtEveryTransfer() {
    Bench bench(Transport::Usb);
    VERIFY_OK(bench.storeAndRestart());
    VERIFY_OK(bench.driver->waitForReturn(bench.image, bench.step));
    const quint64 all = bench.bus.transfers(QStringLiteral("1-1"));
    QVERIFY(all > 50);
    for (quint64 at = 1; at < all; at += 1 + all / 40) {
      Bench broken(Transport::Usb, kNoDeviceChange, [](ModelDescription& model) { model.timings.restartSeconds = 1; });
      broken.bus.unplugAtTransfer(QStringLiteral("1-1"), at);
      const Status done = broken.storeAndRestart();
      if (!done) {
        broken.bus.plugIn(QStringLiteral("1-1"), broken.device->usbFunction());
        const auto now = broken.driver->identify(broken.step);
        QVERIFY2(now.has_value(), qPrintable(QString::number(at) + (now ? QString() : now.error().message())));
        QCOMPARE(broken.device->partition("firmware_a", broken.old.size()), broken.old);
      }
    }
  }

  void anotherUnitIsNotWritten() {
    Bench bench(Transport::Tcp, [](FastbootDeviceConfig& config) { config.startInBootloader = true; });
    VERIFY_OK(bench.driver->identify(bench.step));
    FastbootDeviceConfig config = fastbootDevice();
    config.serial = "FB-0002";
    VirtualFastbootDevice other(config);
    VERIFY_OK(other.start());
    QVERIFY(other.waitUntil([](const Look& now) { return now.phase == Phase::Bootloader; }, 5000));
    // The same address leads elsewhere.
    struct Elsewhere final : LinkOpener {
      Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override {
        LinkAddress now = address;
        now.port = port;
        return system.openBytes(now, cancel);
      }
      Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address,
                                                          const CancelToken& cancel) override {
        return system.openDatagrams(address, cancel);
      }
      SystemLinkOpener system;
      quint16 port = 0;
    } elsewhere;
    elsewhere.port = bench.address.port;
    bench.driver =
        driverRegistry().find(QStringLiteral("fastboot"))->make(bench.model, bench.address, elsewhere).value();
    VERIFY_OK(bench.driver->identify(bench.step));
    elsewhere.port = other.address().port;
    COMPARE_ERROR(bench.driver->enterBootloader(bench.step), ErrorCode::DeviceChanged);
    COMPARE_ERROR(bench.driver->transfer(bench.image, bench.step), ErrorCode::DeviceChanged);
    QCOMPARE(other.snapshot().downloadedBytes, qint64{0});
  }

  void strangersAreRefused() {
    Bench bench(Transport::Tcp, [](FastbootDeviceConfig& config) { config.product = "toaster"; });
    COMPARE_ERROR(bench.driver->identify(bench.step), ErrorCode::DeviceNotRecognised);
    Bench one(Transport::Tcp, [](FastbootDeviceConfig& config) { config.slots = false; });
    COMPARE_ERROR(one.driver->identify(one.step), ErrorCode::DeviceNotRecognised);
  }

  // A USB device that the model does not name is not even opened.
  void unnamedUsbIsNotOpened() {
    Bench bench(Transport::Usb, [](FastbootDeviceConfig& config) { config.productId = 0x1234; });
    COMPARE_ERROR(bench.driver->identify(bench.step), ErrorCode::DeviceNotRecognised);
    QCOMPARE(bench.bus.transfers(QStringLiteral("1-1")), quint64{0});
    QVERIFY(bench.device->snapshot().commands.isEmpty());
  }

  // Old devices: empty answers for unknown variables, "_a", nothing known of tries.
  void oldDialects() {
    Bench bench(Transport::Tcp, [](FastbootDeviceConfig& config) {
      config.emptyForUnknown = true;
      config.underscoreSlots = true;
      config.maxFetch = 0;
    });
    VERIFY_OK(bench.storeAndRestart());
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY(back.has_value());
    QCOMPARE(back->runningSlot()->version, std::optional(Version{2, 0, 0, 0}));
  }

  // set_active that makes it final: there would be no way back, so it is not done.
  void bootloaderWithoutTrialIsRefused() {
    Bench bench(Transport::Tcp, [](FastbootDeviceConfig& config) { config.setActiveKeepsSuccessful = true; });
    VERIFY_OK(bench.store());
    COMPARE_ERROR(bench.driver->activate(bench.image, bench.step), ErrorCode::ProtocolUnexpected);
  }

  // ---- one slot --------------------------------------------------------------------------------------------------

  void updatesInPlace_data() { eachTransport(); }
  void updatesInPlace() {
    QFETCH(int, transport);
    Bench bench(
        static_cast<Transport>(transport), [](FastbootDeviceConfig& config) { config.slots = false; },
        [](ModelDescription& model) {
          model.driverSettings = {{QStringLiteral("partition"), QStringLiteral("firmware")},
                                  {QStringLiteral("slots"), false},
                                  {QStringLiteral("version"), QStringLiteral("version-firmware")},
                                  {QStringLiteral("fetch"), true},
                                  {QStringLiteral("eraseFirst"), true},
                                  {QStringLiteral("running"), QStringLiteral("is-userspace")}};
        });
    const auto before = bench.driver->identify(bench.step);
    QVERIFY2(before.has_value(), before ? "" : qPrintable(before.error().message()));
    QCOMPARE(before->slots.size(), qsizetype{1});
    QVERIFY(before->slots[0].running && !before->inBootloader);
    QVERIFY(!bench.driver->capabilities().slots && !bench.driver->capabilities().testBoot);
    VERIFY_OK(bench.driver->enterBootloader(bench.step));
    const auto inside = bench.driver->identify(bench.step);
    QVERIFY(inside.has_value() && inside->inBootloader && inside->runningSlot() == nullptr);
    VERIFY_OK(bench.storeAndRestart());
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY2(back.has_value(), back ? "" : qPrintable(back.error().message()));
    QCOMPARE(back->runningSlot()->version, std::optional(Version{2, 0, 0, 0}));
    VERIFY_OK(bench.driver->confirm(bench.image, bench.step));
    QVERIFY(bench.device->snapshot().commands.contains("erase:firmware"));
  }

  // Nothing written: leaves the bootloader. Something written: stays.
  void abandonInPlace() {
    Bench bench(
        Transport::Tcp, [](FastbootDeviceConfig& config) { config.slots = false; },
        [](ModelDescription& model) {
          model.driverSettings = {{QStringLiteral("partition"), QStringLiteral("firmware")},
                                  {QStringLiteral("slots"), false},
                                  {QStringLiteral("fetch"), true},
                                  {QStringLiteral("running"), QStringLiteral("is-userspace")}};
        });
    VERIFY_OK(bench.driver->identify(bench.step));
    VERIFY_OK(bench.driver->enterBootloader(bench.step));
    VERIFY_OK(bench.driver->abandon(bench.step));
    QCOMPARE(bench.device->snapshot().phase, Phase::Running);
    bench.device->change([](FastbootBoard& board) { board.device.faults().refuseFlash = "worn out"; });
    QVERIFY(!bench.store().has_value());
    VERIFY_OK(bench.driver->abandon(bench.step));
    QCOMPARE(bench.device->snapshot().phase, Phase::Bootloader);
  }

  // A variable that the device does not have is named, with those that it has.
  void wrongVariableIsExplained() {
    Bench bench(Transport::Tcp, kNoDeviceChange, [](ModelDescription& model) {
      model.driverSettings.insert(QStringLiteral("version"), QStringLiteral("version-system:{slot}"));
    });
    const auto device = bench.driver->identify(bench.step);
    QVERIFY(device.has_value());
    QVERIFY(!device->runningSlot()->version);
    QVERIFY2(bench.notes.contains(QStringLiteral("version-system:{slot}")) &&
                 bench.notes.contains(QStringLiteral("version-firmware, ")),
             qPrintable(bench.notes));
  }
};

QTEST_GUILESS_MAIN(FastbootDriverTest)
#include "fastboot_driver_test.moc"
