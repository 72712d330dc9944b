// The driver `dfuse` and its session against the virtual STM32.
#include "devices/drivers/dfuse_driver.h"

#include "devices/registry.h"
#include "devices/virtual/virtual_dfuse_device.h"
#include "tests/support/dfu_world.h"

#include <QTest>
#include <QThread>

#include <atomic>

using namespace sealift;
using namespace std::chrono_literals;

namespace {

constexpr quint32 kBase = 0x08000000;

struct Bench {
  explicit Bench(const VirtualDfuseDeviceConfig& given = {}, QJsonObject settings = {}) : config(given) {
    config.usb.absence = 5ms;
    if (config.firmware.isEmpty()) {
      config.firmware = old;
    }
    device = std::make_shared<VirtualDfuseDevice>(config);
    bus.plugIn(kDfuPlace, device);
    settings[QLatin1String("serialInBootloader")] = false;
    model = dfuModel(QStringLiteral("dfuse"), config.usb, settings);
    driver = makeDriver();
  }
  std::unique_ptr<DfuseDriver> makeDriver() {
    return std::make_unique<DfuseDriver>(model, UsbDfuSettings::fromJson(model.driverSettings).value(), dfuAddress(),
                                         bus);
  }
  Status update() { return update(dfuseImage(fresh, config.usb)); }
  Status update(const Image& image) { return runUpdate(*driver, image, step, stage, &after); }
  void replug(bool inBootloader = false) {
    device->holdBootButton(inBootloader);
    bus.unplug(kDfuPlace);
    bus.plugIn(kDfuPlace, device);
    device->holdBootButton(false);
  }
  // A session of its own with the internal flash, in the bootloader.
  struct Talk {
    std::unique_ptr<UsbLink> link;
    std::unique_ptr<DfuSession> dfu;
    std::unique_ptr<DfuseSession> dfuse;
  };
  Talk talk() {
    replug(true);
    Talk made;
    made.link = bus.openUsb(dfuAddress(), step.cancel).value();
    made.dfu = std::make_unique<DfuSession>(*made.link, findDfuInterfaces(made.link->device()).first());
    made.dfuse = std::make_unique<DfuseSession>(*made.dfu);
    [&] { QVERIFY(made.dfu->claim(step.cancel)); }();
    return made;
  }

  const QByteArray old = makeUsbFirmware(0x0100, 9000, 1);
  const QByteArray fresh = makeUsbFirmware(0x0213, 9001, 2);  // four sectors of 2 KiB and some
  VirtualDfuseDeviceConfig config;
  ModelDescription model;
  VirtualUsbBus bus;
  std::shared_ptr<VirtualDfuseDevice> device;
  std::unique_ptr<DfuseDriver> driver;
  StepContext step;
  QString stage;
  std::optional<DeviceSnapshot> after;
};

}  // namespace

class DfuseDriverTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void isRegistered();
  void speaksTheCommands();
  void toldErrorsOfCommands();
  void writesWithAnyBlockSize_data();
  void writesWithAnyBlockSize();
  void updates_data();
  void updates();
  void writesRawImagesAtTheModelsAddress();
  void erasesOnlyWhatIsCovered();
  void writesOnlyWhatDiffers();
  void goesOnWhereItStopped();
  void refusesWhatDoesNotFit_data();
  void refusesWhatDoesNotFit();
  void protectedDevicesAreLeftAlone();
  void protectionComesOffWhenAgreed();
  void massErasesOnlyWhenAgreed();
  void wrongContentIsFound();
  void powerCutAtEachFlashOperation();
  void lostAtEachTransfer();
  void cancelledInEachStep_data();
  void cancelledInEachStep();
  void leavesTheBootloaderUnwritten();
};

void DfuseDriverTest::isRegistered() {
  const DriverEntry* entry = driverRegistry().find(QStringLiteral("dfuse"));
  QVERIFY(entry != nullptr);
  QCOMPARE(entry->capabilities.names(), (QStringList{QStringLiteral("readback"), QStringLiteral("sectorDigests"),
                                                     QStringLiteral("runningVersion")}));
}

