// The whole way from a vendor's folder to an STM32 on a serial port, with sealiftctl alone. The device is the virtual
// one that stm32flash works with.
#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "devices/virtual/usb_firmware.h"
#include "devices/virtual/virtual_stm32_device.h"
#include "tests/support/tool_run.h"

#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace sealift;

namespace {

constexpr int kRefused = 3;
constexpr int kUnknown = 6;

}  // namespace

class Stm32StoryTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void cleanup() { device_.reset(); }
  void updatesAndClaimsNoMoreThanItSaw();
  void readsTheVersionBackFromFirmwareThatTellsIt();
  void asksBeforeEverythingIsErased();
  void finishesWhatAPowerCutLeft();
  void leavesOtherChipsAlone();
  void isListedWithItsPeer();

 private:
  StationTool station() const { return {QStringLiteral(SEALIFT_TOOL), work_->filePath(QStringLiteral("station"))}; }
  ToolRun tool(const QStringList& arguments) const { return station().run(arguments); }
  bool good(const QStringList& arguments) const { return station().succeeds(arguments); }
  void start(Stm32MachineConfig config = {}) {
    config.firmware = makeUsbFirmware(0x0100, 20'000, 1);
    device_ = std::make_unique<VirtualStm32Device>(config);
    QVERIFY(device_->start());
  }
  QString address() const { return device_->address().toString(); }
  // As somebody does with the jumper and the reset button.
  void reboot(bool boot0) const {
    device_->with([&](Stm32Machine& machine) {
      machine.flash().cutPowerAtOperation(0);
      machine.setBoot0(boot0);
      machine.powerOff();
      machine.powerOn();
    });
  }
  void publish(const QJsonObject& settings);
  QString plan(int expectedExit, const QStringList& options = {}) const;
  ToolRun apply(const QString& digest, const QStringList& options = {}) const {
    return tool(QStringList{QStringLiteral("--json"), QStringLiteral("update"), QStringLiteral("apply"), address(),
                            QStringLiteral("--accept"), digest} +
                options);
  }
  ToolRun add() const {
    return tool({QStringLiteral("--json"), QStringLiteral("device"), QStringLiteral("add"), address()});
  }
  bool holdsAndRunsTheNewFirmware() const {
    bool holds = false;
    device_->with([&](Stm32Machine& machine) { holds = machine.content(0, image_.size()) == image_; });
    return holds && device_->waitUntil([](const Stm32Machine& m) { return m.runningRelease() == 0x0213; }, 5'000);
  }
  static QJsonObject silent() {
    return {{QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}},
            {QStringLiteral("uniqueId"), QStringLiteral("0x1FFF7A10")}};
  }

  const QByteArray image_ = makeUsbFirmware(0x0213, 40'001, 2);
  std::unique_ptr<QTemporaryDir> work_;
  std::unique_ptr<VirtualStm32Device> device_;
};

void Stm32StoryTest::init() {
  work_ = std::make_unique<QTemporaryDir>();
  QVERIFY(work_->isValid());
}

void Stm32StoryTest::publish(const QJsonObject& settings) {
  ModelDescription model;
  model.id = QStringLiteral("m4");
  model.name = QStringLiteral("Norrland M4");
  model.driver = QStringLiteral("stm32");
  model.links = {LinkKind::Serial};
  model.deviceNames = {QStringLiteral("Norrland M4")};
  model.imageFormat = QStringLiteral("raw");
  model.timings = {.restartSeconds = 10, .confirmSeconds = 5};
  model.driverSettings = settings;
  const QString repo = work_->filePath(QStringLiteral("repo"));
  const QString image = work_->filePath(QStringLiteral("firmware.bin"));
  const QString modelFile = work_->filePath(QStringLiteral("m4.json"));
  QVERIFY(writeFileAtomic(image, image_));
  QVERIFY(writeFileAtomic(modelFile, writeModel(model)));
  const QStringList at{QStringLiteral("--repo"), repo};
  const QString word = QStringLiteral("repo");
  QVERIFY(good(QStringList{word, QStringLiteral("init"), QStringLiteral("--id"), QStringLiteral("norrland"),
                           QStringLiteral("--name"), QStringLiteral("Norrland")} +
               at));
  QVERIFY(good(QStringList{word, QStringLiteral("add-model"), modelFile} + at));
  QVERIFY(good(QStringList{word, QStringLiteral("add-release"), image, QStringLiteral("--model"), QStringLiteral("m4"),
                           QStringLiteral("--version-number"), QStringLiteral("2.1.3")} +
               at));
  QVERIFY(good(QStringList{word, QStringLiteral("publish")} + at));
  const QString vendorFile = repo + QStringLiteral("/norrland.sealift-vendor");
  const ToolRun asked = tool({QStringLiteral("vendor"), QStringLiteral("add"), vendorFile});
  QCOMPARE(asked.exitCode, kRefused);  // nobody compared the fingerprint
  const QByteArray fingerprint = asked.err.mid(asked.err.indexOf("--accept ") + 9, 64);
  QVERIFY(good({QStringLiteral("vendor"), QStringLiteral("add"), vendorFile, QStringLiteral("--accept"),
                QString::fromLatin1(fingerprint)}));
}

QString Stm32StoryTest::plan(int expectedExit, const QStringList& options) const {
  const ToolRun run = tool(
      QStringList{QStringLiteral("--json"), QStringLiteral("update"), QStringLiteral("plan"), address()} + options);
  if (run.exitCode != expectedExit) {
    qWarning("%s", run.all().constData());
    return {};
  }
  return run.json()[QStringLiteral("plan")].toString();
}

void Stm32StoryTest::updatesAndClaimsNoMoreThanItSaw() {
  start();
  publish(silent());
  const ToolRun added = add();
  QVERIFY2(added.exitCode == 0, added.all().constData());
  QCOMPARE(added.json()[QStringLiteral("serial")].toString(), QStringLiteral("3500280012473231334d3930"));
  const QString digest = plan(0);
  QCOMPARE(digest.size(), 64);
  const ToolRun run = apply(digest);
  QVERIFY2(run.exitCode == 0, run.all().constData());
  QCOMPARE(run.json()[QStringLiteral("outcome")].toString(), QStringLiteral("succeeded"));
  QVERIFY2(run.all().contains("It can't tell what it runs."), run.all().constData());
  QVERIFY(holdsAndRunsTheNewFirmware());
  QCOMPARE(device_->lostBytes(), 0U);
  const ToolRun audit = tool({QStringLiteral("audit"), QStringLiteral("verify")});
  QVERIFY2(audit.exitCode == 0, audit.all().constData());
}

void Stm32StoryTest::readsTheVersionBackFromFirmwareThatTellsIt() {
  start();
  publish({{QStringLiteral("products"), QJsonArray{QStringLiteral("0x413")}},
           {QStringLiteral("application"),
            QJsonObject{{QStringLiteral("ask"), QStringLiteral("version")},
                        {QStringLiteral("pattern"), QStringLiteral("firmware (?<version>[0-9.]+)")}}}});
  reboot(false);
  const ToolRun added = add();
  QVERIFY2(added.exitCode == 0, added.all().constData());
  QCOMPARE(added.json()[QStringLiteral("version")].toString(), QStringLiteral("1.0.0"));
  reboot(true);
  const ToolRun run = apply(plan(0));
  QVERIFY2(run.exitCode == 0, run.all().constData());
  QVERIFY2(run.all().contains("says that it runs 2.1.3"), run.all().constData());
  QVERIFY(holdsAndRunsTheNewFirmware());
  const ToolRun shown = tool({QStringLiteral("--json"), QStringLiteral("device"), QStringLiteral("show"), address()});
  QCOMPARE(shown.json()[QStringLiteral("version")].toString(), QStringLiteral("2.1.3"));
}

void Stm32StoryTest::asksBeforeEverythingIsErased() {
  Stm32MachineConfig config;
  config.readProtected = true;
  start(config);
  publish(silent());
  QCOMPARE(add().exitCode, 0);
  const ToolRun refused = apply(plan(kRefused));
  QVERIFY2(refused.exitCode == kRefused, refused.all().constData());
  QVERIFY2(refused.all().contains("everything on the device is erased first"), refused.all().constData());
  device_->with([](Stm32Machine& machine) {
    QVERIFY(machine.isReadProtected());
    QCOMPARE(machine.flash().operations(), 1U);
  });
  const QStringList agreed{QStringLiteral("--erase-everything")};
  const ToolRun run = apply(plan(0, agreed), agreed);
  QVERIFY2(run.exitCode == 0, run.all().constData());
  QVERIFY(holdsAndRunsTheNewFirmware());
}

void Stm32StoryTest::finishesWhatAPowerCutLeft() {
  start();
  publish(silent());
  QCOMPARE(add().exitCode, 0);
  device_->with([](Stm32Machine& machine) { machine.flash().cutPowerAtOperation(50); });
  const ToolRun run = apply(plan(0));
  QVERIFY2(run.exitCode == kUnknown, run.all().constData());
  reboot(true);
  const ToolRun resumed = tool({QStringLiteral("--json"), QStringLiteral("update"), QStringLiteral("resume")});
  QVERIFY2(resumed.exitCode == 0, resumed.all().constData());
  QVERIFY(holdsAndRunsTheNewFirmware());
}

void Stm32StoryTest::leavesOtherChipsAlone() {
  Stm32MachineConfig config;
  config.productId = 0x411;
  start(config);
  publish(silent());
  const ToolRun added = add();
  QVERIFY(added.exitCode != 0);
  QCOMPARE(added.json()[QStringLiteral("error")][QStringLiteral("code")].toString(),
           QStringLiteral("device.not-recognised"));
}

void Stm32StoryTest::isListedWithItsPeer() {
  const ToolRun list = tool({QStringLiteral("driver"), QStringLiteral("list")});
  QVERIFY2(list.exitCode == 0 && list.out.contains("stm32") && list.out.contains("stm32flash"), list.all().constData());
}

QTEST_GUILESS_MAIN(Stm32StoryTest)
#include "stm32_story_test.moc"
