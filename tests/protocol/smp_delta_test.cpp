// Differences over SMP: the device makes the new image itself, and whatever it makes, only the agreed image is run.
#include "devices/images/delta/image_delta.h"
#include "devices/registry.h"
#include "tests/support/virtual_firmware.h"

#include <QtTest>

using namespace sealift;
using namespace sealift::test;

namespace {

#define VERIFY_OK(expression)                                                            \
  do {                                                                                   \
    const auto outcome = (expression);                                                   \
    QVERIFY2(outcome.has_value(), outcome ? "" : qPrintable(outcome.error().message())); \
  } while (false)

constexpr quint32 kSeed = 7;  // of both images: they are alike

const VirtualVendor& vendor() {
  static const VirtualVendor instance;
  return instance;
}

// A device that runs 1.0.0 and the image of 2.0.0 with the difference between the two.
struct Bench {
  explicit Bench(
      const std::function<void(SmpDeviceConfig&)>& change = [](SmpDeviceConfig&) {}, const char* behaviour = "healthy",
      DeltaKind kind = DeltaKind::Suffix)
      : old(vendor().build({1, 0, 0, 0}, "healthy", 30000, 1, kSeed)),
        image(vendor().image(vendor().build({2, 0, 0, 7}, behaviour, 30000, 1, kSeed))) {
    SmpDeviceConfig config = vendor().device(old);
    config.deltaImage = 2;
    config.bootMs = 20;
    config.watchdogMs = 200;
    change(config);
    device = std::make_unique<VirtualSmpDevice>(config, VirtualSmpDevice::Transport::Udp);
    model.deviceNames = {QStringLiteral("t2")};
    model.timings.restartSeconds = 10;
    image.delta = DeviceDelta{deltaKindName(kind), makeDelta(kind, old, image.bytes, {}).value(),
                              vendor().image(old).facts.digest};
    started = device->start();
    if (started) {
      device->waitUntil([](const VirtualSmpDevice::Snapshot& now) { return now.running.has_value(); }, 10000);
      driver = driverRegistry().find(QStringLiteral("smp"))->make(model, device->address(), opener).value();
      step.note = [this](const QString& line) { notes << line; };
    }
  }
  qint64 slotBytes() const { return device->snapshot().uploadedBytes; }

  QByteArray old;
  Image image;
  ModelDescription model;
  SystemLinkOpener opener;
  std::unique_ptr<VirtualSmpDevice> device;
  Status started;
  StepContext step;
  QStringList notes;
  std::unique_ptr<Driver> driver;
};

}  // namespace

class SmpDeltaTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void deviceMakesTheImage_data();
  void deviceMakesTheImage();
  void wholeImageInstead_data();
  void wholeImageInstead();
  void failingFirmwareGoesBack();
  void powerGoesWhileItIsMade();
};

void SmpDeltaTest::deviceMakesTheImage_data() {
  QTest::addColumn<char>("kind");
  QTest::newRow("suffix") << 's';
  QTest::newRow("zstd-patch") << 'z';
}

void SmpDeltaTest::deviceMakesTheImage() {
  QFETCH(const char, kind);
  Bench bench([](SmpDeviceConfig&) {}, "healthy", static_cast<DeltaKind>(kind));
  VERIFY_OK(bench.started);
  const auto device = bench.driver->identify(bench.step);
  VERIFY_OK(device);
  QCOMPARE(device->deltaKinds, (QStringList{QStringLiteral("suffix"), QStringLiteral("zstd-patch")}));
  QVERIFY(bench.driver->capabilities().deltaKinds.contains(bench.image.delta->kind));
  QVERIFY(bench.image.delta->bytes.size() < bench.image.bytes.size() / 10);
  VERIFY_OK(bench.driver->enterBootloader(bench.step));
  VERIFY_OK(bench.driver->transfer(bench.image, bench.step));
  QCOMPARE(bench.slotBytes(), 0);  // nothing but the difference came
  QVERIFY2(bench.notes.join(u' ').contains(QStringLiteral("delta")), qPrintable(bench.notes.join(u' ')));
  const Result<StoredProof> proof = bench.driver->verifyOnDevice(bench.image, bench.step);
  VERIFY_OK(proof);
  QVERIFY(proof->method.contains(QStringLiteral("SHA-256 computed by the device")));
  VERIFY_OK(bench.driver->activate(bench.image, bench.step));
  VERIFY_OK(bench.driver->restart(bench.step));
  const auto back = bench.driver->waitForReturn(bench.image, bench.step);
  VERIFY_OK(back);
  QCOMPARE(back->runningSlot()->digest, bench.image.facts.digest);
  VERIFY_OK(bench.driver->confirm(bench.image, bench.step));
}

