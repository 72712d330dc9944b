#include "devices/drivers/smp_driver.h"

#include "transports/protocols/smp/smp_upload.h"

#include <QCryptographicHash>

#include <thread>

namespace sealift {

namespace {

using namespace std::chrono_literals;

constexpr SmpPatience kPollPatience{400ms, 1};
constexpr auto kPollPause = 150ms;
// One lost datagram is no restart: so many looks in a row without an answer are.
constexpr int kMissesThatMeanGone = 3;
constexpr int kDeadlinePerDeclaredTime = 2;  // ModelTimings: twice the declared time is the deadline

const SmpImage* findSlot(const QList<SmpImage>& images, int slot) {
  for (const SmpImage& image : images) {
    if (image.image == kSmpImageNumber && image.slot == slot) {
      return &image;
    }
  }
  return nullptr;
}

const SmpImage* findRunning(const QList<SmpImage>& images) {
  for (const SmpImage& image : images) {
    if (image.image == kSmpImageNumber && image.active) {
      return &image;
    }
  }
  return nullptr;
}

QString hex(const QByteArray& bytes) {
  return QString::fromLatin1(bytes.toHex());
}

// An image's digest must be there to be compared: an empty one would "match" a device that tells none.
Status checkDigest(const Image& image) {
  if (image.bytes.isEmpty() || image.sha256.size() != 32 || image.facts.digest.isEmpty()) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("The image was not parsed and verified as an MCUboot image."));
  }
  return {};
}

Status pause(std::chrono::milliseconds time, const CancelToken& cancel) {
  const Deadline end = Deadline::in(time, QStringLiteral("the next look"));
  while (!end.passed()) {
    SEALIFT_CHECK(cancel.check());
    std::this_thread::sleep_for(std::chrono::milliseconds(end.sliceMs()));
  }
  return {};
}

// Errors that a device which is restarting causes.
bool meansAway(const Error& error) {
  return error.code == ErrorCode::Timeout || error.code == ErrorCode::LinkLost || error.code == ErrorCode::LinkOpen ||
         error.code == ErrorCode::LinkPermission || error.code == ErrorCode::NotFound ||
         error.code == ErrorCode::ProtocolMalformed;
}

// One look at a device that was told to restart: its identity when it is back, nothing when it is still the same run.
Result<std::optional<SmpIdentity>> lookForReturn(SmpConnection& connection, const Image& image, bool seenGone,
                                                 const CancelToken& cancel) {
  SEALIFT_CHECK(connection.client().echo(QStringLiteral("?"), kPollPatience, cancel));
  SEALIFT_TRY(const QList<SmpImage> images, connection.client().imageState(cancel));
  const SmpImage* running = findRunning(images);
  if (running == nullptr) {
    return std::optional<SmpIdentity>();  // the bootloader answers, no application runs yet
  }
  // Seen away, or its state shows that the bootloader has acted on the pending mark since.
  const SmpImage* secondary = findSlot(images, kSmpSecondarySlot);
  const bool stillPending = secondary != nullptr && secondary->pending;
  if (running->hash != image.facts.digest && stillPending && !seenGone) {
    return std::optional<SmpIdentity>();
  }
  SEALIFT_TRY(SmpIdentity identity, readSmpIdentity(connection, cancel));
  return std::optional(std::move(identity));
}

}  // namespace

DriverEntry SmpDriver::entry() {
  DriverEntry entry;
  entry.name = QStringLiteral("smp");
  entry.protocol = QStringLiteral("SMP (MCUmgr)");
  entry.links = {LinkKind::Udp, LinkKind::Serial};
  entry.capabilities.slots = true;
  entry.capabilities.resume = true;
  entry.capabilities.storedDigest = true;
  entry.capabilities.testBoot = true;
  entry.capabilities.secureBootState = true;
  entry.capabilities.rollbackCounter = true;
  entry.capabilities.runningVersion = true;
  entry.capabilities.runningDigest = true;
  entry.capabilities.deltaKinds = {QStringLiteral("suffix"),
                                   QStringLiteral("zstd-patch")};  // where the device tells so
  entry.provenBy = QStringLiteral("virtual device with MCUboot's swap over a strict flash model");
  entry.help = QStringLiteral("smp");
  entry.make = [](const ModelDescription& model, const LinkAddress& address,
                  LinkOpener& opener) -> Result<std::unique_ptr<Driver>> {
    if (address.kind == LinkKind::Tcp) {
      return fail(ErrorCode::LinkAddress, QStringLiteral("SMP devices are reached over udp: or serial:."));
    }
    return std::make_unique<SmpDriver>(model, address, opener);
  };
  return entry;
}