// AN3156, 4 and 5.
void DfuseDriverTest::speaksTheCommands() {
  Bench bench;
  const auto talk = bench.talk();
  Progress progress;
  const CancelToken& cancel = bench.step.cancel;
  QCOMPARE(*talk.dfuse->getCommands(cancel), QByteArray::fromHex("00214192"));
  QCOMPARE(*talk.dfuse->read(kBase, 9000, progress, cancel), bench.old);
  QCOMPARE(*talk.dfuse->read(kBase + 100, 3000, progress, cancel), bench.old.mid(100, 3000));
  VERIFY_STAGE_OK(talk.dfuse->eraseSector(kBase + 2048, cancel));
  QCOMPARE(bench.device->content(2048, 2048), QByteArray(2048, '\xff'));
  QCOMPARE(bench.device->content(0, 2048), bench.old.first(2048));
  VERIFY_STAGE_OK(talk.dfuse->write(kBase + 2048, QByteArray(2048, 'x'), progress, cancel));
  QCOMPARE(bench.device->content(2048, 2048), QByteArray(2048, 'x'));
  VERIFY_STAGE_OK(talk.dfuse->massErase(cancel));
  QCOMPARE(bench.device->content(0, 9000), QByteArray(9000, '\xff'));
  QCOMPARE(talk.dfuse->read(kBase + 256 * 1024 - 100, 200, progress, cancel)->size(), 100);
  QCOMPARE(bench.device->state(), DfuMachine::State::kDfuIdle);
}

void DfuseDriverTest::toldErrorsOfCommands() {
  Bench bench;
  const auto talk = bench.talk();
  Progress progress;
  const CancelToken& cancel = bench.step.cancel;
  const Status wrongAddress = talk.dfuse->setAddress(0x20000000, cancel);
  QVERIFY(!wrongAddress && wrongAddress.error().what.contains(QStringLiteral("errTARGET")));
  QVERIFY(talk.dfu->becomeIdle(cancel));
  const Status wrongSector = talk.dfuse->eraseSector(0x09000000, cancel);
  QVERIFY(!wrongSector && wrongSector.error().what.contains(QStringLiteral("errTARGET")));
  QVERIFY(talk.dfu->becomeIdle(cancel));
  const Status notErased = talk.dfuse->write(kBase, QByteArray(2048, 'x'), progress, cancel);
  QCOMPARE(notErased.error().code, ErrorCode::DeviceWriteFailed);
  QVERIFY(talk.dfu->becomeIdle(cancel));
  const auto outside = talk.dfuse->read(0x08000000 + 255 * 1024, 1024 * 1024, progress, cancel);
  QVERIFY(outside && outside->size() == 1024);
}

void DfuseDriverTest::writesWithAnyBlockSize_data() {
  QTest::addColumn<quint16>("transferSize");
  // 8192 is more than an operating system lets through: the pointer is set for each block then.
  for (const quint16 size : {quint16{64}, quint16{1024}, quint16{2048}, quint16{4096}, quint16{8192}}) {
    QTest::addRow("%d bytes", size) << size;
  }
}

void DfuseDriverTest::writesWithAnyBlockSize() {
  QFETCH(quint16, transferSize);
  VirtualDfuseDeviceConfig config;
  config.usb.transferSize = transferSize;
  Bench bench(config);
  VERIFY_STAGE_OK(bench.update());
  QCOMPARE(bench.device->content(0, bench.fresh.size()), bench.fresh);
}

void DfuseDriverTest::updates_data() {
  QTest::addColumn<int>("blockTime");
  QTest::addColumn<int>("eraseTime");
  QTest::newRow("at once") << 0 << 0;
  QTest::newRow("in its time") << 2 << 5;
}

void DfuseDriverTest::updates() {
  QFETCH(int, blockTime);
  QFETCH(int, eraseTime);
  VirtualDfuseDeviceConfig config;
  config.usb.blockTime = std::chrono::milliseconds(blockTime);
  config.usb.eraseTime = std::chrono::milliseconds(eraseTime);
  Bench bench(config);
  const auto before = bench.driver->identify(bench.step);
  VERIFY_STAGE_OK(before);
  QCOMPARE(before->runningSlot()->version, Version::parse(QStringLiteral("1.0.0")));
  VERIFY_STAGE_OK(bench.update());
  QCOMPARE(bench.device->content(0, bench.fresh.size()), bench.fresh);
  QCOMPARE(bench.after->runningSlot()->version, Version::parse(QStringLiteral("2.1.3")));
  QVERIFY(bench.after->sameUnit(*before));
  QCOMPARE(bench.after->serial, QStringLiteral("NS1-0001"));
  bench.replug(true);
  const auto inside = bench.driver->identify(bench.step);
  QVERIFY(inside && inside->inBootloader && inside->serial.isEmpty() && inside->sameUnit(*before));
  QCOMPARE(inside->slotBytes, 256 * 1024);
}

