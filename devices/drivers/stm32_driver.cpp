#include "devices/drivers/stm32_driver.h"

#include "app/base/hex_number.h"

#include <QCryptographicHash>

namespace sealift {

namespace {

constexpr int kReads = 2;  // of what seems to differ
// Of a transfer; the rest is writing.
constexpr double kCompareShare = 0.05;
constexpr double kEraseShare = 0.1;

}  // namespace

DriverEntry Stm32Driver::entry() {
  DriverEntry entry;
  entry.name = QStringLiteral("stm32");
  entry.protocol = QStringLiteral("STM32 bootloader over USART (AN3155)");
  entry.links = {LinkKind::Serial};
  entry.capabilities.readback = true;
  entry.capabilities.sectorDigests = true;  // by reading, which is quicker than writing
  entry.capabilities.runningVersion = true;
  entry.provenBy = QStringLiteral("virtual device that stm32flash 0.7 works with");
  entry.help = QStringLiteral("stm32");
  entry.make = [](const ModelDescription& model, const LinkAddress& address,
                  LinkOpener& links) -> Result<std::unique_ptr<Driver>> {
    SEALIFT_TRY(const Stm32Settings settings, Stm32Settings::fromJson(model.driverSettings));
    return std::make_unique<Stm32Driver>(model, settings, address, links);
  };
  return entry;
}

Stm32Driver::Stm32Driver(const ModelDescription& model, const Stm32Settings& settings, const LinkAddress& address,
                         LinkOpener& links)
    : unit_(model, settings, address, links) {}

Capabilities Stm32Driver::capabilities() const {
  Capabilities capabilities = entry().capabilities;
  capabilities.runningVersion = unit_.settings().application.has_value();
  capabilities.sectorDigests = !unit_.settings().eraseAll;
  return capabilities;
}

Result<DeviceSnapshot> Stm32Driver::identify(StepContext& step) {
  return unit_.look(step);
}

Result<IdentityProof> Stm32Driver::proveIdentity(StepContext&) {
  return IdentityProof{IdentityState::CannotBeVerified,
                       QStringLiteral("The STM32 bootloader has no command by which a device proves who it is.")};
}

// ---- into the bootloader --------------------------------------------------------------------------------

// AN3155, 3.12: taking protection off erases the flash and resets the device.
Status Stm32Driver::checkProtection(StepContext& step) {
  if (!unit_.isProtected()) {
    return {};
  }
  if (!step.massEraseAgreed) {
    return fail(ErrorCode::DeviceProtected,
                QStringLiteral("The device's read-out protection is on: its bootloader neither reads nor writes."));
  }
  step.note(QStringLiteral("Taking off read-out protection, which erases the device, as was agreed."));
  written_ = true;
  SEALIFT_CHECK(unit_.session().readoutUnprotect(step.cancel));
  SEALIFT_CHECK(unit_.enterAgain(step));
  return unit_.isProtected()
             ? fail(ErrorCode::DeviceProtected, QStringLiteral("The device's read-out protection did not come off."))
             : Status();
}

Status Stm32Driver::enterBootloader(StepContext& step) {
  SEALIFT_CHECK(unit_.enter(step));
  return checkProtection(step);
}

// ---- writing --------------------------------------------------------------------------------------------

// Whatever can be known to fail is known before the first sector is erased.
Status Stm32Driver::checkFits(const Image& image, StepContext& step) {
  const quint32 address = unit_.settings().address;
  const qint64 begin = address - kStm32FlashBase;
  if (image.facts.format == QLatin1String("dfuse")) {
    return fail(ErrorCode::ImageFormatRefused,
                QStringLiteral("A DfuSe file names its own addresses; this driver writes images as they are."),
                QStringLiteral("Tell the vendor."));
  }
  if (image.bytes.isEmpty() || image.bytes.size() > unit_.layout().bytes() - begin) {
    return fail(ErrorCode::ImageTooLarge, QStringLiteral("The image has %1 bytes; from %2 on the flash has %3.")
                                              .arg(image.bytes.size())
                                              .arg(hexAddress(address))
                                              .arg(unit_.layout().bytes() - begin));
  }
  // A smaller chip of the same line has less flash than the line's layout says.
  Progress nobody;
  const auto last = static_cast<quint32>(address + static_cast<quint64>(image.bytes.size()) - 1);
  const auto there = unit_.session().read(last, 1, nobody, step.cancel);
  if (!there && there.error().code == ErrorCode::ProtocolRefused) {
    return failBecause(
        ErrorCode::ImageTooLarge,
        QStringLiteral("The image would end at %1, where this device has no flash.").arg(hexAddress(last)),
        there.error());
  }
  return there ? Status() : fail(there.error());
}

// AN3155, 3.4 and 3.8: reading a sector takes about half as long as writing it, and erasing comes on top of that.
Result<KeptSectors> Stm32Driver::findKept(const QList<Stm32FlashLayout::Page>& pages, const QList<MemoryPart>& parts,
                                          Progress progress, StepContext& step) {
  constexpr qsizetype kMostRead = 256;
  QList<MemoryRange> sectors;
  for (const Stm32FlashLayout::Page& page : pages) {
    sectors << MemoryRange{kStm32FlashBase + static_cast<quint64>(page.begin),
                           kStm32FlashBase + static_cast<quint64>(page.end)};
  }
  Progress nobody;
  const auto read = [&](quint64 address, qsizetype bytes) {
    return unit_.session().read(static_cast<quint32>(address), bytes, nobody, step.cancel);
  };
  return KeptSectors::find(sectors, parts, kMostRead, read, progress, step.cancel);
}

Result<QList<MemoryPart>> Stm32Driver::eraseFor(const Image& image, StepContext& step) {
  const quint32 address = unit_.settings().address;
  const QList<MemoryPart> whole{{address, image.bytes}};
  Progress comparing = step.progress.part(kCompareShare, QStringLiteral("Comparing"));
  Progress erasing = step.progress.part(kEraseShare, QStringLiteral("Erasing"));
  if (unit_.settings().eraseAll) {
    SEALIFT_CHECK(unit_.session().massErase(step.cancel));
    return whole;
  }
  const qint64 begin = address - kStm32FlashBase;
  const QList<Stm32FlashLayout::Page> pages = unit_.layout().pagesOf(begin, begin + image.bytes.size());
  SEALIFT_TRY(const KeptSectors kept, findKept(pages, whole, comparing, step));
  QList<quint16> numbers;
  for (const Stm32FlashLayout::Page& page : pages) {
    if (!kept.contains(kStm32FlashBase + static_cast<quint64>(page.begin))) {
      numbers << page.number;
    }
  }
  if (!numbers.isEmpty()) {
    SEALIFT_CHECK(unit_.session().erasePages(numbers, erasing, step.cancel));
  }
  step.note(QStringLiteral("Erased %1 sectors from %2 on; %3 hold already what they shall.")
                .arg(numbers.size())
                .arg(hexAddress(address))
                .arg(kept.count()));
  return kept.remainder(whole);
}

Status Stm32Driver::transfer(const Image& image, StepContext& step) {
  if (unit_.settings().eraseAll && !step.massEraseAgreed) {
    return fail(ErrorCode::DeviceProtected,
                QStringLiteral("This model's whole memory has to be erased, and nobody agreed to that."));
  }
  SEALIFT_CHECK(unit_.enter(step));
  SEALIFT_CHECK(checkProtection(step));
  SEALIFT_CHECK(checkFits(image, step));
  written_ = true;
  SEALIFT_TRY(const QList<MemoryPart> parts, eraseFor(image, step));
  Progress writing = step.progress.part(1.0 - kCompareShare - kEraseShare, QStringLiteral("Writing"));
  const qint64 total = totalBytes(parts);
  for (const MemoryPart& part : parts) {
    Progress share = writing.part(static_cast<double>(part.bytes.size()) / static_cast<double>(total), QString());
    SEALIFT_CHECK(unit_.session().write(static_cast<quint32>(part.address), part.bytes, share, step.cancel));
  }
  step.note(QStringLiteral("Wrote %1 bytes.").arg(total));
  step.progress.finish();
  return {};
}

// AN3155, 3.4: what is read carries no checksum. Noise on the line looks like a difference, so one is looked at again.
Result<StoredProof> Stm32Driver::verifyOnDevice(const Image& image, StepContext& step) {
  SEALIFT_CHECK(unit_.enter(step));
  const quint32 address = unit_.settings().address;
  for (int attempt = 1;; ++attempt) {
    SEALIFT_TRY(const QByteArray content,
                unit_.session().read(address, image.bytes.size(), step.progress, step.cancel));
    if (content == image.bytes) {
      return StoredProof{QStringLiteral("read back by the STM32 bootloader and compared with the image, byte by byte"),
                         QCryptographicHash::hash(content, QCryptographicHash::Sha256)};
    }
    if (attempt == kReads) {
      return fail(ErrorCode::DeviceVerifyFailed,
                  QStringLiteral("What was read back from %1 on differs from the image.").arg(hexAddress(address)),
                  QStringLiteral("Try again. If it happens again, sectors may be under write protection, which their "
                                 "vendor put there, or the flash is worn out."));
    }
    step.note(QStringLiteral("What was read back differs from the image; reading it again."));
  }
}

Status Stm32Driver::activate(const Image&, StepContext&) {
  return {};
}

// ---- out of the bootloader ------------------------------------------------------------------------------

// Protection comes here and not with the verification: after an interruption the engine begins again with this step.
Status Stm32Driver::restart(StepContext& step) {
  SEALIFT_CHECK(unit_.enter(step));
  if (unit_.settings().protect) {
    const Status done = unit_.session().readoutProtect(step.cancel);
    if (!done && done.error().code != ErrorCode::DeviceProtected) {  // already, by an earlier try
      return done;
    }
    step.note(QStringLiteral("Put read-out protection on."));
  }
  return unit_.start(step);
}

Result<DeviceSnapshot> Stm32Driver::waitForReturn(const Image&, StepContext& step) {
  if (!unit_.settings().application) {
    return fail(ErrorCode::NotSupported, QStringLiteral("This model's firmware does not tell what it is."));
  }
  SEALIFT_TRY(const DeviceSnapshot device, unit_.awaitApplication(step));
  step.progress.finish();
  return device;
}

Status Stm32Driver::confirm(const Image&, StepContext&) {
  return {};
}

// What was found in its bootloader stays there, and so does what was written in part.
Status Stm32Driver::abandon(StepContext&) {
  if (written_) {
    unit_.stay();
  } else {
    unit_.leave();
  }
  return {};
}

}  // namespace sealift
