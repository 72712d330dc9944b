#include "devices/drivers/dfu_driver.h"

#include "devices/images/dfu_suffix.h"

#include <QCryptographicHash>

namespace sealift {

// What goes to the device: of a DFU file that is for it the payload, of any other file all of it.
Result<QByteArrayView> DfuDriver::payloadOf(const Image& image) const {
  if (image.facts.format != QLatin1String("dfu")) {
    return QByteArrayView(image.bytes);
  }
  SEALIFT_TRY(const DfuFile file, parseDfuFile(image.bytes));
  SEALIFT_CHECK(checkSuffix(file.suffix, unit_.device(), QStringLiteral("DFU")));
  return QByteArrayView(image.bytes).first(file.payloadSize);
}

DriverEntry DfuDriver::entry() {
  return entryOf<DfuDriver>(QStringLiteral("dfu"), QStringLiteral("USB DFU 1.1"));
}

DfuDriver::DfuDriver(const ModelDescription& model, const UsbDfuSettings& settings, const LinkAddress& address,
                     LinkOpener& links)
    : UsbDfuSteps(model, settings, address, links, QStringLiteral("USB DFU 1.1")) {}

Result<DeviceSnapshot> DfuDriver::identify(StepContext& step) {
  return unit_.identify(step.cancel);
}

Result<IdentityProof> DfuDriver::proveIdentity(StepContext&) {
  return IdentityProof{IdentityState::CannotBeVerified,
                       QStringLiteral("USB DFU has no request by which a device proves who it is.")};
}

// Whether the proof that this model asks for can be had is known before anything is written.
Status DfuDriver::checkReadable() const {
  const DfuFunctional& functional = unit_.session()->interface().functional;
  if (!functional.canDownload) {
    return fail(ErrorCode::NotSupported, QStringLiteral("The device says that it takes no firmware over DFU."));
  }
  if (unit_.settings().readBack && !functional.canUpload) {
    return fail(ErrorCode::NotSupported,
                QStringLiteral("The device can't be read back, so that nothing would prove what it holds."),
                QStringLiteral("Ask the vendor: the model has to say \"readBack\": false."));
  }
  return {};
}

Status DfuDriver::reachBootloader(StepContext& step) {
  SEALIFT_CHECK(unit_.enter(
      step, [&](const UsbDeviceInfo& device) { return chooseDfuInterface(device, unit_.settings().alternate); }));
  return checkReadable();
}

Status DfuDriver::enterBootloader(StepContext& step) {
  return reachBootloader(step);
}

Status DfuDriver::transfer(const Image& image, StepContext& step) {
  after_.reset();
  SEALIFT_CHECK(reachBootloader(step));
  SEALIFT_TRY(const QByteArrayView payload, payloadOf(image));
  if (payload.isEmpty()) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The image is empty."));
  }
  DfuSession& session = *unit_.session();
  written_ = true;
  SEALIFT_CHECK(session.download(payload, step.progress, step.cancel));
  SEALIFT_TRY(after_, session.finishDownload(step.cancel));
  step.note(QStringLiteral("Sent %1 bytes in blocks of %2 to \"%3\".")
                .arg(payload.size())
                .arg(session.blockSize())
                .arg(session.interface().name));
  step.progress.finish();
  return {};
}

Result<StoredProof> DfuDriver::verifyOnDevice(const Image& image, StepContext& step) {
  if (!unit_.settings().readBack) {
    step.progress.finish();
    return StoredProof{QStringLiteral("the device can't be read back; it took over the firmware without an error"), {}};
  }
  if (after_ == DfuManifested::NeedsReset) {
    SEALIFT_CHECK(unit_.reset(step.cancel));
  }
  if (after_ && *after_ != DfuManifested::Idle) {  // 7: only a new start gets it talking again
    step.note(QStringLiteral("The device restarted to take over its firmware; reading it back in its bootloader."));
    SEALIFT_CHECK(unit_.awaitAny(step.cancel));
  }
  after_.reset();
  SEALIFT_CHECK(reachBootloader(step));
  SEALIFT_TRY(const QByteArrayView payload, payloadOf(image));
  SEALIFT_TRY(const QByteArray stored, unit_.session()->readBack(payload.size(), step.progress, step.cancel));
  if (stored != payload) {
    return fail(ErrorCode::DeviceVerifyFailed,
                QStringLiteral("What was read back from the device differs from the image (%1 of %2 bytes came).")
                    .arg(stored.size())
                    .arg(payload.size()));
  }
  step.progress.finish();
  return StoredProof{QStringLiteral("read back over USB DFU and compared with the image, byte by byte"),
                     QCryptographicHash::hash(stored, QCryptographicHash::Sha256)};
}

// USB DFU 1.1, figure A.1: a reset in DFU mode starts the firmware, if it is whole.
Status DfuDriver::restart(StepContext& step) {
  SEALIFT_TRY(const UsbDeviceInfo device, unit_.find(step.cancel));
  if (!isInDfuMode(device)) {
    return {};
  }
  after_.reset();
  return unit_.reset(step.cancel);
}

}  // namespace sealift