Capabilities SmpDriver::capabilities() const {
  Capabilities capabilities = entry().capabilities;
  if (mode_ && mode_->lacksFallback()) {
    capabilities.slots = false;
    capabilities.testBoot = false;
  }
  return capabilities;
}

Result<std::unique_ptr<SmpConnection>> SmpDriver::open(const StepContext& step) {
  return SmpConnection::open(address_, opener_, step.cancel);
}

Result<DeviceSnapshot> SmpDriver::identify(StepContext& step) {
  SEALIFT_TRY(const auto connection, open(step));
  SEALIFT_TRY(const SmpIdentity identity, readSmpIdentity(*connection, step.cancel));
  mode_ = identity.mode;
  delta_ = identity.delta;
  const DeviceSnapshot& snapshot = identity.snapshot;
  if (!model_.deviceNames.isEmpty() && !model_.deviceNames.contains(snapshot.deviceName)) {
    return fail(
        ErrorCode::DeviceNotRecognised,
        snapshot.deviceName.isEmpty()
            ? QStringLiteral("The device does not say which model it is.")
            : QStringLiteral("The device calls itself \"%1\", which is no %2.").arg(snapshot.deviceName, model_.name));
  }
  step.progress.finish();
  return snapshot;
}

Result<IdentityProof> SmpDriver::proveIdentity(StepContext&) {
  return IdentityProof{IdentityState::CannotBeVerified,
                       QStringLiteral("SMP has no command by which a device proves who it is.")};
}

Status SmpDriver::checkFallback(const QList<SmpImage>& images, const std::optional<SmpBootloaderMode>& mode) const {
  if (mode && mode->lacksFallback()) {
    return fail(ErrorCode::NotSupported,
                QStringLiteral("The bootloader's mode (%1) has no way back to the old version.").arg(mode->text()));
  }
  const SmpImage* running = findRunning(images);
  if (running == nullptr || running->slot != kSmpPrimarySlot) {
    return fail(ErrorCode::PolicyNoFallback,
                QStringLiteral("The device does not run an application from its primary slot."),
                QStringLiteral("Start the device's application, then try again."));
  }
  if (!running->confirmed) {
    return fail(ErrorCode::PolicyNoFallback,
                QStringLiteral("The running version is itself on trial; the other slot holds the way back."));
  }
  const SmpImage* secondary = findSlot(images, kSmpSecondarySlot);
  if (secondary != nullptr && (secondary->pending || secondary->permanent)) {
    return fail(ErrorCode::PolicyNoFallback,
                QStringLiteral("The device has an image waiting for its next restart and takes no other."),
                QStringLiteral("Restart the device, then plan again."));
  }
  return {};
}

Status SmpDriver::enterBootloader(StepContext& step) {
  // The running application takes the image; only what stands in the way of that is looked for.
  SEALIFT_TRY(const auto connection, open(step));
  SEALIFT_TRY(const QList<SmpImage> images, connection->client().imageState(step.cancel));
  SEALIFT_TRY(const auto mode, connection->client().bootloaderMode(step.cancel));
  SEALIFT_CHECK(checkFallback(images, mode));
  step.progress.finish();
  return {};
}

