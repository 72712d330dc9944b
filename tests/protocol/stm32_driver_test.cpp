// The driver `stm32` against the virtual STM32, by hand and by lines.
#include "devices/registry.h"
#include "tests/support/dfu_world.h"
#include "tests/support/stm32_world.h"

#include <QTest>

using namespace sealift;

namespace {

using Phase = Stm32Machine::Phase;

const Version kOld{1, 0, 0, 0};
const Version kNew{2, 1, 3, 0};

QJsonObject byLines() {
  return {{QStringLiteral("lines"), QJsonObject{{QStringLiteral("reset"), QStringLiteral("dtr")},
                                                {QStringLiteral("boot0"), QStringLiteral("rts")}}},
          {QStringLiteral("uniqueId"), QStringLiteral("0x1FFF7A10")},
          {QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}}};
}

QJsonObject talking(QJsonObject settings) {
  settings[QStringLiteral("application")] =
      QJsonObject{{QStringLiteral("ask"), QStringLiteral("version")},
                  {QStringLiteral("pattern"), QStringLiteral("firmware (?<version>[0-9.]+)")}};
  settings.remove(QStringLiteral("uniqueId"));
  return settings;
}

struct Bench {
  explicit Bench(const QJsonObject& settings = {}, const Stm32MachineConfig& config = {},
                 const QString& format = QStringLiteral("raw"))
      : model(stm32Model(settings, format)),
        port(withFirmware(config, settings),
             {settings.contains(QLatin1String("lines")), settings.contains(QLatin1String("lines"))}),
        opener(port),
        driver(makeStm32Driver(model, opener)) {}

  Stm32MachineConfig withFirmware(Stm32MachineConfig config, const QJsonObject& settings) const {
    if (config.firmware.isEmpty()) {
      config.firmware = old;
    }
    config.boot0 = !settings.contains(QLatin1String("lines"));
    return config;
  }
  Status update(const Image& image) { return runUpdate(*driver, image, step, stage, &after); }
  Status update() { return update(stm32Image(fresh)); }
  // Up to the restart: what a model whose firmware tells nothing goes through.
  Status updateUnseen(const Image& image) {
    stage = QStringLiteral("identify");
    SEALIFT_CHECK(driver->identify(step));
    stage = QStringLiteral("enter");
    SEALIFT_CHECK(driver->enterBootloader(step));
    stage = QStringLiteral("transfer");
    SEALIFT_CHECK(driver->transfer(image, step));
    stage = QStringLiteral("verify");
    SEALIFT_TRY(proof, driver->verifyOnDevice(image, step));
    stage = QStringLiteral("restart");
    return driver->restart(step);
  }
  Status updateUnseen() { return updateUnseen(stm32Image(fresh)); }
  void reboot(bool boot0) {
    port.with([&](Stm32Machine& machine) {
      machine.setBoot0(boot0);
      machine.powerOff();
      machine.powerOn();
    });
  }
  QByteArray content(qsizetype at, qsizetype size) {
    QByteArray bytes;
    port.with([&](Stm32Machine& machine) { bytes = machine.content(at, size); });
    return bytes;
  }
  quint64 flashOperations() {
    quint64 count = 0;
    port.with([&](Stm32Machine& machine) { count = machine.flash().operations(); });
    return count;
  }
  Phase phase() {
    Phase now = Phase::Off;
    port.with([&](Stm32Machine& machine) { now = machine.phase(); });
    return now;
  }
  std::optional<quint16> running() {
    std::optional<quint16> release;
    port.with([&](Stm32Machine& machine) { release = machine.runningRelease(); });
    return release;
  }
  bool isProtected() {
    bool on = false;
    port.with([&](Stm32Machine& machine) { on = machine.isReadProtected(); });
    return on;
  }