void DfuseDriverTest::writesRawImagesAtTheModelsAddress() {
  VirtualDfuseDeviceConfig config;
  Bench bench(config, {{QStringLiteral("address"), QStringLiteral("0x08004000")}});
  Image image;
  image.bytes = makeUsbFirmware(0x0213, 5000);
  image.sha256 = sha256(image.bytes);
  image.facts.format = QStringLiteral("mcuboot");
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VERIFY_STAGE_OK(bench.driver->enterBootloader(bench.step));
  VERIFY_STAGE_OK(bench.driver->transfer(image, bench.step));
  const auto proof = bench.driver->verifyOnDevice(image, bench.step);
  VERIFY_STAGE_OK(proof);
  QCOMPARE(proof->digest, dfuseDigest({{0, {}, {{0x08004000, image.bytes}}}}));
  QCOMPARE(bench.device->content(0x4000, 5000), image.bytes);
  QCOMPARE(bench.device->content(0, 9000), bench.old);
}

void DfuseDriverTest::erasesOnlyWhatIsCovered() {
  Bench bench;
  const quint64 before = bench.device->erasedSectors();
  // Two elements in the same sector, one in another; between them the old firmware stays.
  const QByteArray a(100, 'a');
  const QList<DfuseTarget> targets{
      {0, QStringLiteral("Flash"), {{kBase + 2048, a}, {kBase + 2048 + 104, a}, {kBase + 6144, a}}}};
  const Image image = verifiedImage(QStringLiteral("dfuse"), buildDfuseFile(targets, {}));
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VERIFY_STAGE_OK(bench.driver->enterBootloader(bench.step));
  VERIFY_STAGE_OK(bench.driver->transfer(image, bench.step));
  const auto proof = bench.driver->verifyOnDevice(image, bench.step);
  VERIFY_STAGE_OK(proof);
  QCOMPARE(proof->digest, image.facts.digest);
  QCOMPARE(bench.device->erasedSectors() - before, 2U);
  QCOMPARE(bench.device->content(0, 2048), bench.old.first(2048));
  QCOMPARE(bench.device->content(4096, 2048), bench.old.mid(4096, 2048));
}

// Of the image's five sectors of 2 KiB, one differs; then none; and memory that can't be read is written as a whole.
void DfuseDriverTest::writesOnlyWhatDiffers() {
  Bench bench;
  QByteArray changed = bench.old;
  changed[3000] = static_cast<char>(changed[3000] ^ 1);
  const Image image = dfuseImage(changed, bench.config.usb);
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VERIFY_STAGE_OK(bench.driver->enterBootloader(bench.step));
  for (const quint64 sectors : {1U, 0U}) {
    const quint64 before = bench.device->erasedSectors();
    VERIFY_STAGE_OK(bench.driver->transfer(image, bench.step));
    QCOMPARE(bench.device->erasedSectors() - before, sectors);
    QCOMPARE(bench.device->content(0, changed.size()), changed);
    VERIFY_STAGE_OK(bench.driver->verifyOnDevice(image, bench.step));
  }
  Bench blind({}, {{QStringLiteral("readBack"), false}});
  VERIFY_STAGE_OK(blind.driver->identify(blind.step));
  VERIFY_STAGE_OK(blind.driver->enterBootloader(blind.step));
  QVERIFY(!blind.driver->capabilities().sectorDigests);
  const quint64 before = blind.device->erasedSectors();
  VERIFY_STAGE_OK(blind.driver->transfer(dfuseImage(changed, blind.config.usb), blind.step));
  QCOMPARE(blind.device->erasedSectors() - before, 5U);
}

// What an interrupted transfer had written is neither erased nor written again.
void DfuseDriverTest::goesOnWhereItStopped() {
  Bench bench;
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VERIFY_STAGE_OK(bench.driver->enterBootloader(bench.step));
  {
    // The first three sectors, by hand.
    const auto talk = bench.talk();
    Progress progress;
    for (const quint32 sector : {0U, 2048U, 4096U}) {
      VERIFY_STAGE_OK(talk.dfuse->eraseSector(kBase + sector, bench.step.cancel));
      VERIFY_STAGE_OK(talk.dfuse->write(kBase + sector, bench.fresh.mid(sector, 2048), progress, bench.step.cancel));
    }
  }
  bench.replug(true);
  bench.driver = bench.makeDriver();
  const quint64 before = bench.device->erasedSectors();
  VERIFY_STAGE_OK(bench.driver->transfer(dfuseImage(bench.fresh, bench.config.usb), bench.step));
  QCOMPARE(bench.device->erasedSectors() - before, 2U);
  QCOMPARE(bench.device->content(0, bench.fresh.size()), bench.fresh);
}