Status SmpDriver::transfer(const Image& image, StepContext& step) {
  SEALIFT_CHECK(checkDigest(image));
  matchedSha256_.clear();
  SEALIFT_TRY(const auto connection, open(step));
  SEALIFT_TRY(const QList<SmpImage> images, connection->client().imageState(step.cancel));
  SEALIFT_CHECK(checkFallback(images, mode_));
  SEALIFT_TRY(const auto slots, connection->client().slotInfo(step.cancel));
  for (const SmpSlotInfo& slot : slots.value_or(QList<SmpSlotInfo>())) {
    const qint64 capacity = slot.maxImageSize > 0 ? slot.maxImageSize : slot.size;
    if (slot.image == kSmpImageNumber && slot.slot == kSmpSecondarySlot && capacity > 0 &&
        image.bytes.size() > capacity) {
      return fail(
          ErrorCode::ImageTooLarge,
          QStringLiteral("The image has %1 bytes, the device's slot takes %2.").arg(image.bytes.size()).arg(capacity));
    }
  }
  // The hash stands behind an image, and an upload erases before it writes: it is there when all of it is. The
  // bootloader hashes the image before it runs it, and erases one that does not hold.
  const SmpImage* stored = findSlot(images, kSmpSecondarySlot);
  if (stored != nullptr && stored->hash == image.facts.digest) {
    step.note(QStringLiteral("The device's secondary slot holds this image already; nothing is sent."));
    step.progress.finish();
    return {};
  }
  SEALIFT_TRY(const bool isMade, sendDelta(*connection, images, image, step));
  if (isMade) {
    step.progress.finish();
    return {};
  }
  SmpUploadOptions options;
  options.image = kSmpImageNumber;
  options.digest = image.facts.digest;
  SmpUpload upload(connection->client(), image.bytes, image.sha256, options);
  SEALIFT_TRY(const SmpUploadResult result, upload.run(step.progress, step.cancel));
  if (result.match == true) {
    matchedSha256_ = image.sha256;
  }
  step.note(QStringLiteral("Uploaded %1 bytes (resumed at %2) in %3 chunks of up to %4 bytes, up to %5 in flight.")
                .arg(image.bytes.size())
                .arg(result.resumedAt)
                .arg(result.chunksSent)
                .arg(result.chunkSize)
                .arg(result.window));
  step.progress.finish();
  return {};
}

// True when the device has made the image from what it runs and the delta, and said so by a digest of all of it. When
// that does not work the whole image is sent; a link that broke is for whoever called.
Result<bool> SmpDriver::sendDelta(SmpConnection& connection, const QList<SmpImage>& images, const Image& image,
                                  StepContext& step) {
  const SmpImage* running = findRunning(images);
  if (!image.delta || !delta_ || !delta_->kinds.contains(image.delta->kind)) {
    return false;
  }
  const auto sendWhole = [&](const QString& why) {
    step.note(QStringLiteral("The whole image is sent: %1").arg(why));
    return false;
  };
  if (running == nullptr || running->hash != image.delta->baseDigest) {
    return sendWhole(QStringLiteral("the device does not run what the delta starts from."));
  }
  SmpUploadOptions options;
  options.image = delta_->image;
  const QByteArray sha256 = QCryptographicHash::hash(image.delta->bytes, QCryptographicHash::Sha256);
  SmpUpload upload(connection.client(), image.delta->bytes, sha256, options);
  const Result<SmpUploadResult> sent = upload.run(step.progress, step.cancel);
  if (!sent && (sent.error().code == ErrorCode::Cancelled || meansAway(sent.error()))) {
    return tl::unexpected(sent.error());
  }
  if (!sent) {
    return sendWhole(sent.error().message());
  }
  SEALIFT_TRY(const std::optional<QByteArray> made, readSmpMadeDigest(connection.client(), step.cancel));
  if (made != image.sha256) {
    return sendWhole(QStringLiteral("what the device made of the delta is not the image."));
  }
  matchedSha256_ = image.sha256;
  step.note(QStringLiteral("Uploaded a delta of %1 bytes, from which the device made the image of %2 bytes.")
                .arg(image.delta->bytes.size())
                .arg(image.bytes.size()));
  return true;
}

