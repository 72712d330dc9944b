#include "devices/virtual/boot_trailer.h"

#include "app/base/byte_reader.h"

namespace sealift {

namespace {

// boot_img_magic, little-endian as on the devices.
const QByteArray kMagic = QByteArray::fromHex("77c295f360d2ef7f3552500f2cb67980");

QByteArray unit(quint32 value, bool withComplement) {
  QByteArray bytes;
  const quint32 words[2] = {value, withComplement ? ~value : 0xffffffff};
  for (const quint32 word : words) {
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.append(static_cast<char>((word >> shift) & 0xff));
    }
  }
  return bytes;
}

std::optional<quint32> readWithComplement(const FlashModel& flash, qsizetype at) {
  const Result<QByteArray> bytes = flash.read(at, BootTrailer::kUnit);
  if (!bytes) {
    return std::nullopt;
  }
  ByteReader reader(*bytes);
  const quint32 value = reader.le32();
  return reader.le32() == ~value ? std::optional(value) : std::nullopt;
}

}  // namespace

qsizetype BootTrailer::sizeFor(qsizetype sectors, qsizetype sectorSize) {
  const qsizetype bytes = kFixedBytes + sectors * 3 * kUnit;
  return (bytes + sectorSize - 1) / sectorSize * sectorSize;
}

BootTrailer::Magic BootTrailer::magic() const {
  const Result<QByteArray> bytes = flash_->read(magicAt(), kMagic.size());
  if (bytes && *bytes == kMagic) {
    return Magic::Good;
  }
  return flash_->isErased(magicAt(), kMagic.size()) ? Magic::Unset : Magic::Bad;
}

std::optional<BootTrailer::Swap> BootTrailer::swap() const {
  const std::optional<quint32> type = readWithComplement(*flash_, swapInfoAt());
  const std::optional<quint32> sectors = readWithComplement(*flash_, swapSizeAt());
  if (!type || !sectors || *type == 0 || *type > static_cast<quint32>(SwapType::Revert)) {
    return std::nullopt;
  }
  return Swap{static_cast<SwapType>(*type), *sectors};
}

qsizetype BootTrailer::statusAt(quint32 order, int step) const {
  return swapSizeAt() - (static_cast<qsizetype>(order) * 3 + step) * kUnit;
}

int BootTrailer::status(quint32 order) const {
  int done = 0;
  while (done < 3 && isWritten(statusAt(order, done + 1))) {
    ++done;
  }
  return done;
}

Status BootTrailer::writeFlag(qsizetype at) {
  return flash_->program(at, unit(0xffffff01, false));
}

Status BootTrailer::writeMagic() {
  return flash_->program(magicAt(), kMagic);
}

Status BootTrailer::writeSwap(const Swap& swap) {
  SEALIFT_CHECK(flash_->program(swapInfoAt(), unit(static_cast<quint32>(swap.type), true)));
  return flash_->program(swapSizeAt(), unit(swap.sectors, true));
}

Status BootTrailer::writeStatus(quint32 order, int step) {
  return flash_->program(statusAt(order, step), unit(0xffffff00U | static_cast<quint32>(step), false));
}

}  // namespace sealift
