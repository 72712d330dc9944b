// Units for the contract of drivers: the virtual devices, each behind its own kind of link.
#pragma once

#include "devices/virtual/virtual_dfu_device.h"
#include "devices/virtual/virtual_dfuse_device.h"
#include "devices/virtual/virtual_usb_bus.h"
#include "tests/support/dfu_world.h"
#include "tests/support/driver_contract.h"
#include "tests/support/fastboot_world.h"
#include "tests/support/firmware_pair.h"
#include "tests/support/link_relays.h"
#include "tests/support/usb_test_bus.h"
#include "tests/support/virtual_firmware.h"

#include <QDeadlineTimer>
#include <QThread>

#include <algorithm>
#include <memory>
#include <type_traits>

namespace sealift::test {

constexpr int kUnitPatienceMs = 10'000;  // until a unit is at rest
constexpr qsizetype kUnitImageBytes = 30'000;
constexpr qsizetype kPacedImageBytes = 8'000;

// The kernel takes a moment to see what was plugged in.
inline void awaitPresence(LinkOpener& opener, const QString& place) {
  const QDeadlineTimer patience(kUnitPatienceMs);
  const auto isThere = [&] {
    const auto devices = opener.usbDevices();
    return devices && std::any_of(devices->begin(), devices->end(),
                                  [&](const UsbDeviceInfo& device) { return device.place == place; });
  };
  while (!isThere() && !patience.hasExpired()) {
    QThread::msleep(20);
  }
}

// ---- SMP ------------------------------------------------------------------------------------------------

class SmpUnit final : public ContractUnit {
 public:
  // `baud`: of a serial line whose bytes take their time, for a small image; 0: they do not.
  explicit SmpUnit(VirtualSmpDevice::Transport transport, int baud = 0)
      : imageBytes_(baud == 0 ? kUnitImageBytes : kPacedImageBytes), device_(config(imageBytes_), transport) {
    if (const Status started = device_.start(); !started) {
      qFatal("%s", qPrintable(started.error().message()));
    }
    if (baud != 0) {
      line_ = std::make_unique<PacedSerialRelay>(device_.address().target, baud);
    }
    (void)firmware();
  }

  ModelDescription model() const override {
    ModelDescription model;
    model.vendorId = QStringLiteral("norrland");
    model.id = QStringLiteral("t2");
    model.name = QStringLiteral("Norrland T2");
    model.driver = QStringLiteral("smp");
    model.links = {LinkKind::Udp, LinkKind::Serial};
    model.deviceNames = {QStringLiteral("t2")};
    model.imageFormat = QStringLiteral("mcuboot");
    model.imageKeys = {vendor().publicKey()};
    model.timings = {.restartSeconds = 1, .confirmSeconds = 1};
    return model;
  }
  LinkAddress address() const override { return line_ ? line_->address() : device_.address(); }
  LinkOpener& opener() override { return opener_; }
  Image newImage() const override { return image(vendor(), "healthy"); }
  Image wrongImage() const override {  // signed by somebody else
    static const VirtualVendor other;
    return image(other, "healthy");
  }
  std::optional<Image> failingImage() const override { return image(vendor(), "hang"); }

  std::optional<Version> firmware() override {
    std::optional<Version> runs;
    device_.waitUntil([&](const auto& now) { return (runs = now.running).has_value(); }, kUnitPatienceMs);
    return runs;
  }
  bool isConfirmed() override { return device_.snapshot().confirmed; }
  bool lieAboutWriting(bool lies) override {
    device_.pretendToWrite(lies);
    return true;
  }
  void powerCycle() override {
    device_.powerOff();
    device_.powerOn();
  }

 private:
  static const VirtualVendor& vendor() {
    static const VirtualVendor instance;
    return instance;
  }
  Image image(const VirtualVendor& signer, const QByteArray& behaviour) const {
    return signer.image(signer.build({2, 0, 0, 7}, behaviour, imageBytes_));
  }
  static SmpDeviceConfig config(qsizetype imageBytes) {
    SmpDeviceConfig config = vendor().device(vendor().build({1, 0, 0, 0}, "healthy", imageBytes));
    config.bootMs = 30;
    config.watchdogMs = 100;
    return config;
  }

