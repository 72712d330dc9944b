#include "devices/virtual/mcuboot_model.h"

#include <algorithm>

namespace sealift {

qsizetype McubootModel::flashSize(qsizetype imageSectors, qsizetype sectorSize) {
  const qsizetype slot = imageSectors * sectorSize + BootTrailer::sizeFor(imageSectors, sectorSize);
  return 2 * slot + sectorSize + BootTrailer::sizeFor(0, sectorSize);
}

McubootModel::McubootModel(FlashModel& flash, const BootConfig& config)
    : flash_(flash), config_(config), securityCounter_(config.securityCounter) {}

qsizetype McubootModel::slotSize() const {
  return imageBytes() + BootTrailer::sizeFor(config_.imageSectors, flash_.geometry().sectorSize);
}

BootTrailer McubootModel::trailer(int slot) const {
  return {flash_, slotBegin(slot) + imageBytes(), slotBegin(slot) + slotSize()};
}

BootTrailer McubootModel::scratchTrailer() const {
  const qsizetype begin = scratchBegin() + flash_.geometry().sectorSize;
  return {flash_, begin, begin + BootTrailer::sizeFor(0, flash_.geometry().sectorSize)};
}

QByteArray McubootModel::slotBytes(int slot) const {
  return flash_.read(slotBegin(slot), imageBytes()).value_or(QByteArray());
}

std::optional<McubootImage> McubootModel::image(int slot) const {
  const Result<McubootImage> parsed = parseMcubootImage(slotBytes(slot), Trailing::Allowed);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

QByteArray McubootModel::payload(int slot) const {
  const std::optional<McubootImage> found = image(slot);
  return found ? slotBytes(slot).mid(found->headerSize, found->payloadSize) : QByteArray();
}

// "Integrity Check", "Security", and the hardware's counter against rollback.
Status McubootModel::validate(int slot) const {
  SEALIFT_TRY(const ImageFacts facts, verifyMcubootImage(slotBytes(slot), config_.keys, Trailing::Allowed));
  if (facts.securityVersion.value_or(0) < securityCounter_) {
    return fail(ErrorCode::PolicySecurityVersion,
                QStringLiteral("The image's security counter is below the device's %1.").arg(securityCounter_));
  }
  return {};
}

// "IMAGE TRAILERS": the tables, in their order.
SwapType McubootModel::swapType() const {
  const BootTrailer primary = trailer(kPrimary);
  const BootTrailer secondary = trailer(kSecondary);
  if (secondary.magic() == BootTrailer::Magic::Good) {
    return secondary.imageOk() ? SwapType::Permanent : SwapType::Test;  // states II and I
  }
  if (primary.magic() == BootTrailer::Magic::Good && secondary.magic() == BootTrailer::Magic::Unset &&
      !primary.imageOk() && primary.copyDone()) {
    return SwapType::Revert;  // state III
  }
  return SwapType::None;  // state IV
}

bool McubootModel::isPrimaryConfirmed() const {
  const BootTrailer primary = trailer(kPrimary);
  // Without a magic there was no swap: the image that the factory put there.
  return primary.magic() != BootTrailer::Magic::Good || primary.imageOk();
}

void McubootModel::raiseCounter() {
  if (!config_.raisesCounter) {
    return;
  }
  if (const std::optional<McubootImage> running = image(kPrimary)) {
    securityCounter_ = std::max(securityCounter_, running->securityCounter.value_or(0));
  }
}

Status McubootModel::raiseSecurityCounter(quint32 value) {
  const std::optional<McubootImage> running = image(kPrimary);
  if (value < securityCounter_ || !running || !isPrimaryConfirmed() || value > running->securityCounter.value_or(0)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The security counter can't become %1.").arg(value));
  }
  securityCounter_ = value;
  return {};
}

// "High-Level Operation"
Result<McubootImage> McubootModel::boot() {
  // 1. Is an interrupted swap being resumed?
  const BootTrailer primary = trailer(kPrimary);
  const std::optional<BootTrailer::Swap> announced = scratchTrailer().swap();
  const std::optional<BootTrailer::Swap> begun = primary.swap();
  if (scratchTrailer().magic() == BootTrailer::Magic::Good && announced) {
    SEALIFT_CHECK(commitSwap(*announced));
    SEALIFT_CHECK(carryOutSwap(*announced));
  } else if (primary.magic() == BootTrailer::Magic::Good && !primary.copyDone() && begun) {
    SEALIFT_CHECK(carryOutSwap(*begun));
  } else if (const SwapType type = swapType(); type != SwapType::None) {
    // 2. Is a swap requested, and the requested image valid?
    SEALIFT_CHECK(validate(kSecondary) ? startSwap(type) : refuseSecondary());
  }
  // 3. Boot into the image in the primary slot (with MCUBOOT_VALIDATE_PRIMARY_SLOT).
  SEALIFT_CHECK(validate(kPrimary));
  if (isPrimaryConfirmed()) {
    raiseCounter();
  }
  return *image(kPrimary);
}

// Not every flash loses power at a kind moment. The order is: what is to be done goes into the scratch area's
// trailer; from its magic on the swap will happen. Then the primary slot's trailer is made anew and takes over.
Status McubootModel::startSwap(SwapType type) {
  const BootTrailer::Swap swap{type, usedSectors()};
  BootTrailer scratch = scratchTrailer();
  SEALIFT_CHECK(scratch.erase());
  SEALIFT_CHECK(scratch.writeSwap(swap));
  SEALIFT_CHECK(scratch.writeMagic());
  SEALIFT_CHECK(commitSwap(swap));
  return carryOutSwap(swap);
}

Status McubootModel::commitSwap(const BootTrailer::Swap& swap) {
  BootTrailer primary = trailer(kPrimary);
  SEALIFT_CHECK(primary.erase());
  SEALIFT_CHECK(primary.writeSwap(swap));
  if (swap.type != SwapType::Test) {
    SEALIFT_CHECK(primary.writeImageOk());
  }
  SEALIFT_CHECK(primary.writeMagic());
  return scratchTrailer().erase();
}

// "Image Swapping", step 2, from whatever the swap status says is done.
Status McubootModel::carryOutSwap(const BootTrailer::Swap& swap) {
  BootTrailer status = trailer(kPrimary);
  const qsizetype sector = flash_.geometry().sectorSize;
  for (quint32 order = 0; order < swap.sectors; ++order) {
    const qsizetype offset = static_cast<qsizetype>(swap.sectors - 1 - order) * sector;
    const qsizetype primaryAt = slotBegin(kPrimary) + offset;
    const qsizetype secondaryAt = slotBegin(kSecondary) + offset;
    const int done = status.status(order);
    if (done < 1) {
      SEALIFT_CHECK(flash_.erase(scratchBegin(), sector));
      SEALIFT_CHECK(copy(secondaryAt, scratchBegin(), sector));
      SEALIFT_CHECK(status.writeStatus(order, 1));
    }
    if (done < 2) {
      SEALIFT_CHECK(flash_.erase(secondaryAt, sector));
      SEALIFT_CHECK(copy(primaryAt, secondaryAt, sector));
      SEALIFT_CHECK(status.writeStatus(order, 2));
    }
    if (done < 3) {
      SEALIFT_CHECK(flash_.erase(primaryAt, sector));
      SEALIFT_CHECK(copy(scratchBegin(), primaryAt, sector));
      SEALIFT_CHECK(status.writeStatus(order, 3));
    }
  }
  // Step 3: persist completion. The request in the secondary slot's trailer goes first.
  if (!trailer(kSecondary).isBlank()) {
    SEALIFT_CHECK(trailer(kSecondary).erase());
  }
  return status.writeCopyDone();
}

// "the requested image … no: erase invalid image, persist failure of swap procedure to image trailers"
Status McubootModel::refuseSecondary() {
  SEALIFT_CHECK(eraseSecondary());
  BootTrailer primary = trailer(kPrimary);
  if (primary.imageOk()) {
    return {};
  }
  return primary.writeImageOk();
}

quint32 McubootModel::usedSectors() const {
  qsizetype bytes = 0;
  for (const int slot : {kPrimary, kSecondary}) {
    if (const std::optional<McubootImage> found = image(slot)) {
      bytes = std::max(bytes, found->totalSize);
    }
  }
  const qsizetype sector = flash_.geometry().sectorSize;
  return static_cast<quint32>((bytes + sector - 1) / sector);
}

Status McubootModel::copy(qsizetype from, qsizetype to, qsizetype size) {
  constexpr qsizetype kChunk = 1024;
  for (qsizetype done = 0; done < size; done += kChunk) {
    const qsizetype count = std::min(kChunk, size - done);
    SEALIFT_TRY(const QByteArray bytes, flash_.read(from + done, count));
    if (bytes.count('\xff') != bytes.size()) {
      SEALIFT_CHECK(flash_.program(to + done, bytes));
    }
  }
  return {};
}

Status McubootModel::setPending(bool permanent) {
  BootTrailer secondary = trailer(kSecondary);
  if (!secondary.isBlank()) {  // an older request, or one that lost power half-way
    SEALIFT_CHECK(secondary.erase());
  }
  if (permanent) {
    SEALIFT_CHECK(secondary.writeImageOk());
  }
  return secondary.writeMagic();
}

Status McubootModel::confirm() {
  if (!isPrimaryConfirmed()) {
    SEALIFT_CHECK(trailer(kPrimary).writeImageOk());
  }
  raiseCounter();
  return {};
}

Status McubootModel::eraseSecondary() {
  SEALIFT_CHECK(eraseSecondaryTrailer());
  return flash_.erase(slotBegin(kSecondary), imageBytes());
}

Status McubootModel::eraseSecondaryTrailer() {
  return trailer(kSecondary).erase();
}

Status McubootModel::install(const QByteArray& image) {
  if (image.size() > imageBytes()) {
    return fail(ErrorCode::ImageTooLarge, QStringLiteral("The image does not fit the virtual device's slot."));
  }
  const qsizetype unit = flash_.geometry().writeSize;
  QByteArray padded = image;
  padded.append((unit - padded.size() % unit) % unit, '\xff');
  SEALIFT_CHECK(flash_.erase(slotBegin(kPrimary), slotSize()));
  return flash_.program(slotBegin(kPrimary), padded);
}

}  // namespace sealift
