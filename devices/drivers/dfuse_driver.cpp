#include "devices/drivers/dfuse_driver.h"

#include "app/base/hex_number.h"

#include <algorithm>

namespace sealift {

namespace {

// Of a transfer; the rest is writing.
constexpr double kCompareShare = 0.1;
constexpr double kEraseShare = 0.2;

Result<DfuseMemoryMap> mapOf(const DfuInterface& memory) {
  return DfuseMemoryMap::parse(memory.name);
}

qint64 bytesOf(const DfuseTarget& target) {
  qint64 bytes = 0;
  for (const DfuseElement& element : target.elements) {
    bytes += element.data.size();
  }
  return bytes;
}

}  // namespace

DriverEntry DfuseDriver::entry() {
  DriverEntry entry = entryOf<DfuseDriver>(QStringLiteral("dfuse"), QStringLiteral("DfuSe 1.1a (STM32)"));
  entry.capabilities.sectorDigests = true;  // by reading, which is quicker than erasing and writing
  return entry;
}

Capabilities DfuseDriver::capabilities() const {
  Capabilities capabilities = UsbDfuSteps::capabilities();
  capabilities.sectorDigests = unit_.settings().readBack && !unit_.settings().eraseAll;
  return capabilities;
}

DfuseDriver::DfuseDriver(const ModelDescription& model, const UsbDfuSettings& settings, const LinkAddress& address,
                         LinkOpener& links)
    : UsbDfuSteps(model, settings, address, links, QStringLiteral("STM32 bootloader · DfuSe 1.1a")) {}

// ---- identify -------------------------------------------------------------------------------------------

Result<DeviceSnapshot> DfuseDriver::identify(StepContext& step) {
  SEALIFT_TRY(DeviceSnapshot snapshot, unit_.identify(step.cancel));
  if (!snapshot.inBootloader) {
    return snapshot;
  }
  SEALIFT_TRY(const UsbDeviceInfo device, unit_.find(step.cancel));
  if (const auto memory = chooseMain(device)) {
    if (const auto map = mapOf(*memory)) {
      snapshot.slotBytes = map->writableBytes();
    }
  }
  return snapshot;
}

Result<IdentityProof> DfuseDriver::proveIdentity(StepContext&) {
  return IdentityProof{IdentityState::CannotBeVerified,
                       QStringLiteral("The STM32 bootloader has no command by which a device proves who it is.")};
}

// ---- into the bootloader --------------------------------------------------------------------------------

// The memory of the model's name, or the one in which the model's address lies.
Result<DfuInterface> DfuseDriver::chooseMain(const UsbDeviceInfo& device) const {
  if (!unit_.settings().alternate.isEmpty()) {
    return chooseDfuInterface(device, unit_.settings().alternate);
  }
  const quint64 address = unit_.settings().address;
  for (const DfuInterface& memory : findDfuInterfaces(device, DfuMode::Dfu)) {
    if (const auto map = mapOf(memory); map && map->isWritable(address, address + 1)) {
      return memory;
    }
  }
  return fail(ErrorCode::DeviceNotRecognised,
              QStringLiteral("None of the device's memories can be written at %1.").arg(hexAddress(address)));
}

Status DfuseDriver::enterMain(StepContext& step) {
  return unit_.enter(step, [&](const UsbDeviceInfo& device) { return chooseMain(device); });
}

Status DfuseDriver::enterTarget(const DfuseTarget& target, StepContext& step) {
  return unit_.enter(
      step, [&](const UsbDeviceInfo& device) { return chooseDfuInterface(device, QString::number(target.alternate)); });
}

// Reading is what read-out protection forbids. AN3156, 4.1: errVENDOR.
Status DfuseDriver::checkProtection(StepContext& step) {
  SEALIFT_TRY(const DfuseMemoryMap map, mapOf(unit_.session()->interface()));
  const auto& sectors = map.sectors();
  const auto readable =
      std::find_if(sectors.begin(), sectors.end(), [](const DfuseSectors& run) { return run.readable; });
  if (!unit_.session()->interface().functional.canUpload || readable == sectors.end()) {
    return {};
  }
  const qsizetype some = std::min<qsizetype>(unit_.session()->blockSize(), readable->size);
  Progress nobody;
  const auto read = DfuseSession(*unit_.session()).read(readable->begin, some, nobody, step.cancel);
  if (read) {
    return {};
  }
  if (read.error().code != ErrorCode::DeviceProtected || !step.massEraseAgreed) {
    return fail(read.error());
  }
  step.note(QStringLiteral("Taking off read-out protection, which erases the device, as was agreed."));
  SEALIFT_CHECK(unit_.session()->becomeIdle(step.cancel));
  written_ = true;
  SEALIFT_CHECK(DfuseSession(*unit_.session()).readUnprotect(step.cancel));
  SEALIFT_CHECK(unit_.awaitAny(step.cancel));
  SEALIFT_CHECK(enterMain(step));
  SEALIFT_CHECK(DfuseSession(*unit_.session()).read(readable->begin, some, nobody, step.cancel));
  return {};
}

Status DfuseDriver::enterBootloader(StepContext& step) {
  SEALIFT_CHECK(enterMain(step));
  return checkProtection(step);
}

// ---- writing --------------------------------------------------------------------------------------------

Result<QList<DfuseTarget>> DfuseDriver::targetsOf(const Image& image) const {
  const UsbDeviceInfo& device = unit_.device();
  if (image.facts.format != QLatin1String("dfuse")) {
    SEALIFT_TRY(const DfuInterface memory, chooseMain(device));
    DfuseTarget target;
    target.alternate = static_cast<quint8>(memory.alternate);
    target.elements = {{unit_.settings().address, image.bytes}};
    return QList<DfuseTarget>{target};
  }
  SEALIFT_TRY(const DfuseFile file, parseDfuseFile(image.bytes));
  SEALIFT_CHECK(checkSuffix(file.suffix, device, QStringLiteral("DfuSe")));
  return file.targets;
}

// Whatever can be known to fail is known before the first sector is erased.
Status DfuseDriver::checkTargets(const QList<DfuseTarget>& targets) const {
  for (const DfuseTarget& target : targets) {
    SEALIFT_TRY(const DfuInterface memory, chooseDfuInterface(unit_.device(), QString::number(target.alternate)));
    SEALIFT_TRY(const DfuseMemoryMap map, mapOf(memory));
    if (!memory.functional.canDownload || (unit_.settings().readBack && !memory.functional.canUpload)) {
      return fail(ErrorCode::NotSupported,
                  QStringLiteral("The device's bootloader can't both write and read \"%1\".").arg(map.name()));
    }
    for (const DfuseElement& element : target.elements) {
      if (element.data.isEmpty() || !map.isWritable(element.address, element.end())) {
        return fail(ErrorCode::ImageTooLarge,
                    QStringLiteral("The image goes to %1 to %2, which is not all writable memory of \"%3\".")
                        .arg(hexAddress(element.address), hexAddress(element.end()), map.name()));
      }
      if (unit_.settings().readBack && !map.isReadable(element.address, element.end())) {
        return fail(
            ErrorCode::NotSupported,
            QStringLiteral("\"%1\" can't be read back, so that nothing would prove what it holds.").arg(map.name()));
      }
    }
  }
  return {};
}

// Those that can be erased and that the target touches.
QList<MemoryRange> DfuseDriver::sectorsOf(const DfuseTarget& target, const DfuseMemoryMap& map) {
  QList<quint32> begins;
  for (const DfuseElement& element : target.elements) {
    begins += map.sectorsToErase(element.address, element.end());
  }
  std::sort(begins.begin(), begins.end());
  begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
  QList<MemoryRange> sectors;
  for (const quint32 begin : begins) {
    sectors << MemoryRange{begin, map.sectorEnd(begin)};
  }
  return sectors;
}

Result<KeptSectors> DfuseDriver::findKept(const QList<MemoryRange>& sectors, const QList<MemoryPart>& parts,
                                          const DfuseMemoryMap& map, Progress progress, StepContext& step) {
  const auto isReadable = [&](const MemoryRange& sector) { return map.isReadable(sector.begin, sector.end); };
  if (!unit_.settings().readBack || !std::all_of(sectors.cbegin(), sectors.cend(), isReadable)) {
    return KeptSectors();
  }
  Progress nobody;
  DfuseSession session(*unit_.session());
  const auto read = [&](quint64 address, qsizetype bytes) {
    return session.read(static_cast<quint32>(address), bytes, nobody, step.cancel);
  };
  return KeptSectors::find(sectors, parts, unit_.session()->blockSize(), read, progress, step.cancel);
}

Status DfuseDriver::writeTarget(const DfuseTarget& target, StepContext& step) {
  DfuseSession session(*unit_.session());
  SEALIFT_TRY(const DfuseMemoryMap map, mapOf(unit_.session()->interface()));
  QList<MemoryPart> parts;
  for (const DfuseElement& element : target.elements) {
    parts << MemoryPart{element.address, element.data};
  }
  Progress comparing = step.progress.part(kCompareShare, QStringLiteral("Comparing"));
  Progress erasing = step.progress.part(kEraseShare, QStringLiteral("Erasing"));
  Progress writing = step.progress.part(1.0 - kCompareShare - kEraseShare, QStringLiteral("Writing"));
  if (unit_.settings().eraseAll) {
    SEALIFT_CHECK(session.massErase(step.cancel));
  } else {
    const QList<MemoryRange> sectors = sectorsOf(target, map);
    SEALIFT_TRY(const KeptSectors kept, findKept(sectors, parts, map, comparing, step));
    parts = kept.remainder(parts);
    for (qsizetype i = 0; i < sectors.size(); ++i) {
      SEALIFT_CHECK(step.cancel.check());
      if (!kept.contains(sectors[i].begin)) {
        SEALIFT_CHECK(session.eraseSector(static_cast<quint32>(sectors[i].begin), step.cancel));
      }
      erasing.setFraction(static_cast<double>(i + 1) / static_cast<double>(sectors.size()));
    }
    step.note(QStringLiteral("Erased %1 sectors of \"%2\"; %3 hold already what they shall.")
                  .arg(sectors.size() - kept.count())
                  .arg(map.name())
                  .arg(kept.count()));
  }
  const qint64 total = totalBytes(parts);
  for (const MemoryPart& part : parts) {
    Progress share = writing.part(static_cast<double>(part.bytes.size()) / static_cast<double>(total), QString());
    SEALIFT_CHECK(session.write(static_cast<quint32>(part.address), part.bytes, share, step.cancel));
  }
  step.note(QStringLiteral("Wrote %1 bytes in blocks of %2.").arg(total).arg(unit_.session()->blockSize()));
  return unit_.session()->becomeIdle(step.cancel);  // so that another memory may be chosen
}

Status DfuseDriver::transfer(const Image& image, StepContext& step) {
  if (unit_.settings().eraseAll && !step.massEraseAgreed) {
    return fail(ErrorCode::DeviceProtected,
                QStringLiteral("This model's whole memory has to be erased, and nobody agreed to that."));
  }
  SEALIFT_CHECK(enterMain(step));
  SEALIFT_TRY(const QList<DfuseTarget> targets, targetsOf(image));
  SEALIFT_CHECK(checkTargets(targets));
  SEALIFT_CHECK(checkProtection(step));
  for (const DfuseTarget& target : targets) {
    SEALIFT_CHECK(enterTarget(target, step));
    written_ = true;
    StepContext inner = step;
    inner.progress = step.progress.part(1.0 / static_cast<double>(targets.size()), target.name);
    SEALIFT_CHECK(writeTarget(target, inner));
  }
  step.progress.finish();
  return {};
}

Result<StoredProof> DfuseDriver::verifyOnDevice(const Image& image, StepContext& step) {
  if (!unit_.settings().readBack) {
    step.progress.finish();
    return StoredProof{QStringLiteral("the device can't be read back; it took the firmware without an error"), {}};
  }
  SEALIFT_CHECK(enterMain(step));
  SEALIFT_TRY(const QList<DfuseTarget> wanted, targetsOf(image));
  QList<DfuseTarget> stored = wanted;
  for (DfuseTarget& target : stored) {
    SEALIFT_CHECK(enterTarget(target, step));
    Progress all = step.progress.part(1.0 / static_cast<double>(stored.size()), target.name);
    const auto total = static_cast<double>(bytesOf(target));
    for (DfuseElement& element : target.elements) {
      Progress part = all.part(static_cast<double>(element.data.size()) / total, QString());
      SEALIFT_TRY(const QByteArray content,
                  DfuseSession(*unit_.session()).read(element.address, element.data.size(), part, step.cancel));
      if (content != element.data) {
        return fail(
            ErrorCode::DeviceVerifyFailed,
            QStringLiteral("What was read back from %1 on differs from the image.").arg(hexAddress(element.address)));
      }
      element.data = content;
    }
  }
  step.progress.finish();
  return StoredProof{QStringLiteral("read back over DfuSe and compared with the image, byte by byte"),
                     dfuseDigest(stored)};
}

// ---- out of the bootloader ------------------------------------------------------------------------------

Status DfuseDriver::restart(StepContext& step) {
  SEALIFT_TRY(const UsbDeviceInfo device, unit_.find(step.cancel));
  if (!isInDfuMode(device)) {
    return {};
  }
  SEALIFT_CHECK(enterMain(step));
  const Status left = DfuseSession(*unit_.session()).leave(unit_.settings().address, step.cancel);
  unit_.close();
  return left;
}

}  // namespace sealift
