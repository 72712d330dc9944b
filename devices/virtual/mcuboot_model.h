// MCUboot with swap using scratch, on a FlashModel: what it decides at boot, how it swaps, and the functions that
// it offers to the application.
// Source: MCUboot, docs/design.md, "Boot Swap Types", "IMAGE TRAILERS", "Image Swapping", "Reset
// Recovery", "Integrity Check"; docs/PORTING.md on the security counter. README.md says what differs.
//
// Every flash operation may be the one at which the power goes: then the calls return LinkLost, and boot() after
// powerOn() carries on from what flash says. Not thread-safe.
#pragma once

#include "app/base/result.h"
#include "devices/images/mcuboot_image.h"
#include "devices/virtual/boot_trailer.h"
#include "devices/virtual/flash_model.h"

#include <QByteArray>
#include <QList>

#include <optional>

namespace sealift {

struct BootConfig {
  qsizetype imageSectors = 64;  // of each slot, without the trailer's
  QList<QByteArray> keys;       // PEM; one of them must have signed what boots
  quint32 securityCounter = 0;  // as the hardware holds it at first
  bool raisesCounter = true;    // by itself, to that of the image that was confirmed
};

class McubootModel {
 public:
  static constexpr int kPrimary = 0;
  static constexpr int kSecondary = 1;

  // The flash that both slots, their trailers and the scratch area need.
  static qsizetype flashSize(qsizetype imageSectors, qsizetype sectorSize);
  McubootModel(FlashModel& flash, const BootConfig& config);

  // From reset to the jump into the application: finishes an interrupted swap, or swaps when asked to,
  // and checks what it boots. Errors: LinkLost (power), ImageSignatureInvalid and the other errors of
  // verifyMcubootImage() when there is nothing that may be booted.
  Result<McubootImage> boot();

  // For the application.
  SwapType swapType() const;  // what the next boot would do ("IMAGE TRAILERS", states I to IV)
  bool isPrimaryConfirmed() const;
  Status setPending(bool permanent);
  Status confirm();         // makes the running image permanent and raises the security counter
  Status eraseSecondary();  // image and trailer
  Status eraseSecondaryTrailer();
  std::optional<McubootImage> image(int slot) const;  // nothing when there is none that can be parsed
  QByteArray payload(int slot) const;

  qsizetype slotBegin(int slot) const { return slot == kPrimary ? 0 : slotSize(); }
  qsizetype imageBytes() const { return config_.imageSectors * flash_.geometry().sectorSize; }  // that fit into a slot
  quint32 securityCounter() const { return securityCounter_; }
  // As a factory does, before the counter follows the images by itself. InvalidArgument when it would go down, or above
  // that of the running image, or while that is on trial: something would then never boot again.
  Status raiseSecurityCounter(quint32 value);
  // Puts an image into the primary slot as a factory does. Errors: ImageTooLarge.
  Status install(const QByteArray& image);

 private:
  qsizetype slotSize() const;
  qsizetype scratchBegin() const { return 2 * slotSize(); }
  BootTrailer trailer(int slot) const;
  BootTrailer scratchTrailer() const;
  QByteArray slotBytes(int slot) const;
  Status validate(int slot) const;
  quint32 usedSectors() const;
  void raiseCounter();

  Status startSwap(SwapType type);
  Status commitSwap(const BootTrailer::Swap& swap);
  Status carryOutSwap(const BootTrailer::Swap& swap);
  Status refuseSecondary();
  Status copy(qsizetype from, qsizetype to, qsizetype size);

  FlashModel& flash_;
  BootConfig config_;
  quint32 securityCounter_;
};

}  // namespace sealift