  const QByteArray old = makeUsbFirmware(0x0100, 20'000, 1);
  const QByteArray fresh = makeUsbFirmware(0x0213, 40'001, 2);  // three sectors of 16 KiB
  const QByteArray small = makeUsbFirmware(0x0213, 16'700, 3);  // two
  ModelDescription model;
  VirtualStm32Port port;
  Stm32Opener opener;
  std::unique_ptr<Stm32Driver> driver;
  StepContext step;
  QString stage;
  std::optional<DeviceSnapshot> after;
  StoredProof proof;
};

}  // namespace

class Stm32DriverTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void isRegistered();
  void readsSettings_data();
  void readsSettings();
  void knowsSectors();
  void asksForEvenParity();
  void identifiesByHand();
  void identifiesByLinesAndLeavesItRunning();
  void updatesByHand();
  void updatesByLines();
  void writesOnlyWhatDiffers();
  void tellsWhatRunsBeforeAndAfter();
  void tellsFirmwareFromBootloaderByHand();
  void readsTheStoredVersionOfMcubootImages();
  void writesAtTheModelsAddress();
  void refusesOtherProducts();
  void refusesWhatDoesNotFit_data();
  void refusesWhatDoesNotFit();
  void otherUnitIsNotWritten();
  void portsWithoutLinesAreTold();
  void tellsHowToEnter();
  void protectedDevicesAreLeftAlone();
  void protectionComesOffWhenAgreed_data();
  void protectionComesOffWhenAgreed();
  void protectionIsPutBackWhereTheModelSaysSo();
  void massErasesOnlyWhenAgreed();
  void writeProtectionIsFoundByReadingBack();
  void wrongContentIsFound();
  void firmwareThatDoesNotStartIsTold();
  void powerCutAtEachFlashOperation();
  void lostAtEachOperation_data();
  void lostAtEachOperation();
  void cancelledAtEachOperation();
  void leavesTheBootloaderUnwritten();
};

void Stm32DriverTest::isRegistered() {
  const DriverEntry* entry = driverRegistry().find(QStringLiteral("stm32"));
  QVERIFY(entry != nullptr);
  QCOMPARE(entry->capabilities.names(), (QStringList{QStringLiteral("readback"), QStringLiteral("sectorDigests"),
                                                     QStringLiteral("runningVersion")}));
  Bench silent;
  QVERIFY(!silent.driver->capabilities().runningVersion);
  Bench told(talking(byLines()));
  QVERIFY(told.driver->capabilities().runningVersion);
}

void Stm32DriverTest::readsSettings_data() {
  QTest::addColumn<QString>("json");
  QTest::addColumn<QString>("wrong");  // part of the error; empty: good
  const auto row = [](const char* name, const char* json, const char* wrong) {
    QTest::newRow(name) << QString::fromLatin1(json) << QString::fromLatin1(wrong);
  };
  row("least", R"j({"products": ["0x413"]})j", "");
  row("all of it", R"j({"products": ["0x413", "0x411"], "sectors": "4*16K,1*64K,7*128K", "address": "0x08004000",
      "erase": "all", "baud": 460800, "lines": {"reset": "-rts", "boot0": "dtr"}, "uniqueId": "0x1FFF7A10",
      "application": {"baud": 9600, "parity": "odd", "ask": "v", "pattern": "(?<version>.) (?<serial>.*)"},
      "protect": true, "howToEnter": "Press it."})j",
      "");
  row("nothing", "{}", "products");
  row("no products", R"j({"products": []})j", "products");
  row("product in decimal", R"j({"products": ["413"]})j", "products");
  row("product as number", R"j({"products": [1043]})j", "products");
  row("unknown product", R"j({"products": ["0x999"]})j", "sectors");
  row("unknown product with sectors", R"j({"products": ["0x999"], "sectors": "2*1K"})j", "");
  row("another setting", R"j({"products": ["0x413"], "sector": "1*1K"})j", "sector");
  row("sectors without size", R"j({"products": ["0x413"], "sectors": "4*K"})j", "sectors");
  row("no sectors", R"j({"products": ["0x413"], "sectors": "0*1K"})j", "sectors");
  row("too many sectors", R"j({"products": ["0x413"], "sectors": "1025*1K"})j", "sectors");
  row("too large", R"j({"products": ["0x413"], "sectors": "3*1024K"})j", "sectors");
  row("address in a sector", R"j({"products": ["0x413"], "address": "0x08000400"})j", "address");
  row("address outside", R"j({"products": ["0x413"], "address": "0x08100000"})j", "address");
  row("address before", R"j({"products": ["0x413"], "address": "0x07FFC000"})j", "address");
  row("address as number", R"j({"products": ["0x413"], "address": 134217728})j", "address");
  row("erase", R"j({"products": ["0x413"], "erase": "some"})j", "erase");
  row("baud", R"j({"products": ["0x413"], "baud": 300})j", "baud");
  row("baud as text", R"j({"products": ["0x413"], "baud": "9600"})j", "baud");
  row("one line", R"j({"products": ["0x413"], "lines": {"reset": "dtr"}})j", "lines");
  row("the same line twice", R"j({"products": ["0x413"], "lines": {"reset": "dtr", "boot0": "-dtr"}})j", "lines");
  row("another line", R"j({"products": ["0x413"], "lines": {"reset": "cts", "boot0": "dtr"}})j", "lines");
  row("line of another name", R"j({"products": ["0x413"], "lines": {"reset": "rts", "boot0": "dtr", "x": 1}})j",
      "lines.x");
  row("protection without lines", R"j({"products": ["0x413"], "protect": true})j", "protect");
  row("protection as text", R"j({"products": ["0x413"], "protect": "yes"})j", "protect");
  row("firmware without question", R"j({"products": ["0x413"], "application": {"pattern": "(?<version>.)"}})j",
      "application.ask");
  row("firmware without version", R"j({"products": ["0x413"], "application": {"ask": "v", "pattern": "(.)"}})j",
      "application.pattern");
  row("firmware with a wrong pattern",
      R"j({"products": ["0x413"], "application": {"ask": "v", "pattern": "(?<version>"}})j", "application.pattern");
  row("firmware without serial number",
      R"j({"products": ["0x413"], "uniqueId": "0x1FFF7A10", "application": {"ask": "v", "pattern": "(?<version>.)"}})j",
      "serial");
  row("firmware's parity",
      R"j({"products": ["0x413"], "application": {"ask": "v", "pattern": "(?<version>.)", "parity": "mark"}})j",
      "application.parity");
  row("firmware's baud",
      R"j({"products": ["0x413"], "application": {"ask": "v", "pattern": "(?<version>.)", "baud": 0}})j",
      "application.baud");
  row("unique id", R"j({"products": ["0x413"], "uniqueId": "1FFF7A10"})j", "uniqueId");
}

