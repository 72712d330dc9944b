// The driver `dfu` against the virtual device: whole updates, refusals, faults, and an end at every transfer.
#include "devices/drivers/dfu_driver.h"

#include "devices/registry.h"
#include "devices/virtual/virtual_dfu_device.h"
#include "tests/support/dfu_world.h"

#include <QTest>
#include <QThread>

#include <atomic>

using namespace sealift;
using std::chrono::milliseconds;

namespace {

// A device with firmware 1.0.0 and a driver for it.
struct Bench {
  explicit Bench(const VirtualDfuDeviceConfig& given = {}, const QJsonObject& settings = {}) : config(given) {
    config.usb.absence = milliseconds(5);
    if (config.firmware.isEmpty()) {
      config.firmware = old;
    }
    device = std::make_shared<VirtualDfuDevice>(config);
    bus.plugIn(kDfuPlace, device);
    model = dfuModel(QStringLiteral("dfu"), config.usb, settings);
    driver = makeDriver();
  }
  std::unique_ptr<DfuDriver> makeDriver() {
    return std::make_unique<DfuDriver>(model, UsbDfuSettings::fromJson(model.driverSettings).value(), dfuAddress(),
                                       bus);
  }
  Status update() { return update(dfuImage(fresh, config.usb)); }
  Status update(const Image& image) { return runUpdate(*driver, image, step, stage, &after); }
  void replug() {
    bus.unplug(kDfuPlace);
    bus.plugIn(kDfuPlace, device);
  }

  const QByteArray old = makeUsbFirmware(0x0100, 9000, 1);
  const QByteArray fresh = makeUsbFirmware(0x0213, 9000, 2);
  VirtualDfuDeviceConfig config;
  ModelDescription model;
  VirtualUsbBus bus;
  std::shared_ptr<VirtualDfuDevice> device;
  std::unique_ptr<DfuDriver> driver;
  StepContext step;
  QString stage;
  std::optional<DeviceSnapshot> after;
};

QJsonObject object(const char* name, const QJsonValue& value) {
  return {{QLatin1String(name), value}};
}

}  // namespace

class DfuDriverTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void isRegistered();
  void updates_data();
  void updates();
  void sendsASignedImageAsItIs();
  void tellsItsVersion_data();
  void tellsItsVersion();
  void writesTheNamedMemory();
  void refusesSettings_data();
  void refusesSettings();
  void refusesAStrangersSuffix();
  void refusesWhatCantBeRead();
  void withoutReadingBackOnlyTheVersionProves();
  void opensNobodyElse();
  void needsPermission();
  void asksForTheButton();
  void noticesAnotherUnit();
  void noticesAnotherDeviceAfterDetach();
  void staysWhenItDoesNotDetach();
  void wrongContentIsFound();
  void silenceAndVanishing_data();
  void silenceAndVanishing();
  void lostAtEachTransfer();
  void cancelledInEachStep_data();
  void cancelledInEachStep();
  void leavesTheBootloaderUnwritten();
  void leavesADeviceWhereItWasFound();
  void aDeviceWithoutFirmwareIsRepaired();
  void brokenFirmwareSaysWhy();
};

void DfuDriverTest::isRegistered() {
  const DriverEntry* entry = driverRegistry().find(QStringLiteral("dfu"));
  QVERIFY(entry != nullptr);
  QCOMPARE(entry->links, QList<LinkKind>{LinkKind::Usb});
  QCOMPARE(entry->capabilities.names(), (QStringList{QStringLiteral("readback"), QStringLiteral("runningVersion")}));
  Bench bench;
  QVERIFY(entry->make(bench.model, dfuAddress(), bench.bus));
}

void DfuDriverTest::updates_data() {
  QTest::addColumn<bool>("tolerant");
  QTest::addColumn<bool>("willDetach");
  QTest::addColumn<bool>("answers");
  QTest::addColumn<bool>("whole");
  QTest::newRow("tolerant, detaches itself") << true << true << true << false;
  QTest::newRow("tolerant, is reset") << true << false << true << false;
  QTest::newRow("waits for a reset") << false << true << true << false;
  QTest::newRow("waits in silence, is reset") << false << false << false << false;
  QTest::newRow("gives all of its memory") << true << true << true << true;
}

