#include "devices/drivers/uboot_difference.h"

#include "app/base/crc.h"
#include "transports/protocols/uboot/memory.h"
#include "transports/protocols/uboot/storage.h"

#include <algorithm>
#include <numeric>

namespace sealift {
namespace {

// A question for a CRC-32 takes some hundredths of a second; so many bytes take more than a second at 115200 baud.
constexpr qint64 kLeastPiece = 16 * 1024;
constexpr qint64 kMostPieces = 128;
constexpr qint64 kYmodemBlock = 1024;
// Beginning a YMODEM transfer takes about as long as sending so much.
constexpr qint64 kWorthSendingAlong = 16 * 1024;

}  // namespace

quint64 UbootDifference::imageBlocks() const {
  return settings_.blocksFor(static_cast<quint64>(image_.bytes.size()));
}

// Equal pieces of whole blocks, of the storage and of YMODEM: U-Boot may fill up a transfer's last one.
QList<UbootDifference::Piece> UbootDifference::pieces() const {
  const qint64 total = image_.bytes.size();
  const qint64 block = std::lcm(static_cast<qint64>(settings_.blockSize), kYmodemBlock);
  const qint64 wanted = std::max(kLeastPiece, total / kMostPieces);
  const qint64 size = (wanted + block - 1) / block * block;
  QList<Piece> all;
  for (qint64 begin = 0; begin < total; begin += size) {
    all << Piece{begin, std::min(size, total - begin), false};
  }
  return all;
}

Result<bool> UbootDifference::holds(quint64 base, const Piece& piece, const CancelToken& cancel) {
  SEALIFT_TRY(const quint32 crc, UbootMemory(console_).crc32(base + static_cast<quint64>(piece.begin),
                                                             static_cast<quint64>(piece.bytes), cancel));
  return crc == crc32(QByteArrayView(image_.bytes).sliced(piece.begin, piece.bytes));
}

Status UbootDifference::readSlot(quint64 address, const UbootArea& slot, quint64 fromBlock, const CancelToken& cancel) {
  return UbootStorage(console_, settings_.interface, settings_.device)
      .read(address + fromBlock * settings_.blockSize, slot.block + fromBlock, imageBlocks() - fromBlock, cancel);
}

Result<QList<MemoryPart>> UbootDifference::toSend(const UbootArea& running, StepContext& step) {
  QList<Piece> all = pieces();
  // What came before an interruption came in order.
  qsizetype first = 0;
  for (; first < all.size(); ++first) {
    SEALIFT_TRY(all[first].held, holds(settings_.imageAddress, all[first], step.cancel));
    if (!all[first].held) {
      break;
    }
  }
  if (first > 0) {
    step.note(QStringLiteral("The device's memory still holds %1 bytes of the image.")
                  .arg(first == all.size() ? image_.bytes.size() : all[first].begin));
  }
  if (first < all.size() && imageBlocks() <= running.blocks &&
      readSlot(settings_.imageAddress, running, static_cast<quint64>(all[first].begin) / settings_.blockSize,
               step.cancel)) {
    for (qsizetype i = first; i < all.size(); ++i) {
      SEALIFT_TRY(all[i].held, holds(settings_.imageAddress, all[i], step.cancel));
    }
  }
  SEALIFT_CHECK(step.cancel.check());
  QList<MemoryPart> parts;
  qint64 end = 0;  // of the last part
  for (const Piece& piece : all) {
    if (piece.held) {
      continue;
    }
    const bool follows = !parts.isEmpty() && piece.begin - end <= kWorthSendingAlong;
    const qint64 begin = follows ? static_cast<qint64>(parts.last().address - settings_.imageAddress) : piece.begin;
    end = piece.begin + piece.bytes;
    const MemoryPart part{settings_.imageAddress + static_cast<quint64>(begin),
                          QByteArrayView(image_.bytes).sliced(begin, end - begin)};
    if (follows) {
      parts.last() = part;
    } else {
      parts << part;
    }
  }
  return parts;
}

Result<QList<UbootDifference::Blocks>> UbootDifference::toWrite(const UbootArea& slot, StepContext& step) {
  // A read that says "OK" and does nothing must not find the image there already.
  SEALIFT_CHECK(
      UbootMemory(console_).fill(settings_.verifyAddress, 0xA5, imageBlocks() * settings_.blockSize, step.cancel));
  if (!readSlot(settings_.verifyAddress, slot, 0, step.cancel)) {
    SEALIFT_CHECK(step.cancel.check());
    return QList<Blocks>{{0, imageBlocks()}};
  }
  QList<Blocks> runs;
  for (const Piece& piece : pieces()) {
    SEALIFT_TRY(const bool held, holds(settings_.verifyAddress, piece, step.cancel));
    if (held) {
      continue;
    }
    const quint64 first = static_cast<quint64>(piece.begin) / settings_.blockSize;
    const quint64 end = settings_.blocksFor(static_cast<quint64>(piece.begin + piece.bytes));
    if (!runs.isEmpty() && runs.last().first + runs.last().count == first) {
      runs.last().count = end - runs.last().first;
    } else {
      runs << Blocks{first, end - first};
    }
  }
  return runs;
}

}  // namespace sealift