void Stm32DriverTest::readsSettings() {
  QFETCH(const QString, json);
  QFETCH(const QString, wrong);
  const QJsonObject object = QJsonDocument::fromJson(json.toLatin1()).object();
  QVERIFY(json == QLatin1String("{}") || !object.isEmpty());
  const auto settings = Stm32Settings::fromJson(object);
  QCOMPARE(settings.has_value(), wrong.isEmpty());
  if (!wrong.isEmpty()) {
    QCOMPARE(settings.error().code, ErrorCode::InvalidArgument);
    QVERIFY2(settings.error().what.contains(wrong), qPrintable(settings.error().what));
  }
}

void Stm32DriverTest::knowsSectors() {
  const auto layout = Stm32FlashLayout::ofProduct(0x413);
  QVERIFY(layout);
  QCOMPARE(layout->bytes(), 1024 * 1024);
  QCOMPARE(layout->pages(0, 1), QList<quint16>{0});
  QCOMPARE(layout->pages(16 * 1024 - 1, 16 * 1024 + 1), (QList<quint16>{0, 1}));
  QCOMPARE(layout->pages(64 * 1024, 128 * 1024 + 1), (QList<quint16>{4, 5}));
  QCOMPARE(layout->pages(1024 * 1024 - 1, 1024 * 1024), QList<quint16>{11});
  QVERIFY(layout->isPageBegin(64 * 1024) && layout->isPageBegin(128 * 1024));
  QVERIFY(!layout->isPageBegin(80 * 1024) && !layout->isPageBegin(1024 * 1024) && !layout->isPageBegin(-1));
  QVERIFY(!Stm32FlashLayout::ofProduct(0x999));
  // Every row of the table can be read.
  int known = 0;
  for (int id = 0x400; id < 0x500; ++id) {
    if (const auto each = Stm32FlashLayout::ofProduct(static_cast<quint16>(id))) {
      ++known;
      QVERIFY(each->bytes() >= 32 * 1024 && each->bytes() % 1024 == 0);
    }
  }
  QCOMPARE(known, 34);
}

