// An STM32 for the contract of drivers: with a bootloader that the adapter's lines reach and firmware that tells its
// version, or with a jumper that somebody has closed, and nothing that tells what runs.
#pragma once

#include "tests/support/driver_contract.h"
#include "tests/support/firmware_pair.h"
#include "tests/support/stm32_world.h"

namespace sealift::test {

constexpr qsizetype kStm32UnitBytes = 20'000;

class VirtualStm32Unit final : public ContractUnit {
 public:
  // Alike: with sectors of 1 KiB, so that a small image has several.
  explicit VirtualStm32Unit(bool byLines, qsizetype imageBytes = kStm32UnitBytes,
                            FirmwarePair pair = FirmwarePair::Unlike)
      : byLines_(byLines), imageBytes_(imageBytes), pair_(pair), port_(config(), {byLines, byLines}), opener_(port_) {
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
    if (pair_ == FirmwarePair::Alike) {
      settings[QStringLiteral("sectors")] = QStringLiteral("%1*1K").arg(kSmallSectors);
    }
    return stm32Model(settings);
  }
  LinkAddress address() const override { return stm32Address(); }
  LinkOpener& opener() override { return opener_; }
  Image newImage() const override { return image(newUsbFirmware(imageBytes_, pair_)); }
  Image wrongImage() const override { return image(QByteArray((1 << 20) + 4, 'x')); }  // larger than the flash

  std::optional<Version> firmware() override {
    std::optional<quint16> release;
    port_.with([&](Stm32Machine& machine) { release = releaseOfUsbFirmware(machine.content(0, imageBytes_)); });
    return release ? std::optional(
                         Version{quint32(*release >> 8), quint32(*release >> 4 & 0xF), quint32(*release & 0xF), 0})
                   : std::nullopt;
  }
  bool lieAboutWriting(bool lies) override {
    port_.with([&](Stm32Machine& machine) { machine.storesWrongly = lies; });
    return true;
  }
  quint64 flashOperations() override {
    quint64 count = 0;
    port_.with([&](Stm32Machine& machine) { count = machine.flash().operations(); });
    return count;
  }
  void cutPowerAtFlashOperation(quint64 n) override {
    port_.with([&](Stm32Machine& machine) { machine.flash().cutPowerAtOperation(n); });
  }
  void powerCycle() override {
    port_.with([](Stm32Machine& machine) {
      machine.powerOff();
      machine.powerOn();
    });
  }

 private:
  static constexpr int kSmallSectors = 16;

  Stm32MachineConfig config() const {
    Stm32MachineConfig config;
    if (pair_ == FirmwarePair::Alike) {
      config.sectors = {{kSmallSectors, 1024}};
    }
    config.firmware = oldUsbFirmware(imageBytes_);
    config.boot0 = !byLines_;
    return config;
  }
  static Image image(const QByteArray& bytes) {
    Image image = stm32Image(bytes);
    image.facts.version = Version{2, 1, 3, 0};
    return image;
  }

  const bool byLines_;
  const qsizetype imageBytes_;
  const FirmwarePair pair_;
  VirtualStm32Port port_;
  Stm32Opener opener_;
};

}  // namespace sealift::test