  const qsizetype imageBytes_;
  VirtualSmpDevice device_;
  std::unique_ptr<PacedSerialRelay> line_;
  SystemLinkOpener opener_;
};

// ---- Fastboot -------------------------------------------------------------------------------------------

class FastbootUnit final : public ContractUnit {
 public:
  using Transport = VirtualFastbootDevice::Transport;

  // `bus`: for USB; outlives it. `imageBytes`: of each firmware. `restartSeconds`: as the model tells them.
  explicit FastbootUnit(Transport transport, UsbTestBus* bus = nullptr, qsizetype imageBytes = kUnitImageBytes,
                        int restartSeconds = 1)
      : imageBytes_(imageBytes), restartSeconds_(restartSeconds), device_(config(imageBytes), transport), bus_(bus) {
    if (const Status started = device_.start(); !started) {
      qFatal("%s", qPrintable(started.error().message()));
    }
    if (bus_ != nullptr) {
      place_ = bus_->plugIn(device_.usbFunction());
      awaitPresence(bus_->opener(), place_);
    }
    (void)firmware();
  }
  ~FastbootUnit() override {
    if (bus_ != nullptr) {
      bus_->unplug(place_);
    }
  }

  ModelDescription model() const override {
    ModelDescription model = fastbootModel();
    model.timings = {.restartSeconds = restartSeconds_, .confirmSeconds = restartSeconds_};
    return model;
  }
  LinkAddress address() const override {
    return bus_ != nullptr ? LinkAddress{LinkKind::Usb, place_, 0, {}} : device_.address();
  }
  LinkOpener& opener() override {
    if (bus_ != nullptr) {
      return bus_->opener();
    }
    return opener_;
  }
  Image newImage() const override { return image({2, 0, 0, 0}, "healthy", imageBytes_); }
  Image wrongImage() const override { return image({2, 0, 0, 0}, "healthy", (1 << 20) + 4096); }  // too large
  std::optional<Image> failingImage() const override {
    return image({2, 0, 0, 0}, bus_ != nullptr ? "boot-loop" : "hang", imageBytes_);
  }

  std::optional<Version> firmware() override {
    std::optional<Version> runs;
    const auto atRest = [&](const VirtualFastbootDevice::Snapshot& now) {
      runs = now.running;
      // Found in its bootloader: what it would start.
      const bool waits = now.phase == FastbootDevice::Phase::Bootloader;
      if (waits) {
        const auto stored = FastbootFirmware::parse(content(now.currentSlot), 1 << 20);
        runs = stored ? std::optional(stored->version) : std::nullopt;
      }
      return waits || (runs && now.slots[static_cast<std::size_t>(now.currentSlot)].successful);
    };
    waitFor(atRest);
    return runs;
  }
  bool isConfirmed() override {
    const VirtualFastbootDevice::Snapshot now = device_.snapshot();
    return now.slots[static_cast<std::size_t>(now.currentSlot)].successful;
  }
  bool lieAboutWriting(bool lies) override {
    device_.change([&](FastbootBoard& board) { board.device.faults().pretendToWrite = lies; });
    return true;
  }
  quint64 flashOperations() override {
    quint64 count = 0;
    device_.change([&](FastbootBoard& board) { count = board.device.storage().flash().operations(); });
    return count;
  }
  void cutPowerAtFlashOperation(quint64 n) override {
    device_.change([&](FastbootBoard& board) { board.device.storage().flash().cutPowerAtOperation(n); });
  }
  void powerCycle() override {
    if (bus_ == nullptr) {
      device_.restartWithKey();
      return;
    }
    bus_->unplug(place_);
    device_.change([](FastbootBoard& board) { board.device.holdKey(); });
    bus_->plugInAgain(place_);
    awaitPresence(bus_->opener(), place_);
  }

 private:
  static FastbootDeviceConfig config(qsizetype imageBytes) {
    FastbootDeviceConfig config = fastbootDevice();
    config.firmware = fastbootFirmware({1, 0, 0, 0}, "healthy", imageBytes);
    config.startInBootloader = false;
    return config;
  }
  static Image image(const Version& version, const QByteArray& behaviour, qsizetype size) {
    Image image = fastbootImage(fastbootFirmware(version, behaviour, size));
    image.facts.version = version;
    return image;
  }
  QByteArray content(int slot) const { return device_.partition(slot == 0 ? "firmware_a" : "firmware_b", imageBytes_); }
  // The condition looks at the device itself, which waitUntil() does not allow.
  void waitFor(const std::function<bool(const VirtualFastbootDevice::Snapshot&)>& atRest) const {
    QDeadlineTimer patience(kUnitPatienceMs);
    quint32 starts = 0;
    while (!atRest(device_.snapshot()) && !patience.hasExpired()) {
      starts = device_.snapshot().starts;
      device_.waitUntil([&](const auto& now) { return now.starts != starts; }, 20);
    }
  }