// AN3155, chapter 1.
void Stm32DriverTest::asksForEvenParity() {
  Bench bench({{QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}}, {QStringLiteral("baud"), 230400}});
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  QCOMPARE(bench.opener.opened.size(), 1);
  QVERIFY(bench.opener.opened.first().parity() == SerialParity::Even);
  QCOMPARE(bench.opener.opened.first().baud(), 230400);
  // What somebody wrote is faster or slower, and never without parity.
  auto driver = makeStm32Driver(bench.model, bench.opener,
                                LinkAddress::parse(QStringLiteral("serial:COM3?baud=57600&parity=none")).value());
  VERIFY_STAGE_OK(driver->identify(bench.step));
  QVERIFY(bench.opener.opened.last().parity() == SerialParity::Even);
  QCOMPARE(bench.opener.opened.last().baud(), 57600);
}

void Stm32DriverTest::identifiesByHand() {
  Bench bench({{QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}},
               {QStringLiteral("uniqueId"), QStringLiteral("0x1FFF7A10")}});
  for (int i = 0; i < 3; ++i) {  // also when it is not fresh any more
    const auto device = bench.driver->identify(bench.step);
    VERIFY_STAGE_OK(device);
    QCOMPARE(device->deviceName, QStringLiteral("Norrland M4"));
    QCOMPARE(device->serial, QStringLiteral("3500280012473231334d3930"));
    QCOMPARE(device->bootloader, QStringLiteral("STM32 bootloader 3.1 · USART"));
    QVERIFY(device->inBootloader && !device->readProtected && device->runningSlot() == nullptr);
    QCOMPARE(device->slotBytes, 1024 * 1024);
  }
  QCOMPARE(bench.phase(), Phase::Ready);
  QCOMPARE(bench.flashOperations(), 1U);  // its delivery
}

void Stm32DriverTest::identifiesByLinesAndLeavesItRunning() {
  Bench bench(byLines());
  const auto device = bench.driver->identify(bench.step);
  VERIFY_STAGE_OK(device);
  QVERIFY(device->inBootloader);
  QCOMPARE(bench.running(), std::optional<quint16>(0x0100));
}

void Stm32DriverTest::updatesByHand() {
  Bench bench;
  VERIFY_STAGE_OK(bench.updateUnseen());
  QCOMPARE(bench.content(0, bench.fresh.size()), bench.fresh);
  QCOMPARE(bench.running(), std::optional<quint16>(0x0213));
  QCOMPARE(bench.proof.digest, sha256(bench.fresh));
  QCOMPARE(bench.port.lostBytes(), 0U);
  QCOMPARE(bench.driver->waitForReturn(stm32Image(bench.fresh), bench.step).error().code, ErrorCode::NotSupported);
}

void Stm32DriverTest::updatesByLines() {
  Bench bench(byLines());
  VERIFY_STAGE_OK(bench.updateUnseen());
  QCOMPARE(bench.content(0, bench.fresh.size()), bench.fresh);
  QCOMPARE(bench.running(), std::optional<quint16>(0x0213));
}

// Of the two sectors that the image covers, the second one differs; then none.
void Stm32DriverTest::writesOnlyWhatDiffers() {
  Bench bench;
  QByteArray changed = bench.old;
  changed[18'000] = static_cast<char>(changed[18'000] ^ 1);
  const Image image = stm32Image(changed);
  QStringList notes;
  bench.step.note = [&](const QString& line) { notes << line; };
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VERIFY_STAGE_OK(bench.driver->enterBootloader(bench.step));
  for (const int sectors : {1, 0}) {
    notes.clear();
    const quint64 before = bench.flashOperations();
    VERIFY_STAGE_OK(bench.driver->transfer(image, bench.step));
    QVERIFY2(notes.join(u' ').contains(QStringLiteral("Erased %1 sectors").arg(sectors)), qPrintable(notes.join(u' ')));
    QCOMPARE(bench.flashOperations() == before, sectors == 0);
    QCOMPARE(bench.content(0, changed.size()), changed);
    VERIFY_STAGE_OK(bench.driver->verifyOnDevice(image, bench.step));
  }
}