void DfuseDriverTest::refusesWhatDoesNotFit_data() {
  QTest::addColumn<QByteArray>("file");
  QTest::addColumn<ErrorCode>("code");
  const DfuSuffix stm{kDfuAny, 0xDF11, 0x0483, kDfuseFile};
  const auto file = [&](int alternate, quint32 address, const QByteArray& data, const DfuSuffix& suffix) {
    return buildDfuseFile({{static_cast<quint8>(alternate), {}, {{address, data}}}}, suffix);
  };
  QTest::newRow("another product") << file(0, kBase, "x", {kDfuAny, 0xDF12, 0x0483, kDfuseFile})
                                   << ErrorCode::ImageFormatRefused;
  QTest::newRow("another vendor") << file(0, kBase, "x", {kDfuAny, 0xDF11, 0x0484, kDfuseFile})
                                  << ErrorCode::ImageFormatRefused;
  QTest::newRow("before the flash") << file(0, kBase - 1, "xx", stm) << ErrorCode::ImageTooLarge;
  QTest::newRow("behind the flash") << file(0, kBase + 256 * 1024 - 1, "xx", stm) << ErrorCode::ImageTooLarge;
  QTest::newRow("too large") << file(0, kBase, QByteArray(256 * 1024 + 1, 'x'), stm) << ErrorCode::ImageTooLarge;
  QTest::newRow("a memory that it does not have") << file(7, kBase, "x", stm) << ErrorCode::DeviceNotRecognised;
  QTest::newRow("in another memory") << file(1, kBase, "x", stm) << ErrorCode::ImageTooLarge;
}

void DfuseDriverTest::refusesWhatDoesNotFit() {
  QFETCH(QByteArray, file);
  QFETCH(ErrorCode, code);
  Bench bench;
  const quint64 before = bench.device->flashOperations();
  const Status done = bench.update(verifiedImage(QStringLiteral("dfuse"), file));
  QCOMPARE(bench.stage, QStringLiteral("transfer"));
  QVERIFY(!done);
  QCOMPARE(done.error().code, code);
  QCOMPARE(bench.device->flashOperations(), before);
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Application);
}

void DfuseDriverTest::protectedDevicesAreLeftAlone() {
  VirtualDfuseDeviceConfig config;
  config.readProtected = true;
  Bench bench(config);
  const quint64 before = bench.device->flashOperations();
  const Status done = bench.update();
  QCOMPARE(bench.stage, QStringLiteral("enter"));
  QCOMPARE(done.error().code, ErrorCode::DeviceProtected);
  QCOMPARE(bench.driver->transfer(dfuseImage(bench.fresh, config.usb), bench.step).error().code,
           ErrorCode::DeviceProtected);
  QVERIFY(bench.device->isReadProtected());
  QCOMPARE(bench.device->flashOperations(), before);
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Application);
  // Each command by itself.
  const auto talk = bench.talk();
  Progress progress;
  const CancelToken& cancel = bench.step.cancel;
  QCOMPARE(talk.dfuse->eraseSector(kBase, cancel).error().code, ErrorCode::DeviceProtected);
  QVERIFY(talk.dfu->becomeIdle(cancel));
  QCOMPARE(talk.dfuse->massErase(cancel).error().code, ErrorCode::DeviceProtected);
  QVERIFY(talk.dfu->becomeIdle(cancel));
  QCOMPARE(talk.dfuse->write(kBase, "x", progress, cancel).error().code, ErrorCode::DeviceProtected);
  QVERIFY(talk.dfu->becomeIdle(cancel));
  QCOMPARE(talk.dfuse->read(kBase, 10, progress, cancel).error().code, ErrorCode::DeviceProtected);
}

