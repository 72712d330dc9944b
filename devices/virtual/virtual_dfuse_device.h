// A virtual STM32 with its bootloader's DfuSe 1.1a, on the strict flash model.
// Sources: STMicroelectronics AN3156 (commands, errors, read-out protection), UM0424 (memory maps).
//
// Its bootloader erases nothing by itself: programming flash that is not erased is errPROG. The application runs when
// the firmware at the flash's beginning is whole (usb_firmware.h); blank flash starts the bootloader (AN2606, "empty
// check"); started on anything else the device hangs and is not seen on the bus until it is plugged in anew.
//
// Threads: any.
#pragma once

#include "devices/virtual/dfu_machine.h"
#include "devices/virtual/flash_model.h"

namespace sealift {

struct VirtualDfuseDeviceConfig {
  VirtualDfuConfig usb = defaultUsb();
  quint32 base = 0x08000000;
  FlashGeometry flash{256 * 1024, 2048, 8};
  QByteArray firmware;  // at delivery; empty: blank
  bool readProtected = false;

  static VirtualDfuConfig defaultUsb();
};

class VirtualDfuseDevice final : public DfuMachine {
 public:
  explicit VirtualDfuseDevice(const VirtualDfuseDeviceConfig& config);

  QByteArray content(qsizetype at, qsizetype size) const;  // of the flash
  bool isReadProtected() const;
  quint64 erasedSectors() const;
  quint64 flashOperations() const;
  void cutPowerAtFlashOperation(quint64 n);  // from now, 1 is the next; back with the plug

 protected:
  QStringList alternateNames() const override;
  quint16 bcdDfu() const override { return 0x011A; }
  void power(bool on) override;
  std::optional<quint16> bootableRelease() const override;
  Work takeBlock(quint16 block, const QByteArray& data) override;
  Upload giveBlock(quint16 block, quint16 length) override;
  bool mayEndNow() const override { return true; }  // AN3156, 6: leaving the bootloader
  Work manifest() override { return {0, config().manifestTime, false, false}; }
  bool alwaysBusyFirst() const override { return true; }
  bool leavesByManifest() const override { return true; }
  bool runsIntoNothing() const override;
  quint8 brokenFirmwareStatus() const override { return 0; }

 private:
  Work command(const QByteArray& bytes);
  Work erase(qsizetype at, qsizetype size);
  Work program(quint64 address, const QByteArray& data);
  Work outcome(const Status& done, quint8 status, std::chrono::milliseconds time) const;
  std::optional<qsizetype> offsetOf(quint64 address) const;  // in the flash
  QByteArray allOf() const;

  const quint32 base_;
  FlashModel flash_;
  QByteArray optionBytes_;
  bool readProtected_;
  quint32 pointer_;
};

}  // namespace sealift