void Stm32DriverTest::tellsWhatRunsBeforeAndAfter() {
  Bench bench(talking(byLines()));
  const auto before = bench.driver->identify(bench.step);
  VERIFY_STAGE_OK(before);
  QVERIFY(!before->inBootloader);
  QCOMPARE(before->runningSlot()->version, std::optional(kOld));
  VERIFY_STAGE_OK(bench.update());
  QCOMPARE(bench.after->runningSlot()->version, std::optional(kNew));
  QVERIFY(bench.after->sameUnit(*before));
}

// The question to firmware must not come first: a fresh bootloader would measure its baud rate from it.
void Stm32DriverTest::tellsFirmwareFromBootloaderByHand() {
  Bench bench(talking({{QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}}}));
  const auto inside = bench.driver->identify(bench.step);
  VERIFY_STAGE_OK(inside);
  QVERIFY(inside->inBootloader);
  bench.reboot(false);
  const auto outside = bench.driver->identify(bench.step);
  VERIFY_STAGE_OK(outside);
  QVERIFY(!outside->inBootloader);
  QCOMPARE(outside->runningSlot()->version, std::optional(kOld));
  bench.reboot(true);
  VERIFY_STAGE_OK(bench.update());
  QCOMPARE(bench.after->runningSlot()->version, std::optional(kNew));
}

void Stm32DriverTest::readsTheStoredVersionOfMcubootImages() {
  Stm32MachineConfig config;
  config.firmware = QByteArray::fromHex("3db8f396 00000000 2000 0000 00100000 00000000 0204 0100 11000000 00000000");
  Bench bench({}, config, QStringLiteral("mcuboot"));
  const auto device = bench.driver->identify(bench.step);
  VERIFY_STAGE_OK(device);
  QCOMPARE(device->slots.first().version, std::optional(Version{2, 4, 1, 17}));
  QVERIFY(!device->slots.first().running);
  Stm32MachineConfig other;
  Bench plain({}, other, QStringLiteral("mcuboot"));
  QVERIFY(!plain.driver->identify(plain.step)->slots.first().version);
}

void Stm32DriverTest::writesAtTheModelsAddress() {
  Bench bench({{QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}},
               {QStringLiteral("address"), QStringLiteral("0x0800C000")}});
  const QByteArray before = bench.content(0, 0xC000);
  VERIFY_STAGE_OK(bench.updateUnseen());
  QCOMPARE(bench.content(0xC000, bench.fresh.size()), bench.fresh);
  QCOMPARE(bench.content(0, 0xC000), before);
  QCOMPARE(bench.running(), std::optional<quint16>(0x0213));
}

void Stm32DriverTest::refusesOtherProducts() {
  Stm32MachineConfig config;
  config.productId = 0x411;
  Bench bench({}, config);
  const Status done = bench.updateUnseen();
  QCOMPARE(bench.stage, QStringLiteral("identify"));
  QCOMPARE(done.error().code, ErrorCode::DeviceNotRecognised);
  QVERIFY2(done.error().what.contains(QStringLiteral("STM32F2")), qPrintable(done.error().what));
}

void Stm32DriverTest::refusesWhatDoesNotFit_data() {
  QTest::addColumn<int>("bytes");
  QTest::addColumn<QString>("format");
  QTest::addColumn<ErrorCode>("code");
  QTest::newRow("more than the line has") << 1024 * 1024 + 1 << QStringLiteral("raw") << ErrorCode::ImageTooLarge;
  QTest::newRow("more than this chip has") << 512 * 1024 + 1 << QStringLiteral("raw") << ErrorCode::ImageTooLarge;
  QTest::newRow("nothing") << 0 << QStringLiteral("raw") << ErrorCode::ImageTooLarge;
  QTest::newRow("DfuSe file") << 1000 << QStringLiteral("dfuse") << ErrorCode::ImageFormatRefused;
}