Result<StoredProof> SmpDriver::verifyOnDevice(const Image& image, StepContext& step) {
  SEALIFT_CHECK(checkDigest(image));
  SEALIFT_TRY(const auto connection, open(step));
  SEALIFT_TRY(const QList<SmpImage> images, connection->client().imageState(step.cancel));
  const SmpImage* secondary = findSlot(images, kSmpSecondarySlot);
  if (secondary == nullptr) {
    return fail(ErrorCode::DeviceVerifyFailed,
                QStringLiteral("The device lists no valid image in its secondary slot."));
  }
  if (secondary->hash != image.facts.digest) {
    return fail(ErrorCode::DeviceVerifyFailed,
                QStringLiteral("The device's secondary slot holds the image %1 instead of %2.")
                    .arg(hex(secondary->hash), hex(image.facts.digest)));
  }
  // MCUmgr's image state copies the hash TLV that stands behind the stored image; it does not hash the image again.
  // The bootloader does, before it runs it.
  StoredProof proof;
  proof.digest = secondary->hash;
  const QString tlv = QStringLiteral("the device reports the image's own hash TLV as stored in the secondary slot");
  proof.method =
      matchedSha256_ == image.sha256
          ? QStringLiteral("SHA-256 computed by the device over what it stored; ") + tlv
          : tlv + QStringLiteral(
                      " (read from flash, not computed again; the bootloader hashes it before the trial boot)");
  step.progress.finish();
  return proof;
}

Status SmpDriver::activate(const Image& image, StepContext& step) {
  SEALIFT_CHECK(checkDigest(image));
  SEALIFT_TRY(const auto connection, open(step));
  SmpClient& client = connection->client();
  SEALIFT_TRY(const QList<SmpImage> before, client.imageState(step.cancel));
  const SmpImage* running = findRunning(before);
  if (running != nullptr && running->hash == image.facts.digest) {
    return fail(ErrorCode::ProtocolUnexpected, QStringLiteral("The device runs this very image already."),
                QStringLiteral("Look at the device again; there is nothing to activate."));
  }
  SEALIFT_CHECK(client.setImageState(image.facts.digest, false, step.cancel));
  // The acknowledgement is no proof: the state is read back.
  SEALIFT_TRY(const QList<SmpImage> after, client.imageState(step.cancel));
  const SmpImage* secondary = findSlot(after, kSmpSecondarySlot);
  if (secondary == nullptr || secondary->hash != image.facts.digest || !secondary->pending) {
    return fail(ErrorCode::ProtocolUnexpected,
                QStringLiteral("The device accepted the trial boot but does not show the image as pending."));
  }
  if (secondary->permanent) {
    return fail(ErrorCode::ProtocolUnexpected,
                QStringLiteral("The device marked the image permanent instead of for one trial boot."));
  }
  step.progress.finish();
  return {};
}

Status SmpDriver::restart(StepContext& step) {
  SEALIFT_TRY(const auto connection, open(step));
  SmpClient& client = connection->client();
  constexpr int kResets = 3;
  for (int attempt = 1;; ++attempt) {
    const Status reset = client.reset(step.cancel);
    if (reset || !meansAway(reset.error())) {
      SEALIFT_CHECK(reset);
      break;
    }
    // No answer: it restarted before answering, or the request was lost. Only a device that is seen to run on, with
    // the image still pending, is asked again; a second reset in the trial boot would make it revert.
    step.note(QStringLiteral("The device did not answer the reset."));
    const auto images = client.imageState(step.cancel, kPollPatience);
    if (!images) {
      SEALIFT_CHECK(step.cancel.check());
      break;
    }
    const SmpImage* secondary = findSlot(*images, kSmpSecondarySlot);
    if (secondary == nullptr || !secondary->pending) {
      break;
    }
    if (attempt == kResets) {
      return tl::unexpected(reset.error());
    }
  }
  step.progress.finish();
  return {};
}

