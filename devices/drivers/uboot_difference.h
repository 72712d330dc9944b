// How little of an image has to be sent to U-Boot and written to its storage: U-Boot computes the CRC-32 of pieces of
// its memory, into which an interrupted transfer has put some of the image already, and the running slot may hold more
// of it. What is brought together so is proven as a whole before it is written, and again afterwards (uboot_loader.h).
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/kept_sectors.h"
#include "devices/drivers/uboot_settings.h"

namespace sealift {

class UbootDifference {
 public:
  // The console stands at the prompt. All outlive this.
  UbootDifference(UbootConsole& console, const UbootSettings& settings, const Image& image)
      : console_(console), settings_(settings), image_(image) {}

  // Puts into the memory at settings.imageAddress what the running slot has of the image. Gives what is left to send,
  // by address. Errors: the console's; a slot that can't be read is of no use, and no error.
  Result<QList<MemoryPart>> toSend(const UbootArea& running, StepContext& step);

  // Block numbers within the slot.
  struct Blocks {
    quint64 first = 0;
    quint64 count = 0;
  };
  // Which blocks of this slot have to be written for it to hold the image, whose last block is filled up with zeros in
  // the memory. Uses the memory at settings.verifyAddress.
  Result<QList<Blocks>> toWrite(const UbootArea& slot, StepContext& step);

 private:
  // A piece of the image, and whether it is there.
  struct Piece {
    qint64 begin = 0;
    qint64 bytes = 0;
    bool held = false;
  };
  QList<Piece> pieces() const;
  Result<bool> holds(quint64 base, const Piece& piece, const CancelToken& cancel);
  Status readSlot(quint64 address, const UbootArea& slot, quint64 fromBlock, const CancelToken& cancel);
  quint64 imageBlocks() const;

  UbootConsole& console_;
  const UbootSettings& settings_;
  const Image& image_;
};

}  // namespace sealift