void Stm32DriverTest::refusesWhatDoesNotFit() {
  QFETCH(const int, bytes);
  QFETCH(const QString, format);
  QFETCH(const ErrorCode, code);
  Stm32MachineConfig config;
  config.sectors = {{4, 16 * 1024}, {1, 64 * 1024}, {3, 128 * 1024}};  // half of what the line has
  Bench bench({}, config);
  const quint64 before = bench.flashOperations();
  const Status done = bench.updateUnseen(stm32Image(QByteArray(bytes, 'x'), format));
  QCOMPARE(bench.stage, QStringLiteral("transfer"));
  QVERIFY(!done);
  QCOMPARE(done.error().code, code);
  QCOMPARE(bench.flashOperations(), before);
}

void Stm32DriverTest::otherUnitIsNotWritten() {
  const QJsonObject settings{{QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}},
                             {QStringLiteral("uniqueId"), QStringLiteral("0x1FFF7A10")}};
  Bench bench(settings);
  Stm32MachineConfig other;
  other.uniqueId = QByteArray(12, '\x11');
  VirtualStm32Port otherPort(other);
  // Somebody moves the plug between the look and the first write.
  class Swapped final : public LinkOpener {
   public:
    Swapped(VirtualStm32Port& first, VirtualStm32Port& then) : first_(first), then_(then) {}
    Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress&, const CancelToken&) override {
      return ++opened_ == 1 ? first_.open() : then_.open();
    }
    Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress&, const CancelToken&) override {
      return fail(ErrorCode::NotSupported, QString());
    }

   private:
    VirtualStm32Port& first_;
    VirtualStm32Port& then_;
    int opened_ = 0;
  };
  Swapped opener(bench.port, otherPort);
  const auto driver = makeStm32Driver(bench.model, opener);
  VERIFY_STAGE_OK(driver->identify(bench.step));
  const Status entered = driver->enterBootloader(bench.step);
  QVERIFY(!entered);
  QCOMPARE(entered.error().code, ErrorCode::DeviceChanged);
}

void Stm32DriverTest::portsWithoutLinesAreTold() {
  QJsonObject settings = byLines();
  Bench bench(settings);
  VirtualStm32Port plain{Stm32MachineConfig()};
  Stm32Opener opener(plain);
  const auto driver = makeStm32Driver(bench.model, opener);
  const auto device = driver->identify(bench.step);
  QVERIFY(!device);
  QCOMPARE(device.error().code, ErrorCode::NotSupported);
}

void Stm32DriverTest::tellsHowToEnter() {
  Bench bench({{QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}},
               {QStringLiteral("howToEnter"), QStringLiteral("Close JP2 and press S1.")}});
  bench.reboot(false);
  const auto device = bench.driver->identify(bench.step);
  QVERIFY(!device);
  QCOMPARE(device.error().code, ErrorCode::Timeout);
  QCOMPARE(device.error().remedy, QStringLiteral("Close JP2 and press S1."));
  QCOMPARE(bench.running(), std::optional<quint16>(0x0100));
}

void Stm32DriverTest::protectedDevicesAreLeftAlone() {
  Stm32MachineConfig config;
  config.readProtected = true;
  Bench bench(byLines(), config);
  const quint64 before = bench.flashOperations();
  const auto device = bench.driver->identify(bench.step);
  VERIFY_STAGE_OK(device);
  QVERIFY(device->readProtected && device->serial.isEmpty());
  const Status done = bench.updateUnseen();
  QCOMPARE(bench.stage, QStringLiteral("enter"));
  QCOMPARE(done.error().code, ErrorCode::DeviceProtected);
  QCOMPARE(bench.driver->transfer(stm32Image(bench.fresh), bench.step).error().code, ErrorCode::DeviceProtected);
  QVERIFY(bench.isProtected());
  QCOMPARE(bench.flashOperations(), before);
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.running(), std::optional<quint16>(0x0100));
}

void Stm32DriverTest::protectionComesOffWhenAgreed_data() {
  QTest::addColumn<bool>("lines");
  QTest::newRow("by hand") << false;
  QTest::newRow("by lines") << true;
}