void SmpDeltaTest::wholeImageInstead_data() {
  QTest::addColumn<QString>("why");
  for (const char* why :
       {"device can't", "device can't this kind", "device runs something else", "device makes another image",
        "no room for the delta", "delta is for another base", "no delta"}) {
    QTest::newRow(why) << QString::fromLatin1(why);
  }
}

void SmpDeltaTest::wholeImageInstead() {
  QFETCH(const QString, why);
  Bench bench([&](SmpDeviceConfig& config) {
    config.deltaImage = why == QLatin1String("device can't") ? 0 : 2;
    config.deltaBytes = why == QLatin1String("no room for the delta") ? 16 : config.deltaBytes;
  });
  VERIFY_OK(bench.started);
  VERIFY_OK(bench.driver->identify(bench.step));
  if (why == QLatin1String("device makes another image")) {
    bench.device->spoilDeltas(true);
  } else if (why == QLatin1String("device can't this kind")) {
    bench.image.delta->kind = QStringLiteral("other");
  } else if (why == QLatin1String("device runs something else")) {
    bench.image.delta->baseDigest[0] = static_cast<char>(bench.image.delta->baseDigest[0] ^ 1);
  } else if (why == QLatin1String("delta is for another base")) {
    bench.image.delta->bytes =
        makeDelta(DeltaKind::Suffix, QByteArray(100, 'x') + bench.old, bench.image.bytes, {}).value();
  } else if (why == QLatin1String("no delta")) {
    bench.image.delta.reset();
  }
  VERIFY_OK(bench.driver->enterBootloader(bench.step));
  VERIFY_OK(bench.driver->transfer(bench.image, bench.step));
  QCOMPARE(bench.slotBytes(), bench.image.bytes.size());
  VERIFY_OK(bench.driver->verifyOnDevice(bench.image, bench.step));
  VERIFY_OK(bench.driver->activate(bench.image, bench.step));
  VERIFY_OK(bench.driver->restart(bench.step));
  const auto back = bench.driver->waitForReturn(bench.image, bench.step);
  VERIFY_OK(back);
  QCOMPARE(back->runningSlot()->digest, bench.image.facts.digest);
}

void SmpDeltaTest::failingFirmwareGoesBack() {
  Bench bench([](SmpDeviceConfig&) {}, "hang");
  VERIFY_OK(bench.started);
  VERIFY_OK(bench.driver->identify(bench.step));
  VERIFY_OK(bench.driver->transfer(bench.image, bench.step));
  QCOMPARE(bench.slotBytes(), 0);
  VERIFY_OK(bench.driver->activate(bench.image, bench.step));
  VERIFY_OK(bench.driver->restart(bench.step));
  const auto back = bench.driver->waitForReturn(bench.image, bench.step);
  VERIFY_OK(back);
  QCOMPARE(back->runningSlot()->version, std::optional(Version{1, 0, 0, 0}));
}

// Here and there while it writes: what it runs stays, and the image is there in the end, by this try or the next one.
void SmpDeltaTest::powerGoesWhileItIsMade() {
  quint64 operations = 0;
  {
    Bench bench;
    VERIFY_OK(bench.started);
    VERIFY_OK(bench.driver->identify(bench.step));
    const quint64 before = bench.device->snapshot().flashOperations;
    VERIFY_OK(bench.driver->transfer(bench.image, bench.step));
    operations = bench.device->snapshot().flashOperations - before;
  }
  QVERIFY2(operations > 5, qPrintable(QString::number(operations)));
  for (quint64 at = 1; at <= operations; at += std::max<quint64>(1, operations / 6)) {
    Bench bench([](SmpDeviceConfig& config) { config.powerReturnMs = 1; });
    VERIFY_OK(bench.started);
    VERIFY_OK(bench.driver->identify(bench.step));
    bench.device->cutPowerAtFlashOperation(at);
    const bool atOnce = bench.driver->transfer(bench.image, bench.step).has_value();
    QVERIFY(bench.device->waitUntil(
        [](const VirtualSmpDevice::Snapshot& now) { return now.running.has_value() && now.boots > 1; }, 10000));
    QCOMPARE(bench.device->snapshot().running, std::optional(Version{1, 0, 0, 0}));
    if (!atOnce) {
      VERIFY_OK(bench.driver->transfer(bench.image, bench.step));
    }
    VERIFY_OK(bench.driver->verifyOnDevice(bench.image, bench.step));
  }
}

QTEST_GUILESS_MAIN(SmpDeltaTest)
#include "smp_delta_test.moc"