void DfuDriverTest::updates() {
  QFETCH(bool, tolerant);
  QFETCH(bool, willDetach);
  QFETCH(bool, answers);
  QFETCH(bool, whole);
  VirtualDfuDeviceConfig config;
  config.usb.manifestationTolerant = tolerant;
  config.usb.willDetach = willDetach;
  config.usb.answersBeforeReset = answers;
  config.usb.blockTime = milliseconds(1);
  config.usb.manifestTime = milliseconds(2);
  config.uploadsWholeMemory = whole;
  Bench bench(config);
  const auto before = bench.driver->identify(bench.step);
  VERIFY_STAGE_OK(before);
  QCOMPARE(before->deviceName, QStringLiteral("Norrland U1"));
  QCOMPARE(before->serial, QStringLiteral("NU1-0001"));
  QVERIFY(!before->inBootloader);
  QCOMPARE(before->slots.size(), 1);
  QCOMPARE(before->runningSlot()->version, Version::parse(QStringLiteral("1.0.0")));
  QVERIFY(before->runningSlot()->confirmed);
  const Status done = bench.update();
  VERIFY_STAGE_OK(done);
  QCOMPARE(bench.device->content(), bench.fresh);
  QVERIFY(!bench.after->inBootloader);
  QCOMPARE(bench.after->runningSlot()->version, Version::parse(QStringLiteral("2.1.3")));
  QVERIFY(bench.after->sameUnit(*before));
}

void DfuDriverTest::sendsASignedImageAsItIs() {
  Bench bench;
  Image image;
  image.bytes = bench.fresh;  // whatever the format's own check said of it
  image.sha256 = sha256(image.bytes);
  image.facts.format = QStringLiteral("mcuboot");
  VERIFY_STAGE_OK(bench.update(image));
  QCOMPARE(bench.device->content(), bench.fresh);
}

void DfuDriverTest::tellsItsVersion_data() {
  QTest::addColumn<QJsonObject>("settings");
  QTest::addColumn<int>("release");
  QTest::addColumn<QString>("product");
  QTest::addColumn<QString>("version");
  const auto from = [](const char* source, const char* name, const char* value) {
    return object("version", QJsonObject{{QStringLiteral("from"), QLatin1String(source)},
                                         {QLatin1String(name), QLatin1String(value)}});
  };
  QTest::newRow("JJ.M.N") << QJsonObject() << 0x0213 << QString() << QStringLiteral("2.1.3");
  QTest::newRow("JJ.M.N, two digits") << QJsonObject() << 0x1234 << QString() << QStringLiteral("12.3.4");
  QTest::newRow("JJ.MN") << from("bcdDevice", "form", "JJ.MN") << 0x0213 << QString() << QStringLiteral("2.13");
  QTest::newRow("not decimal") << QJsonObject() << 0x02A3 << QString() << QString();
  QTest::newRow("in the product's name") << from("product", "pattern", "v(?<version>[0-9.]+)") << 0x0100
                                         << QStringLiteral("U1 v3.4.5") << QStringLiteral("3.4.5");
  QTest::newRow("not in the product's name")
      << from("product", "pattern", "v(?<version>[0-9.]+)") << 0x0100 << QStringLiteral("U1") << QString();
  QTest::newRow("in the interface's name")
      << from("interface", "pattern", "(?<version>DFU)") << 0x0100 << QString() << QString();
  QTest::newRow("nowhere") << object("version", QJsonObject{{QStringLiteral("from"), QStringLiteral("none")}}) << 0x0213
                           << QString() << QString();
}