  const qsizetype imageBytes_;
  const int restartSeconds_;
  VirtualFastbootDevice device_;
  UsbTestBus* bus_;
  QString place_;
  SystemLinkOpener opener_;
};

// ---- DFU and DfuSe --------------------------------------------------------------------------------------

template <class Device, class Config>
class DfuUnit final : public ContractUnit {
 public:
  static constexpr bool kIsDfuse = std::is_same_v<Device, VirtualDfuseDevice>;

  // `bus` outlives it.
  explicit DfuUnit(UsbTestBus& bus, qsizetype imageBytes = kUnitImageBytes, FirmwarePair pair = FirmwarePair::Unlike)
      : bus_(bus), imageBytes_(imageBytes), pair_(pair), device_(std::make_shared<Device>(config())) {
    place_ = bus_.plugIn(device_);
    awaitPresence(bus_.opener(), place_);
  }
  ~DfuUnit() override { bus_.unplug(place_); }

  ModelDescription model() const override {
    ModelDescription model = dfuModel(driver(), config().usb);
    if (kIsDfuse) {  // an STM32's bootloader makes a serial number of its own
      model.driverSettings = {{QStringLiteral("serialInBootloader"), false}};
    }
    model.timings = {.restartSeconds = 1, .confirmSeconds = 1};
    return model;
  }
  LinkAddress address() const override { return {LinkKind::Usb, place_, 0, {}}; }
  LinkOpener& opener() override { return bus_.opener(); }
  Image newImage() const override { return image(config().usb); }
  Image wrongImage() const override {  // for another product
    VirtualDfuConfig other = config().usb;
    other.dfuProductId = 0x7777;
    return image(other);
  }

  std::optional<Version> firmware() override {
    const auto release = releaseOfUsbFirmware(stored());
    return release ? std::optional(
                         Version{quint32(*release >> 8), quint32(*release >> 4 & 0xF), quint32(*release & 0xF), 0})
                   : std::nullopt;
  }
  bool lieAboutWriting(bool lies) override {
    VirtualDfuFaults faults;
    faults.storesWrongly = lies;
    device_->setFaults(faults);
    return true;
  }
  quint64 flashOperations() override { return device_->flashOperations(); }
  void cutPowerAtFlashOperation(quint64 n) override { device_->cutPowerAtFlashOperation(n); }
  // Somebody pulls the plug and holds the button while plugging it in again.
  void powerCycle() override {
    bus_.unplug(place_);
    device_->holdBootButton(true);
    bus_.plugInAgain(place_);
    awaitPresence(bus_.opener(), place_);
    device_->holdBootButton(false);
  }

 private:
  static QString driver() { return kIsDfuse ? QStringLiteral("dfuse") : QStringLiteral("dfu"); }
  Config config() const {
    Config config;
    config.firmware = oldUsbFirmware(imageBytes_);
    return config;
  }
  Image image(const VirtualDfuConfig& usb) const {
    const QByteArray payload = newUsbFirmware(imageBytes_, pair_);
    Image image = kIsDfuse ? dfuseImage(payload, usb) : dfuImage(payload, usb);
    image.facts.version = Version{2, 1, 3, 0};
    return image;
  }
  QByteArray stored() const {
    if constexpr (kIsDfuse) {
      return device_->content(0, imageBytes_);
    } else {
      return device_->content();
    }
  }

  UsbTestBus& bus_;
  const qsizetype imageBytes_;
  const FirmwarePair pair_;
  std::shared_ptr<Device> device_;
  QString place_;
};

using VirtualDfuUnit = DfuUnit<VirtualDfuDevice, VirtualDfuDeviceConfig>;
using VirtualDfuseUnit = DfuUnit<VirtualDfuseDevice, VirtualDfuseDeviceConfig>;

}  // namespace sealift::test
