// A virtual device that follows USB DFU 1.1: an application with a run-time interface and a bootloader with one
// alternate setting for each memory, on the strict flash model.
//
// Its bootloader counts blocks (3.1, wBlockNum), erases as it goes, and notes size and CRC-32 of the firmware in the
// last sector when it manifests. Without a valid note there is no firmware: after power or reset it stays in
// dfuERROR with errFIRMWARE. The application shows the release in the firmware's header (usb_firmware.h).
//
// Threads: any.
#pragma once

#include "devices/virtual/dfu_machine.h"
#include "devices/virtual/flash_model.h"

#include <vector>

namespace sealift {

struct VirtualDfuDeviceConfig {
  VirtualDfuConfig usb;
  QStringList memories{QStringLiteral("Firmware")};  // names of the alternate settings; the first one is run
  FlashGeometry flash{512 * 1024, 4096, 8};          // of each; the last sector holds the note
  QByteArray firmware;                               // in the first memory at delivery; empty: none
  quint16 plainRelease = 0x0100;                     // shown for firmware without a header
  bool uploadsWholeMemory = false;                   // what is behind the firmware, too
};

class VirtualDfuDevice final : public DfuMachine {
 public:
  explicit VirtualDfuDevice(const VirtualDfuDeviceConfig& config);

  // The firmware of a memory; empty when there is none that is whole.
  QByteArray content(int memory = 0) const;
  quint64 flashOperations(int memory = 0) const;
  void cutPowerAtFlashOperation(quint64 n, int memory = 0);  // from now, 1 is the next; back with the plug

 protected:
  QStringList alternateNames() const override { return memories_; }
  void power(bool on) override;
  std::optional<quint16> bootableRelease() const override;
  void beginConversation() override;
  Work takeBlock(quint16 block, const QByteArray& data) override;
  Upload giveBlock(quint16 block, quint16 length) override;
  bool mayEndNow() const override { return stateNow() == kDnloadIdle && at_ > 0; }
  Work manifest() override;

 private:
  FlashModel& flash();
  qsizetype capacity() const { return geometry_.size - geometry_.sectorSize; }
  std::optional<QByteArray> firmwareOf(const FlashModel& flash) const;
  Status writeNote(FlashModel& flash, qsizetype size);

  const QStringList memories_;
  const FlashGeometry geometry_;
  const quint16 plainRelease_;
  const bool uploadsWholeMemory_;
  std::vector<FlashModel> flashes_;
  qsizetype at_ = 0;
  quint16 nextBlock_ = 0;
};

}  // namespace sealift