void DfuDriverTest::tellsItsVersion() {
  QFETCH(QJsonObject, settings);
  QFETCH(int, release);
  QFETCH(QString, product);
  QFETCH(QString, version);
  VirtualDfuDeviceConfig config;
  config.firmware = makeUsbFirmware(static_cast<quint16>(release), 100);
  if (!product.isEmpty()) {
    config.usb.product = product;
  }
  Bench bench(config, settings);
  const auto device = bench.driver->identify(bench.step);
  VERIFY_STAGE_OK(device);
  QCOMPARE(device->runningSlot()->version, Version::parse(version));
  QCOMPARE(bench.driver->capabilities().runningVersion,
           settings.isEmpty() || QTest::currentDataTag() != QByteArray("nowhere"));
}

void DfuDriverTest::writesTheNamedMemory() {
  VirtualDfuDeviceConfig config;
  config.memories = {QStringLiteral("Firmware"), QStringLiteral("Radio")};
  Bench unnamed(config);
  QCOMPARE(unnamed.update().error().code, ErrorCode::DeviceNotRecognised);
  Bench bench(config, object("alternate", QStringLiteral("Radio")));
  StepContext& step = bench.step;
  VERIFY_STAGE_OK(bench.driver->identify(step));
  VERIFY_STAGE_OK(bench.driver->enterBootloader(step));
  const Image image = dfuImage(bench.fresh, config.usb);
  VERIFY_STAGE_OK(bench.driver->transfer(image, step));
  VERIFY_STAGE_OK(bench.driver->verifyOnDevice(image, step));
  QCOMPARE(bench.device->content(0), bench.old);
  QCOMPARE(bench.device->content(1), bench.fresh);
}

void DfuDriverTest::refusesSettings_data() {
  QTest::addColumn<QJsonObject>("settings");
  QTest::newRow("no such setting") << object("readback", true);
  QTest::newRow("not a flag") << object("readBack", 1);
  QTest::newRow("not a text") << object("alternate", 1);
  QTest::newRow("a long text") << object("howToEnter", QString(2000, QLatin1Char('x')));
  QTest::newRow("a version from nowhere")
      << object("version", QJsonObject{{QStringLiteral("from"), QStringLiteral("x")}});
  QTest::newRow("a version in no form") << object("version",
                                                  QJsonObject{{QStringLiteral("from"), QStringLiteral("bcdDevice")},
                                                              {QStringLiteral("form"), QStringLiteral("J")}});
  QTest::newRow("a pattern without version")
      << object("version", QJsonObject{{QStringLiteral("from"), QStringLiteral("product")},
                                       {QStringLiteral("pattern"), QStringLiteral("v(.*)")}});
  QTest::newRow("a broken pattern") << object("version",
                                              QJsonObject{{QStringLiteral("from"), QStringLiteral("product")},
                                                          {QStringLiteral("pattern"), QStringLiteral("v(?<version>")}});
  QTest::newRow("not an address") << object("address", QStringLiteral("134217728"));
  QTest::newRow("erases otherwise") << object("erase", QStringLiteral("nothing"));
  QTest::newRow("nothing proves anything")
      << QJsonObject{{QStringLiteral("readBack"), false},
                     {QStringLiteral("version"), QJsonObject{{QStringLiteral("from"), QStringLiteral("none")}}}};
}

void DfuDriverTest::refusesSettings() {
  QFETCH(QJsonObject, settings);
  Bench bench;
  bench.model.driverSettings = settings;
  for (const char* name : {"dfu", "dfuse"}) {
    const auto driver = driverRegistry().find(QLatin1String(name))->make(bench.model, dfuAddress(), bench.bus);
    QVERIFY(!driver);
    QCOMPARE(driver.error().code, ErrorCode::InvalidArgument);
  }
}

void DfuDriverTest::refusesAStrangersSuffix() {
  Bench bench;
  VirtualDfuConfig other = bench.config.usb;
  other.dfuProductId = 0x7777;
  const Status done = bench.update(dfuImage(bench.fresh, other));
  QCOMPARE(bench.stage, QStringLiteral("transfer"));
  QCOMPARE(done.error().code, ErrorCode::ImageFormatRefused);
  QCOMPARE(bench.device->flashOperations(), 3U);  // those at delivery
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Application);
  QCOMPARE(bench.device->content(), bench.old);
}

