// The image trailer: what bootloader and application write into flash to agree on what to boot.
// Source: MCUboot, docs/design.md, "IMAGE TRAILER" and "IMAGE TRAILERS".
//
// As there, from the end of the area backwards: magic (16 bytes), image ok, copy done, swap info, swap size, and
// before them the swap status with three records per sector. Every record stands in a unit of its own (8 bytes,
// so that any write size fits). Swap info and swap size are followed by their complements: a torn erase
// then can't turn one value into another valid one.
#pragma once

#include "app/base/result.h"
#include "devices/virtual/flash_model.h"

#include <optional>

namespace sealift {

enum class SwapType { None, Test, Permanent, Revert };

class BootTrailer {
 public:
  static constexpr qsizetype kUnit = 8;
  static constexpr qsizetype kFixedBytes = 16 + 4 * kUnit;

  // `end`: where the area ends in flash; the trailer has the sectors [begin, end) to itself.
  BootTrailer(FlashModel& flash, qsizetype begin, qsizetype end) : flash_(&flash), begin_(begin), end_(end) {}

  // How many bytes of whole sectors a trailer for `sectors` image sectors takes.
  static qsizetype sizeFor(qsizetype sectors, qsizetype sectorSize);

  enum class Magic { Good, Unset, Bad };
  Magic magic() const;
  // A record counts as written when it isn't blank: a torn write proves that the step before it was complete.
  bool imageOk() const { return isWritten(imageOkAt()); }
  bool copyDone() const { return isWritten(copyDoneAt()); }
  bool isBlank() const { return flash_->isErased(begin_, end_ - begin_); }

  struct Swap {
    SwapType type = SwapType::None;
    quint32 sectors = 0;  // that take part
  };
  std::optional<Swap> swap() const;
  // How many of the three steps of a sector are done. `order`: 0 for the sector that is swapped first.
  int status(quint32 order) const;

  Status erase() { return flash_->erase(begin_, end_ - begin_); }
  Status writeMagic();
  Status writeImageOk() { return writeFlag(imageOkAt()); }
  Status writeCopyDone() { return writeFlag(copyDoneAt()); }
  Status writeSwap(const Swap& swap);
  Status writeStatus(quint32 order, int step);  // step 1 … 3

 private:
  qsizetype magicAt() const { return end_ - 16; }
  qsizetype imageOkAt() const { return magicAt() - kUnit; }
  qsizetype copyDoneAt() const { return imageOkAt() - kUnit; }
  qsizetype swapInfoAt() const { return copyDoneAt() - kUnit; }
  qsizetype swapSizeAt() const { return swapInfoAt() - kUnit; }
  qsizetype statusAt(quint32 order, int step) const;
  bool isWritten(qsizetype at) const { return !flash_->isErased(at, kUnit); }
  Status writeFlag(qsizetype at);

  FlashModel* flash_;
  qsizetype begin_;
  qsizetype end_;
};

}  // namespace sealift