void Stm32DriverTest::protectionComesOffWhenAgreed() {
  QFETCH(const bool, lines);
  Stm32MachineConfig config;
  config.readProtected = true;
  Bench bench(lines ? byLines() : QJsonObject(), config);
  bench.step.massEraseAgreed = true;
  VERIFY_STAGE_OK(bench.updateUnseen());
  QVERIFY(!bench.isProtected());
  QCOMPARE(bench.content(0, bench.fresh.size()), bench.fresh);
  QCOMPARE(bench.running(), std::optional<quint16>(0x0213));
}

void Stm32DriverTest::protectionIsPutBackWhereTheModelSaysSo() {
  Stm32MachineConfig config;
  config.readProtected = true;
  QJsonObject settings = byLines();
  settings[QStringLiteral("protect")] = true;
  Bench bench(settings, config);
  bench.step.massEraseAgreed = true;
  VERIFY_STAGE_OK(bench.updateUnseen());
  QVERIFY(bench.isProtected());
  QCOMPARE(bench.content(0, bench.fresh.size()), bench.fresh);
  QCOMPARE(bench.running(), std::optional<quint16>(0x0213));
  // Interrupted before it was told: the next try finds it on already.
  auto next = makeStm32Driver(bench.model, bench.opener);
  VERIFY_STAGE_OK(next->restart(bench.step));
  QCOMPARE(bench.running(), std::optional<quint16>(0x0213));
}

void Stm32DriverTest::massErasesOnlyWhenAgreed() {
  Bench bench({{QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}},
               {QStringLiteral("erase"), QStringLiteral("all")}});
  const quint64 before = bench.flashOperations();
  QCOMPARE(bench.updateUnseen().error().code, ErrorCode::DeviceProtected);
  QCOMPARE(bench.flashOperations(), before);
  bench.step.massEraseAgreed = true;
  VERIFY_STAGE_OK(bench.updateUnseen());
  QCOMPARE(bench.content(0, bench.fresh.size()), bench.fresh);
}

// "Written" with an ACK each time.
void Stm32DriverTest::writeProtectionIsFoundByReadingBack() {
  Stm32MachineConfig config;
  config.writeProtectedSectors = {1};
  Bench bench({}, config);
  const Status done = bench.updateUnseen();
  QCOMPARE(bench.stage, QStringLiteral("verify"));
  QCOMPARE(done.error().code, ErrorCode::DeviceVerifyFailed);
  QVERIFY(done.error().remedy.contains(QStringLiteral("write protection")));
}

void Stm32DriverTest::wrongContentIsFound() {
  Bench bench;
  bench.port.with([](Stm32Machine& machine) { machine.storesWrongly = true; });
  QCOMPARE(bench.updateUnseen().error().code, ErrorCode::DeviceVerifyFailed);
  QCOMPARE(bench.stage, QStringLiteral("verify"));
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.phase(), Phase::Ready);
  bench.port.with([](Stm32Machine& machine) { machine.storesWrongly = false; });
  VERIFY_STAGE_OK(bench.updateUnseen());
}

void Stm32DriverTest::firmwareThatDoesNotStartIsTold() {
  Bench bench(talking(byLines()));
  QByteArray broken = bench.fresh;
  broken[30'000] = static_cast<char>(broken[30'000] ^ 1);
  const Status done = bench.update(stm32Image(broken));
  QCOMPARE(bench.stage, QStringLiteral("wait"));
  QCOMPARE(done.error().code, ErrorCode::DeviceDidNotReturn);
  // And can be replaced.
  bench.driver = makeStm32Driver(bench.model, bench.opener);
  VERIFY_STAGE_OK(bench.update());
}

void Stm32DriverTest::powerCutAtEachFlashOperation() {
  quint64 nth = 1;
  for (;; ++nth) {
    Bench bench;
    const Image image = stm32Image(bench.small);
    bench.port.with([&](Stm32Machine& machine) { machine.flash().cutPowerAtOperation(nth); });
    const Status done = bench.updateUnseen(image);
    if (done) {
      break;
    }
    QCOMPARE(bench.stage, QStringLiteral("transfer"));
    VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
    bench.port.with([](Stm32Machine& machine) { machine.flash().cutPowerAtOperation(0); });
    bench.reboot(true);
    bench.driver = makeStm32Driver(bench.model, bench.opener);
    VERIFY_STAGE_OK(bench.updateUnseen(image));
    QCOMPARE(bench.content(0, bench.small.size()), bench.small);
  }
  QCOMPARE(nth, 2U + 66U + 1U);  // two sectors, 66 blocks of 256 bytes
}