void DfuseDriverTest::protectionComesOffWhenAgreed() {
  VirtualDfuseDeviceConfig config;
  config.readProtected = true;
  config.usb.eraseTime = 1ms;
  Bench bench(config);
  bench.step.massEraseAgreed = true;
  VERIFY_STAGE_OK(bench.update());
  QVERIFY(!bench.device->isReadProtected());
  QCOMPARE(bench.device->content(0, bench.fresh.size()), bench.fresh);
  QCOMPARE(bench.after->runningSlot()->version, Version::parse(QStringLiteral("2.1.3")));
}

void DfuseDriverTest::massErasesOnlyWhenAgreed() {
  Bench bench({}, {{QStringLiteral("erase"), QStringLiteral("all")}});
  const quint64 before = bench.device->erasedSectors();
  QCOMPARE(bench.update().error().code, ErrorCode::DeviceProtected);
  QCOMPARE(bench.device->erasedSectors(), before);
  bench.step.massEraseAgreed = true;
  VERIFY_STAGE_OK(bench.update());
  QCOMPARE(bench.device->erasedSectors() - before, 128U);
}

void DfuseDriverTest::wrongContentIsFound() {
  Bench bench;
  VirtualDfuFaults faults;
  faults.storesWrongly = true;
  bench.device->setFaults(faults);
  QCOMPARE(bench.update().error().code, ErrorCode::DeviceVerifyFailed);
  QCOMPARE(bench.stage, QStringLiteral("verify"));
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Bootloader);
  bench.device->setFaults({});
  VERIFY_STAGE_OK(bench.update());
}

void DfuseDriverTest::powerCutAtEachFlashOperation() {
  bool uncut = false;
  quint64 nth = 1;
  for (; !uncut; ++nth) {
    Bench bench;
    bench.model.timings.restartSeconds = 1;
    bench.driver = bench.makeDriver();
    bench.device->cutPowerAtFlashOperation(nth);
    const Status done = bench.update();
    uncut = done.has_value();
    if (uncut) {
      break;
    }
    QCOMPARE(done.error().code, ErrorCode::LinkLost);
    QCOMPARE(bench.stage, QStringLiteral("transfer"));
    bench.device->cutPowerAtFlashOperation(0);
    bench.replug();
    bench.driver = bench.makeDriver();
    VERIFY_STAGE_OK(bench.update());
    QCOMPARE(bench.device->content(0, bench.fresh.size()), bench.fresh);
  }
  QCOMPARE(nth, 5U + 5U + 1U);  // five sectors, five blocks
}

void DfuseDriverTest::lostAtEachTransfer() {
  quint64 nth = 1;
  for (;; ++nth) {
    Bench bench;
    bench.model.timings.restartSeconds = 1;
    bench.driver = bench.makeDriver();
    bench.driver->unit().setPatience(briefPatience());
    bench.bus.unplugAtTransfer(kDfuPlace, nth);
    const Status done = bench.update();
    const bool whole = bench.bus.transfers(kDfuPlace) < nth;
    bench.bus.unplugAtTransfer(kDfuPlace, 0);
    if (whole) {
      VERIFY_STAGE_OK(done);
      break;
    }
    QVERIFY(!done);
    bench.replug();
    bench.driver = bench.makeDriver();
    const auto now = bench.driver->identify(bench.step);
    VERIFY_STAGE_OK(now);
    const QByteArray content = bench.device->content(0, 9000);
    QVERIFY(now->inBootloader || content == bench.old || content == bench.fresh.first(9000));
    VERIFY_STAGE_OK(bench.update());
  }
  QVERIFY2(nth > 50, qPrintable(QString::number(nth)));
}

void DfuseDriverTest::cancelledInEachStep_data() {
  QTest::addColumn<int>("at");
  for (int at = 0; at < 80; at += 6) {
    QTest::addRow("after %d requests", at) << at;
  }
}

void DfuseDriverTest::cancelledInEachStep() {
  QFETCH(int, at);
  VirtualDfuseDeviceConfig config;
  config.usb.blockTime = 2ms;
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
  const QByteArray content = bench.device->content(0, 9000);
  QVERIFY(now->inBootloader || content == bench.old || content == bench.fresh.first(9000));
}

void DfuseDriverTest::leavesTheBootloaderUnwritten() {
  Bench bench;
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VERIFY_STAGE_OK(bench.driver->enterBootloader(bench.step));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Bootloader);
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.device->mode(), DfuMachine::Mode::Application);
  QCOMPARE(bench.device->content(0, 9000), bench.old);
}

QTEST_GUILESS_MAIN(DfuseDriverTest)
#include "dfuse_driver_test.moc"
