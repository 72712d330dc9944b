// The driver against the virtual device: another reading of the same documents, over real sockets and terminals.
#include "devices/registry.h"
#include "tests/support/virtual_firmware.h"

#include <QtTest>

using namespace sealift;
using namespace sealift::test;

namespace {

using Transport = VirtualSmpDevice::Transport;

#define VERIFY_OK(expression)                                                            \
  do {                                                                                   \
    const auto outcome = (expression);                                                   \
    QVERIFY2(outcome.has_value(), outcome ? "" : qPrintable(outcome.error().message())); \
  } while (false)

#define COMPARE_ERROR(expression, expected)   \
  do {                                        \
    const auto outcome = (expression);        \
    QVERIFY(!outcome.has_value());            \
    QCOMPARE(outcome.error().code, expected); \
  } while (false)

const VirtualVendor& vendor() {
  static const VirtualVendor instance;
  return instance;
}

// A device that runs 1.0.0, the image of 2.0.0, and a driver for it.
struct Bench {
  explicit Bench(
      Transport transport, const QByteArray& behaviour = "healthy",
      const std::function<void(SmpDeviceConfig&)>& change = [](SmpDeviceConfig&) {})
      : image(vendor().image(vendor().build({2, 0, 0, 7}, behaviour))) {
    SmpDeviceConfig config = vendor().device(vendor().build({1, 0, 0, 0}));
    config.serial = QStringLiteral("SN-42");
    config.bootMs = 300;
    config.watchdogMs = 300;
    change(config);
    device = std::make_unique<VirtualSmpDevice>(config, transport);
    model.name = QStringLiteral("Norrland T2");
    model.deviceNames = {QStringLiteral("t2")};
    model.timings.restartSeconds = 10;
    started = device->start();
    if (started) {
      device->waitUntil([](const VirtualSmpDevice::Snapshot& now) { return now.running.has_value(); }, 10000);
      makeDriver();
    }
  }
  void makeDriver() {
    driver = driverRegistry().find(QStringLiteral("smp"))->make(model, device->address(), opener).value();
  }
  Status store() {
    SEALIFT_CHECK(driver->enterBootloader(step));
    SEALIFT_CHECK(driver->transfer(image, step));
    SEALIFT_CHECK(driver->verifyOnDevice(image, step));
    return {};
  }
  Status storeAndRestart() {
    SEALIFT_CHECK(store());
    SEALIFT_CHECK(driver->activate(image, step));
    return driver->restart(step);
  }

  Image image;
  ModelDescription model;
  SystemLinkOpener opener;
  std::unique_ptr<VirtualSmpDevice> device;
  Status started;
  StepContext step;
  std::unique_ptr<Driver> driver;
};

}  // namespace

class SmpDriverVirtualTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void updatesAndConfirms_data() {
    QTest::addColumn<int>("transport");
    QTest::addColumn<int>("style");
    for (const int style : {0, 1}) {
      QTest::addRow("UDP, %s server", style == 0 ? "newer" : "older") << static_cast<int>(Transport::Udp) << style;
      QTest::addRow("serial, %s server", style == 0 ? "newer" : "older") << static_cast<int>(Transport::Pty) << style;
    }
  }
  void updatesAndConfirms() {
    QFETCH(int, transport);
    QFETCH(int, style);
    Bench bench(static_cast<Transport>(transport), "healthy", [style](SmpDeviceConfig& config) {
      config.indefiniteMaps = config.frugalLists = config.successCarriesRc = style == 1;
      config.eraseProgressively = style == 0;
    });
    VERIFY_OK(bench.started);
    const auto before = bench.driver->identify(bench.step);
    QVERIFY2(before.has_value(), before ? "" : qPrintable(before.error().message()));
    QCOMPARE(before->deviceName, QStringLiteral("t2"));
    QCOMPARE(before->serial, QStringLiteral("SN-42"));
    QCOMPARE(before->hardwareRevision, QStringLiteral("A"));
    QCOMPARE(before->secureBoot, TriState::Yes);
    QCOMPARE(before->securityVersion, std::optional<quint32>(1));
    QCOMPARE(before->batteryPercent, std::optional<int>(100));
    QVERIFY(before->runningSlot() != nullptr);
    QCOMPARE(before->runningSlot()->version, std::optional(Version{1, 0, 0, 0}));
    QVERIFY(before->runningSlot()->confirmed);
    QVERIFY(before->bootloader.startsWith(QStringLiteral("MCUboot, swap")));

    VERIFY_OK(bench.storeAndRestart());
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY2(back.has_value(), back ? "" : qPrintable(back.error().message()));
    QVERIFY(back->sameUnit(*before));
    QCOMPARE(back->runningSlot()->digest, bench.image.facts.digest);
    QCOMPARE(back->runningSlot()->version, std::optional(Version{2, 0, 0, 7}));
    QVERIFY(!back->runningSlot()->confirmed);
    VERIFY_OK(bench.driver->confirm(bench.image, bench.step));
    const VirtualSmpDevice::Snapshot state = bench.device->snapshot();
    QVERIFY(state.confirmed);
    QCOMPARE(state.boots, 2U);
  }

  // The new firmware never answers: the watchdog resets it, MCUboot takes the old image back.
  void hangingFirmwareIsReverted() {
    Bench bench(Transport::Udp, "hang");
    VERIFY_OK(bench.started);
    VERIFY_OK(bench.storeAndRestart());
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY2(back.has_value(), back ? "" : qPrintable(back.error().message()));
    QCOMPARE(back->runningSlot()->version, std::optional(Version{1, 0, 0, 0}));
    QVERIFY(back->runningSlot()->confirmed);
  }

  // It answers, and refuses to be confirmed.
  void deniedConfirmationIsAnError() {
    Bench bench(Transport::Udp, "deny-confirm");
    VERIFY_OK(bench.started);
    VERIFY_OK(bench.storeAndRestart());
    VERIFY_OK(bench.driver->waitForReturn(bench.image, bench.step));
    COMPARE_ERROR(bench.driver->confirm(bench.image, bench.step), ErrorCode::ProtocolRefused);
    QVERIFY(!bench.device->snapshot().confirmed);
  }

  void pretendedWritesAreFound() {
    Bench bench(Transport::Udp);
    VERIFY_OK(bench.started);
    bench.device->pretendToWrite(true);
    const Status stored = bench.store();
    QVERIFY(!stored.has_value());
    QCOMPARE(stored.error().code, ErrorCode::DeviceVerifyFailed);
  }

  void refusedUploadIsToldInTheDevicesWords() {
    Bench bench(Transport::Udp);
    VERIFY_OK(bench.started);
    bench.device->refuseUploads(true);
    const Status stored = bench.store();
    QVERIFY(!stored.has_value());
    QCOMPARE(stored.error().code, ErrorCode::ProtocolRefused);
  }

  void lostPacketsDoNotMatter() {
    Bench bench(Transport::Udp);
    VERIFY_OK(bench.started);
    bench.device->dropRequests(2);
    VERIFY_OK(bench.driver->identify(bench.step));
    bench.device->dropResponses(2);
    VERIFY_OK(bench.store());
  }

  // Cancelled in the middle, in a new driver: goes on where it stopped.
  void resumes_data() {
    QTest::addColumn<int>("transport");
    QTest::newRow("UDP") << static_cast<int>(Transport::Udp);
    QTest::newRow("serial") << static_cast<int>(Transport::Pty);
  }
  void resumes() {
    QFETCH(int, transport);
    Bench bench(static_cast<Transport>(transport));
    VERIFY_OK(bench.started);
    StepContext cancelled;
    cancelled.progress = Progress([&cancelled](const ProgressUpdate& update) {
      if (update.bytesDone > 10000) {
        cancelled.cancel.cancel();
      }
    });
    COMPARE_ERROR(bench.driver->transfer(bench.image, cancelled), ErrorCode::Cancelled);
    VERIFY_OK(bench.driver->abandon(bench.step));
    bench.makeDriver();
    VERIFY_OK(bench.store());
    QVERIFY(bench.device->snapshot().uploadedBytes < bench.image.bytes.size() + 10000);
  }

  // Power is cut while it writes: the old version boots, and the upload is done again.
  void survivesPowerCutDuringTransfer() {
    Bench bench(Transport::Udp, "healthy", [](SmpDeviceConfig& config) { config.powerReturnMs = 100; });
    VERIFY_OK(bench.started);
    bench.device->cutPowerAtFlashOperation(40);
    VERIFY_OK(bench.store());
    QCOMPARE(bench.device->snapshot().running, std::optional(Version{1, 0, 0, 0}));
    VERIFY_OK(bench.driver->activate(bench.image, bench.step));
    VERIFY_OK(bench.driver->restart(bench.step));
    const auto back = bench.driver->waitForReturn(bench.image, bench.step);
    QVERIFY(back.has_value());
    QCOMPARE(back->runningSlot()->digest, bench.image.facts.digest);
  }

  void abandonAfterActivate() {
    Bench bench(Transport::Udp);
    VERIFY_OK(bench.started);
    VERIFY_OK(bench.store());
    VERIFY_OK(bench.driver->abandon(bench.step));
    VERIFY_OK(bench.driver->activate(bench.image, bench.step));
    // Whether the device can let go is its own affair; that it is told truly is ours.
    const Status abandoned = bench.driver->abandon(bench.step);
    const auto state = bench.driver->identify(bench.step);
    QVERIFY(state.has_value());
    bool pending = false;
    for (const Slot& slot : state->slots) {
      pending = pending || slot.pending;
    }
    QCOMPARE(abandoned.has_value(), !pending);
    QCOMPARE(state->runningSlot()->version, std::optional(Version{1, 0, 0, 0}));
  }

  void anotherImageInTheSlotIsNoProof() {
    Bench bench(Transport::Udp);
    VERIFY_OK(bench.started);
    VERIFY_OK(bench.store());
    const Image other = vendor().image(vendor().build({2, 0, 1, 0}));
    COMPARE_ERROR(bench.driver->verifyOnDevice(other, bench.step), ErrorCode::DeviceVerifyFailed);
    COMPARE_ERROR(bench.driver->activate(other, bench.step), ErrorCode::ProtocolRefused);
    COMPARE_ERROR(bench.driver->confirm(bench.image, bench.step), ErrorCode::ProtocolUnexpected);
  }
};

QTEST_GUILESS_MAIN(SmpDriverVirtualTest)
#include "smp_driver_virtual_test.moc"