void Stm32DriverTest::lostAtEachOperation_data() {
  QTest::addColumn<bool>("lines");
  QTest::newRow("by hand") << false;
  QTest::newRow("by lines") << true;
}

// Whatever was under way when the cable came off: the next sight tells what is there, and the next try succeeds.
void Stm32DriverTest::lostAtEachOperation() {
  QFETCH(const bool, lines);
  quint64 nth = 1;
  int stuck = 0;
  for (;; nth += nth < 80 ? 1 : 11) {
    Bench bench(lines ? byLines() : QJsonObject());
    const Image image = stm32Image(bench.small);
    bench.port.loseAt(nth);
    const Status done = bench.updateUnseen(image);
    bench.port.loseAt(0);
    if (done) {
      break;
    }
    QCOMPARE(done.error().code, ErrorCode::LinkLost);
    if (!lines && bench.phase() != Phase::Ready) {
      bench.reboot(true);  // it runs what it was told to start, and is brought back by its jumper
    }
    bench.driver = makeStm32Driver(bench.model, bench.opener);
    auto now = bench.driver->identify(bench.step);
    if (!now && !lines) {  // between Extended Erase and its list
      QCOMPARE(now.error().code, ErrorCode::Timeout);
      ++stuck;
      bench.reboot(true);
      now = bench.driver->identify(bench.step);
    }
    VERIFY_STAGE_OK(now);
    QVERIFY(now->inBootloader);
    VERIFY_STAGE_OK(bench.updateUnseen(image));
    QCOMPARE(bench.content(0, bench.small.size()), bench.small);
    QCOMPARE(bench.running(), std::optional<quint16>(0x0213));
  }
  QVERIFY2(nth > 500, qPrintable(QString::number(nth)));
  QVERIFY2(stuck <= 2, qPrintable(QString::number(stuck)));
}

void Stm32DriverTest::cancelledAtEachOperation() {
  bool uncut = false;
  for (quint64 at = 1; !uncut; at += at < 60 ? 1 : 23) {
    Bench bench(byLines());
    const CancelToken cancel = bench.step.cancel;
    bench.port.watch([&](quint64 nth) {
      if (nth == at) {
        cancel.cancel();
      }
    });
    const Status done = bench.updateUnseen();
    uncut = done.has_value();
    if (uncut) {
      break;
    }
    QCOMPARE(done.error().code, ErrorCode::Cancelled);
    const bool touched = bench.stage != QLatin1String("identify") && bench.stage != QLatin1String("enter") &&
                         bench.content(0, 20'000) != bench.old;
    StepContext step;
    VERIFY_STAGE_OK(bench.driver->abandon(step));
    if (!touched && bench.stage != QLatin1String("transfer")) {
      QCOMPARE(bench.running(), std::optional<quint16>(0x0100));
    }
    const auto now = bench.driver->identify(step);
    VERIFY_STAGE_OK(now);
    QVERIFY(now->inBootloader);
  }
}

void Stm32DriverTest::leavesTheBootloaderUnwritten() {
  Bench bench(byLines());
  VERIFY_STAGE_OK(bench.driver->identify(bench.step));
  VERIFY_STAGE_OK(bench.driver->enterBootloader(bench.step));
  QCOMPARE(bench.phase(), Phase::Ready);
  VERIFY_STAGE_OK(bench.driver->abandon(bench.step));
  QCOMPARE(bench.running(), std::optional<quint16>(0x0100));
  QCOMPARE(bench.content(0, 20'000), bench.old);
  Bench byHand;
  VERIFY_STAGE_OK(byHand.driver->enterBootloader(byHand.step));
  VERIFY_STAGE_OK(byHand.driver->abandon(byHand.step));
  QCOMPARE(byHand.phase(), Phase::Ready);  // where it was found
}

QTEST_GUILESS_MAIN(Stm32DriverTest)
#include "stm32_driver_test.moc"
