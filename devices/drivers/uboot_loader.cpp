#include "devices/drivers/uboot_loader.h"

#include "app/base/crc.h"
#include "devices/drivers/uboot_difference.h"
#include "devices/drivers/uboot_inspector.h"
#include "devices/drivers/uboot_tftp.h"
#include "transports/protocols/uboot/device_tree.h"
#include "transports/protocols/uboot/memory.h"
#include "transports/protocols/uboot/signature_check.h"
#include "transports/protocols/ymodem/ymodem_sender.h"

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kLoadStart{10'000};
constexpr std::chrono::milliseconds kLoadEnd{15'000};
// U-Boot acknowledges block 0 without asking for data again.
constexpr std::chrono::milliseconds kDataStart{100};
constexpr double kCompareShare = 0.05;  // of a transfer over the console

QByteArray hexAddress(quint64 address) {
  return "0x" + QByteArray::number(address, 16);
}

// TFTP was not possible, which another way may be. Where the device holds other bytes, or the console is gone, none is.
bool isOnlyTheWay(ErrorCode code) {
  return code != ErrorCode::DeviceWriteFailed && code != ErrorCode::Cancelled && code != ErrorCode::LinkLost;
}

}  // namespace

Status UbootLoader::load(const Image& image, const UbootArea& running, StepContext& step) {
  if (settings_.tftp) {
    const Status loaded = loadByTftp(image, step);
    if (loaded || !settings_.tftp->fallsBackToYmodem || !isOnlyTheWay(loaded.error().code)) {
      return loaded;
    }
    step.note(QStringLiteral("TFTP is not possible, so the image goes over the console, which takes longer: %1")
                  .arg(loaded.error().message()));
  }
  return loadByYmodem(image, running, step);
}

Status UbootLoader::loadByTftp(const Image& image, StepContext& step) {
  SEALIFT_TRY(const Proof proof, strongestProof(image, step.cancel));
  SEALIFT_CHECK(UbootTftp(console_, settings_, links_).send(image, step));
  SEALIFT_CHECK(proveCrc32(image, step));
  switch (proof) {
    case Proof::Sha256:
      return proveSha256(image, step);
    case Proof::Signature:
      return proveSignature(image, step);
    case Proof::Crc32:
      step.note(QStringLiteral("The model trusts the device's network, so the CRC-32 alone has to do."));
      break;
  }
  return {};
}

// What the device has already is left out. Should the whole not come right by that, all of it is sent.
Status UbootLoader::loadByYmodem(const Image& image, const UbootArea& running, StepContext& step) {
  Progress comparing = step.progress.part(kCompareShare, QStringLiteral("Comparing"));
  SEALIFT_TRY(const QList<MemoryPart> parts, UbootDifference(console_, settings_, image).toSend(running, step));
  comparing.finish();
  Progress sending = step.progress.part(1.0 - kCompareShare, QString());
  const qint64 bytes = totalBytes(parts);
  const MemoryPart whole{settings_.imageAddress, image.bytes};
  if (bytes == image.bytes.size()) {
    SEALIFT_CHECK(sendByYmodem(whole, sending, step));
    return proveCrc32(image, step);
  }
  for (const MemoryPart& part : parts) {
    Progress share = sending.part(static_cast<double>(part.bytes.size()) / static_cast<double>(bytes), QString());
    SEALIFT_CHECK(sendByYmodem(part, share, step));
  }
  step.note(QStringLiteral("Sent %1 of %2 bytes; the device had the rest.").arg(bytes).arg(image.bytes.size()));
  if (const Status proven = proveCrc32(image, step); proven || proven.error().code != ErrorCode::DeviceWriteFailed) {
    return proven;
  }
  step.note(QStringLiteral("That did not make the image; all of it is sent."));
  SEALIFT_CHECK(sendByYmodem(whole, Progress(), step));
  return proveCrc32(image, step);
}

Status UbootLoader::sendByYmodem(const MemoryPart& part, Progress progress, StepContext& step) {
  SEALIFT_TRY(const QByteArray marker,
              console_.start("loady " + hexAddress(part.address), "bps...",
                             Deadline::in(kLoadStart, QStringLiteral("U-Boot to be ready for YMODEM")), step.cancel));
  YmodemOptions options;
  options.dataStart = kDataStart;
  YmodemSender sender(console_.link(), options, console_.takeInput());
  if (const Status sent = sender.send(QStringLiteral("image.fit"), part.bytes, progress, step.cancel); !sent) {
    if (sent.error().code != ErrorCode::LinkLost) {
      (void)console_.recover(kLoadEnd);
    }
    return sent;
  }
  SEALIFT_TRY(const CommandResult loaded,
              console_.finish(marker, Deadline::in(kLoadEnd, QStringLiteral("U-Boot to end loady")), step.cancel));
  if (loaded.status != 0) {
    return fail(ErrorCode::DeviceWriteFailed, QStringLiteral("U-Boot did not take the image into its memory."));
  }
  return {};
}

// ---- proofs ---------------------------------------------------------------------------------------------

Result<UbootLoader::Proof> UbootLoader::strongestProof(const Image& image, const CancelToken& cancel) {
  SEALIFT_TRY(const auto hash, UbootMemory(console_).sha256(settings_.imageAddress, 1, cancel));
  if (hash) {
    return Proof::Sha256;
  }
  if (image.facts.format == QLatin1String("fit") && image.facts.version) {
    SEALIFT_TRY(const bool isSigned, UbootInspector(console_, settings_).requiresSignedConfiguration(cancel));
    if (isSigned) {
      return Proof::Signature;
    }
  }
  if (settings_.tftp->trustsNetwork) {
    return Proof::Crc32;
  }
  return fail(ErrorCode::NotSupported,
              QStringLiteral("This U-Boot can prove no more than a CRC-32 of what comes over the network, which others "
                             "in that network can forge."),
              QStringLiteral("Nothing was sent. The vendor's model has to allow YMODEM, or the device needs a U-Boot "
                             "that requires signed images or has the command \"hash\"."));
}

Status UbootLoader::proveCrc32(const Image& image, StepContext& step) {
  const auto bytes = static_cast<quint64>(image.bytes.size());
  SEALIFT_TRY(const quint32 crc, UbootMemory(console_).crc32(settings_.imageAddress, bytes, step.cancel));
  const QString hex = QString::fromLatin1(crcBytes(crc).toHex());
  if (crc != crc32(image.bytes)) {
    return fail(ErrorCode::DeviceWriteFailed,
                QStringLiteral("What arrived in the device's memory differs from the image (CRC-32 %1).").arg(hex),
                QStringLiteral("Nothing was written to storage. Check the cable and try again."));
  }
  step.note(QStringLiteral("CRC-32 of the device's memory: %1.").arg(hex));
  return {};
}

Status UbootLoader::proveSha256(const Image& image, StepContext& step) {
  const auto bytes = static_cast<quint64>(image.bytes.size());
  SEALIFT_TRY(const auto hash, UbootMemory(console_).sha256(settings_.imageAddress, bytes, step.cancel));
  if (!hash || *hash != image.sha256) {
    return otherBytesArrived(
        QStringLiteral("What arrived in the device's memory is not the image: its SHA-256 differs."));
  }
  step.note(QStringLiteral("SHA-256 of the device's memory: %1.").arg(QString::fromLatin1(hash->toHex())));
  return {};
}

Status UbootLoader::proveSignature(const Image& image, StepContext& step) {
  SEALIFT_TRY(const bool accepted, UbootSignatureCheck(console_).accepts(settings_.imageAddress, step.cancel));
  if (!accepted) {
    return otherBytesArrived(QStringLiteral("U-Boot refuses the signature of what arrived in its memory."));
  }
  // Signed is not yet this one: an older image of the vendor's is signed, too. The version is under the signature.
  UbootDeviceTree tree(console_);
  SEALIFT_TRY(const bool opened, tree.open(hexAddress(settings_.imageAddress), step.cancel));
  SEALIFT_TRY(const std::optional<QByteArray> version, tree.text("/", "sealift,version", step.cancel));
  if (!opened || !version || Version::parse(QString::fromLatin1(*version)) != image.facts.version) {
    return otherBytesArrived(QStringLiteral("What arrived in the device's memory is another version's image."));
  }
  step.note(QStringLiteral("U-Boot accepts the signature of what is in its memory, version %1.")
                .arg(image.facts.version->toString()));
  return {};
}

}  // namespace sealift