Result<DeviceSnapshot> SmpDriver::waitForReturn(const Image& image, StepContext& step) {
  SEALIFT_CHECK(checkDigest(image));
  const auto declared = std::chrono::seconds(model_.timings.restartSeconds) * kDeadlinePerDeclaredTime;
  const Deadline deadline = Deadline::in(declared, QStringLiteral("the device's return after the restart"));
  std::unique_ptr<SmpConnection> connection;
  int misses = 0;
  bool seenGone = false;
  while (!deadline.passed()) {
    step.progress.setFraction(1.0 - static_cast<double>(deadline.remaining().count()) /
                                        static_cast<double>(std::chrono::milliseconds(declared).count()));
    Result<std::optional<SmpIdentity>> look = std::optional<SmpIdentity>();
    if (connection == nullptr) {
      if (auto opened = open(step)) {
        connection = *std::move(opened);
      } else {
        look = tl::unexpected(opened.error());
      }
    }
    if (connection != nullptr) {
      look = lookForReturn(*connection, image, seenGone, step.cancel);
    }
    if (look && *look) {
      step.progress.finish();
      return (*look)->snapshot;
    }
    if (!look) {
      if (!meansAway(look.error())) {
        return tl::unexpected(look.error());
      }
      connection.reset();  // a USB serial port comes back as a new one
      seenGone = seenGone || ++misses >= kMissesThatMeanGone;
    } else {
      misses = 0;
    }
    SEALIFT_CHECK(pause(kPollPause, step.cancel));
  }
  return fail(ErrorCode::DeviceDidNotReturn,
              seenGone
                  ? QStringLiteral("The device did not come back within %1 s after its restart.").arg(declared.count())
                  : QStringLiteral("The device answers, but did not restart within %1 s.").arg(declared.count()));
}

Status SmpDriver::confirm(const Image& image, StepContext& step) {
  SEALIFT_CHECK(checkDigest(image));
  SEALIFT_TRY(const auto connection, open(step));
  SmpClient& client = connection->client();
  SEALIFT_TRY(const QList<SmpImage> before, client.imageState(step.cancel));
  const SmpImage* running = findRunning(before);
  if (running == nullptr || running->hash != image.facts.digest) {
    return fail(ErrorCode::ProtocolUnexpected,
                QStringLiteral("The device does not run the image that is to be confirmed."));
  }
  if (!running->confirmed) {
    SEALIFT_CHECK(client.setImageState(image.facts.digest, true, step.cancel));
  }
  SEALIFT_TRY(const QList<SmpImage> after, client.imageState(step.cancel));
  running = findRunning(after);
  if (running == nullptr || running->hash != image.facts.digest || !running->confirmed) {
    return fail(ErrorCode::ProtocolUnexpected,
                QStringLiteral("The device accepted the confirmation but does not show the image as confirmed."));
  }
  step.progress.finish();
  return {};
}

Status SmpDriver::abandon(StepContext& step) {
  SEALIFT_TRY(const auto connection, open(step));
  SmpClient& client = connection->client();
  SEALIFT_TRY(QList<SmpImage> images, client.imageState(step.cancel));
  const auto isPending = [&images] {
    const SmpImage* secondary = findSlot(images, kSmpSecondarySlot);
    return secondary != nullptr && secondary->pending;
  };
  if (!isPending()) {
    step.progress.finish();  // what was uploaded stays, unmarked: the same image resumes
    return {};
  }
  // SMP has no "unmark". Some servers erase a pending slot, some withdraw the mark when the running image is
  // confirmed; many refuse both ("current state disallows the command"). Only the state read afterwards counts.
  Status erased = client.eraseSlot(kSmpSecondarySlot, step.cancel);
  if (!erased && erased.error().code != ErrorCode::ProtocolRefused && erased.error().code != ErrorCode::NotSupported) {
    return erased;
  }
  SEALIFT_TRY(images, client.imageState(step.cancel));
  const SmpImage* running = findRunning(images);
  if (isPending() && running != nullptr && !running->hash.isEmpty()) {
    Status confirmed = client.setImageState(running->hash, true, step.cancel);
    if (!confirmed && confirmed.error().code != ErrorCode::ProtocolRefused) {
      return confirmed;
    }
    SEALIFT_TRY(images, client.imageState(step.cancel));
  }
  if (isPending()) {
    return fail(ErrorCode::ProtocolRefused,
                QStringLiteral("The device does not let go of the image: it will try it once at its next restart and "
                               "return to the running version unless it is confirmed."),
                QStringLiteral("Restart the device twice, then look at it again."));
  }
  step.progress.finish();
  return {};
}

}  // namespace sealift
