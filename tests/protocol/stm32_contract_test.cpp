// STM32 over serial, held to what every driver promises: boards whose bootloader is reached by the adapter's lines and
// whose firmware tells its version, and boards where somebody has closed a jumper and nothing tells what runs.
#include "tests/support/driver_contract.h"
#include "tests/support/stm32_world.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr qsizetype kImageBytes = 20'000;

class Stm32Board final : public ContractUnit {
 public:
  explicit Stm32Board(bool byLines) : byLines_(byLines), port_(config(byLines), {byLines, byLines}), opener_(port_) {
    port_.with([](Stm32Machine& machine) { machine.powerOn(); });
  }

  ModelDescription model() const override {
    QJsonObject settings;
    if (byLines_) {
      settings[QStringLiteral("lines")] = QJsonObject{{QStringLiteral("reset"), QStringLiteral("dtr")},
                                                      {QStringLiteral("boot0"), QStringLiteral("rts")}};
      settings[QStringLiteral("application")] =
          QJsonObject{{QStringLiteral("ask"), QStringLiteral("version")},
                      {QStringLiteral("pattern"), QStringLiteral("firmware (?<version>[0-9.]+)")}};
    } else {
      settings[QStringLiteral("uniqueId")] = QStringLiteral("0x1FFF7A10");
    }
    return stm32Model(settings);
  }
  LinkAddress address() const override { return stm32Address(); }
  LinkOpener& opener() override { return opener_; }
  Image newImage() const override { return image(makeUsbFirmware(0x0213, kImageBytes, 2)); }
  Image wrongImage() const override { return image(QByteArray((1 << 20) + 4, 'x')); }  // larger than the flash

  std::optional<Version> firmware() override {
    std::optional<quint16> release;
    port_.with([&](Stm32Machine& machine) { release = releaseOfUsbFirmware(machine.content(0, kImageBytes)); });
    return release ? std::optional(
                         Version{quint32(*release >> 8), quint32(*release >> 4 & 0xF), quint32(*release & 0xF), 0})
                   : std::nullopt;
  }
  bool lieAboutWriting(bool lies) override {
    port_.with([&](Stm32Machine& machine) { machine.storesWrongly = lies; });
    return true;
  }
  void powerCycle() override {
    port_.with([](Stm32Machine& machine) {
      machine.powerOff();
      machine.powerOn();
    });
  }

 private:
  static Stm32MachineConfig config(bool byLines) {
    Stm32MachineConfig config;
    config.firmware = makeUsbFirmware(0x0100, kImageBytes, 1);
    config.boot0 = !byLines;
    return config;
  }
  static Image image(const QByteArray& bytes) {
    Image image = stm32Image(bytes);
    image.facts.version = Version{2, 1, 3, 0};
    return image;
  }

  const bool byLines_;
  VirtualStm32Port port_;
  Stm32Opener opener_;
};

}  // namespace

class Stm32ContractTest final : public DriverContract {
  Q_OBJECT

 public:
  Stm32ContractTest()
      : DriverContract({{QStringLiteral("STM32 by lines"), QStringLiteral("stm32"),
                         [] { return std::make_unique<Stm32Board>(true); }},
                        {QStringLiteral("STM32 by hand"), QStringLiteral("stm32"),
                         [] { return std::make_unique<Stm32Board>(false); }}}) {}
};

QTEST_GUILESS_MAIN(Stm32ContractTest)
#include "stm32_contract_test.moc"