void DfuDriverTest::refusesWhatCantBeRead() {
  VirtualDfuDeviceConfig config;
  config.usb.canUpload = false;
  Bench bench(config);
  const Status done = bench.update();
  QCOMPARE(bench.stage, QStringLiteral("enter"));
  QCOMPARE(done.error().code, ErrorCode::NotSupported);
  QCOMPARE(bench.device->content(), bench.old);
}

void DfuDriverTest::withoutReadingBackOnlyTheVersionProves() {
  VirtualDfuDeviceConfig config;
  config.usb.canUpload = false;
  config.usb.manifestationTolerant = false;
  Bench bench(config, object("readBack", false));
  QVERIFY(!bench.driver->capabilities().readback);
  VERIFY_STAGE_OK(bench.update());
  QCOMPARE(bench.after->runningSlot()->version, Version::parse(QStringLiteral("2.1.3")));
  const auto proof = bench.driver->verifyOnDevice(dfuImage(bench.fresh, config.usb), bench.step);
  QVERIFY(proof && proof->digest.isEmpty() && proof->method.contains(QStringLiteral("can't be read back")));
}

void DfuDriverTest::opensNobodyElse() {
  Bench bench;
  bench.model.usbIds = {{0x1209, 0x4444}};
  bench.driver = bench.makeDriver();
  const auto device = bench.driver->identify(bench.step);
  QCOMPARE(device.error().code, ErrorCode::DeviceNotRecognised);
  QCOMPARE(bench.driver->enterBootloader(bench.step).error().code, ErrorCode::DeviceNotRecognised);
  QCOMPARE(bench.bus.transfers(kDfuPlace), 0U);
  bench.bus.unplug(kDfuPlace);
  QCOMPARE(bench.driver->identify(bench.step).error().code, ErrorCode::LinkLost);
}

void DfuDriverTest::needsPermission() {
  Bench bench;
  bench.bus.denyPermission(kDfuPlace, true);
  QCOMPARE(bench.driver->identify(bench.step).error().code, ErrorCode::LinkPermission);
  bench.bus.denyPermission(kDfuPlace, false);
  bench.bus.occupy(kDfuPlace, 0, true);
  QCOMPARE(bench.update().error().code, ErrorCode::LinkOpen);
  bench.bus.occupy(kDfuPlace, 0, false);
  VERIFY_STAGE_OK(bench.update());
}

void DfuDriverTest::asksForTheButton() {
  VirtualDfuDeviceConfig config;
  config.usb.runTimeInterface = false;
  Bench bench(config, object("howToEnter", QStringLiteral("Hold BOOT while plugging it in.")));
  const Status done = bench.update();
  QCOMPARE(bench.stage, QStringLiteral("enter"));
  QCOMPARE(done.error().code, ErrorCode::NotSupported);
  QCOMPARE(done.error().remedy, QStringLiteral("Hold BOOT while plugging it in."));
  bench.device->holdBootButton(true);
  bench.replug();
  bench.device->holdBootButton(false);
  VERIFY_STAGE_OK(bench.update());
  QCOMPARE(bench.device->content(), bench.fresh);
}

void DfuDriverTest::noticesAnotherUnit() {
  Bench bench;
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VirtualDfuDeviceConfig other = bench.config;
  other.usb.serial = other.usb.dfuSerial = QStringLiteral("NU1-0002");
  const auto swapped = std::make_shared<VirtualDfuDevice>(other);
  bench.bus.plugIn(kDfuPlace, swapped);
  QCOMPARE(bench.driver->enterBootloader(bench.step).error().code, ErrorCode::DeviceChanged);
  QCOMPARE(swapped->requests(), 0U);
  // Its bootloader tells another number: the same unit only where the model says that bootloaders do so.
  VirtualDfuDeviceConfig own;
  own.usb.dfuSerial = QStringLiteral("345F36733138");
  Bench strict(own);
  QCOMPARE(strict.update().error().code, ErrorCode::DeviceChanged);
  Bench lenient(own, object("serialInBootloader", false));
  const Status done = lenient.update();
  QVERIFY2(done, qPrintable(done ? QString() : done.error().message()));
}

void DfuDriverTest::noticesAnotherDeviceAfterDetach() {
  Bench bench;
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VirtualDfuFaults faults;
  faults.comesBackAsAnother = true;
  bench.device->setFaults(faults);
  QCOMPARE(bench.driver->enterBootloader(bench.step).error().code, ErrorCode::DeviceChanged);
  QCOMPARE(bench.device->requests(), 1U);  // DETACH; nothing to the stranger
}

void DfuDriverTest::staysWhenItDoesNotDetach() {
  Bench bench;
  bench.model.timings.restartSeconds = 0;
  bench.driver = bench.makeDriver();
  VirtualDfuFaults faults;
  faults.staysAfterDetach = true;
  bench.device->setFaults(faults);
  QCOMPARE(bench.driver->enterBootloader(bench.step).error().code, ErrorCode::DeviceDidNotReturn);
}

void DfuDriverTest::wrongContentIsFound() {
  Bench bench;
  VirtualDfuFaults faults;
  faults.storesWrongly = true;
  bench.device->setFaults(faults);
  const Status done = bench.update();
  QCOMPARE(bench.stage, QStringLiteral("verify"));
  QCOMPARE(done.error().code, ErrorCode::DeviceVerifyFailed);
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));  // written: stays in its bootloader
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Bootloader);
  QVERIFY(bench.driver->identify(bench.step)->inBootloader);
  bench.device->setFaults({});
  VERIFY_STAGE_OK(bench.update());
}

void DfuDriverTest::silenceAndVanishing_data() {
  QTest::addColumn<QString>("fault");
  QTest::addColumn<int>("at");
  for (int at = 1; at <= 24; at += 3) {
    for (const char* fault : {"silence", "vanishing", "garbage"}) {
      QTest::addRow("%s at request %d", fault, at) << QString::fromLatin1(fault) << at;
    }
  }
}

void DfuDriverTest::silenceAndVanishing() {
  QFETCH(QString, fault);
  QFETCH(int, at);
  Bench bench;
  bench.model.timings.restartSeconds = at == 1 ? 0 : 1;
  bench.driver = bench.makeDriver();
  bench.driver->unit().setPatience(briefPatience());
  VirtualDfuFaults faults;
  const auto nth = static_cast<quint64>(at);
  (fault == QLatin1String("silence")   ? faults.silentFromRequest
   : fault == QLatin1String("garbage") ? faults.garbageFromRequest
                                       : faults.vanishAtRequest) = nth;
  bench.device->setFaults(faults);
  const Status done = bench.update();
  if (done) {  // garbage in an answer that nobody needs
    QCOMPARE(bench.device->content(), bench.fresh);
    return;
  }
  QVERIFY2(!done.error().what.isEmpty() && bench.stage != QLatin1String("confirm"), qPrintable(bench.stage));
  // Repaired, it takes the firmware.
  bench.device->setFaults({});
  bench.replug();
  bench.model.timings.restartSeconds = 5;
  bench.driver = bench.makeDriver();
  const Status again = bench.update();
  VERIFY_STAGE_OK(again);
  QCOMPARE(bench.device->content(), bench.fresh);
}

void DfuDriverTest::lostAtEachTransfer() {
  bool whole = false;
  for (quint64 nth = 1; !whole; ++nth) {
    Bench bench;
    bench.model.timings.restartSeconds = 1;  // nobody plugs it in again meanwhile
    bench.driver = bench.makeDriver();
    bench.driver->unit().setPatience(briefPatience());
    VERIFY_STAGE_OK(bench.driver->identify(bench.step));
    bench.bus.unplugAtTransfer(kDfuPlace, nth);
    bench.model.timings.restartSeconds = 5;
    const Status done = bench.update();
    whole = bench.bus.transfers(kDfuPlace) < nth;
    bench.bus.unplugAtTransfer(kDfuPlace, 0);
    if (whole) {
      QVERIFY(nth > 15);
      break;
    }
    QVERIFY(!done);
    bench.bus.plugIn(kDfuPlace, bench.device);
    bench.driver = bench.makeDriver();
    const auto now = bench.driver->identify(bench.step);
    VERIFY_STAGE_OK(now);
    QVERIFY(now->inBootloader ? bench.device->content().isEmpty()
                              : bench.device->content() == bench.old || bench.device->content() == bench.fresh);
    VERIFY_STAGE_OK(bench.update());
    QCOMPARE(bench.device->content(), bench.fresh);
  }
}

void DfuDriverTest::cancelledInEachStep_data() {
  QTest::addColumn<int>("at");
  for (int at = 0; at < 20; at += 2) {
    QTest::addRow("after %d requests", at) << at;
  }
}

void DfuDriverTest::cancelledInEachStep() {
  QFETCH(int, at);
  VirtualDfuDeviceConfig config;
  config.usb.blockTime = milliseconds(3);
  Bench bench(config);
  const CancelToken cancel = bench.step.cancel;
  std::atomic<bool> over = false;
  const std::unique_ptr<QThread> canceller(QThread::create([&] {
    while (!over && bench.device->requests() < static_cast<quint64>(at)) {
      QThread::usleep(200);
    }
    cancel.cancel();
  }));
  canceller->start();
  const Status done = bench.update();
  over = true;
  canceller->wait();
  QVERIFY(done || done.error().code == ErrorCode::Cancelled);
  StepContext step;
  VERIFY_STAGE_OK(bench.driver->abandon(step));
  const auto now = bench.driver->identify(step);
  VERIFY_STAGE_OK(now);
  if (!now->inBootloader) {
    QVERIFY(bench.device->content() == bench.old || bench.device->content() == bench.fresh);
  }
}

void DfuDriverTest::leavesTheBootloaderUnwritten() {
  Bench bench;
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VERIFY_STAGE_OK(bench.driver->enterBootloader(bench.step));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Bootloader);
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Application);
  QCOMPARE(bench.device->content(), bench.old);
}

void DfuDriverTest::leavesADeviceWhereItWasFound() {
  Bench bench;
  bench.device->holdBootButton(true);
  bench.replug();
  bench.device->holdBootButton(false);
  const auto found = bench.driver->identify(bench.step);
  QVERIFY(found && found->inBootloader && found->runningSlot() == nullptr);
  VERIFY_STAGE_OK(bench.driver->enterBootloader(bench.step));
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Bootloader);
}

void DfuDriverTest::aDeviceWithoutFirmwareIsRepaired() {
  Bench bench;
  bench.device->cutPowerAtFlashOperation(3);
  QVERIFY(!bench.update());
  bench.device->cutPowerAtFlashOperation(0);
  bench.replug();
  QCOMPARE(bench.device->state(), DfuMachine::State::kError);  // errFIRMWARE
  const auto found = bench.driver->identify(bench.step);
  QVERIFY(found && found->inBootloader);
  VERIFY_STAGE_OK(bench.update());
  QCOMPARE(bench.device->content(), bench.fresh);
}

void DfuDriverTest::brokenFirmwareSaysWhy() {
  Bench bench;
  bench.device->cutPowerAtFlashOperation(3);
  QVERIFY(!bench.update());
  bench.device->cutPowerAtFlashOperation(0);
  bench.replug();
  bench.model.timings.restartSeconds = 0;
  bench.driver = bench.makeDriver();
  const auto back = bench.driver->waitForReturn({}, bench.step);
  QCOMPARE(back.error().code, ErrorCode::DeviceDidNotReturn);
  QVERIFY2(back.error().what.contains(QStringLiteral("errFIRMWARE")), qPrintable(back.error().what));
}

QTEST_GUILESS_MAIN(DfuDriverTest)
#include "dfu_driver_test.moc"
