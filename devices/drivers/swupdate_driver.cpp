#include "devices/drivers/swupdate_driver.h"

#include "devices/images/swu_image.h"

#include <thread>

namespace sealift {
namespace {

using namespace std::chrono_literals;

constexpr auto kPollPause = 250ms;
// The program that SWUpdate runs after an update writes what was stored.
constexpr auto kAfterInstall = 30s;
constexpr int kDeadlinePerDeclaredTime = 2;  // ModelTimings: twice the declared time is the deadline
// A device that never went away and answers as before was not restarted by the command; one look more could be luck.
constexpr int kMissesThatMeanGone = 1;

Status pause(const CancelToken& cancel) {
  const Deadline end = Deadline::in(kPollPause, QStringLiteral("the next look"));
  while (!end.passed()) {
    SEALIFT_CHECK(cancel.check());
    std::this_thread::sleep_for(std::chrono::milliseconds(end.sliceMs()));
  }
  return {};
}

// Errors that a device which is restarting causes; its web server may answer before its document is there.
bool meansAway(const Error& error) {
  return error.code == ErrorCode::Timeout || error.code == ErrorCode::LinkLost || error.code == ErrorCode::LinkOpen ||
         error.code == ErrorCode::NotFound || error.code == ErrorCode::ProtocolRefused ||
         error.code == ErrorCode::ProtocolMalformed || error.code == ErrorCode::DeviceNotRecognised;
}

}  // namespace

DriverEntry SwupdateDriver::entry() {
  DriverEntry entry;
  entry.name = QStringLiteral("swupdate");
  entry.protocol = QStringLiteral("SWUpdate (HTTPS)");
  entry.links = {LinkKind::Https};
  entry.capabilities.slots = true;
  entry.capabilities.storedDigest = true;
  entry.capabilities.testBoot = true;
  entry.capabilities.runningVersion = true;
  entry.capabilities.runningDigest = true;
  entry.provenBy = QStringLiteral("SWUpdate 2022.12 (Debian's swupdate)");
  entry.help = QStringLiteral("swupdate");
  entry.make = [](const ModelDescription& model, const LinkAddress& address,
                  LinkOpener& links) -> Result<std::unique_ptr<Driver>> {
    SEALIFT_TRY(SwupdateSettings settings, SwupdateSettings::fromJson(model.driverSettings));
    return std::make_unique<SwupdateDriver>(model, std::move(settings), address, links);
  };
  return entry;
}

SwupdateDriver::SwupdateDriver(const ModelDescription& model, SwupdateSettings settings, const LinkAddress& address,
                               LinkOpener& links)
    : model_(model), settings_(std::move(settings)), address_(address), links_(links) {}

Capabilities SwupdateDriver::capabilities() const {
  Capabilities capabilities = entry().capabilities;
  capabilities.storedDigest = !settings_.status.writtenDigest.isEmpty();
  capabilities.runningDigest = !settings_.status.digest.isEmpty();
  capabilities.testBoot = settings_.trialBoot;
  return capabilities;
}

QByteArray SwupdateDriver::reportedDigest(const Image& image) const {
  if (settings_.status.digest.isEmpty() && settings_.status.writtenDigest.isEmpty()) {
    return {};
  }
  if (settings_.digestOf.isEmpty()) {
    return image.facts.digest;
  }
  const Result<SwuImage> parsed = parseSwuImage(image.bytes);
  const SwuArtefact* artefact = parsed ? parsed->find(settings_.digestOf) : nullptr;
  return artefact != nullptr ? artefact->sha256 : QByteArray();
}

Result<std::unique_ptr<HttpLink>> SwupdateDriver::open(const CancelToken& cancel) {
  HttpAccess access;
  access.serverCas = settings_.serverCas;
  return links_.openHttp(address_, access, cancel);
}

Result<SwupdateStatus> SwupdateDriver::readStatus(HttpLink& link, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray document,
              SwupdateSession(link, settings_.paths).readDocument(settings_.statusPath, cancel));
  return SwupdateStatus::parse(document, settings_);
}

Result<SwupdateStatus> SwupdateDriver::readStatus(const CancelToken& cancel) {
  SEALIFT_TRY(const std::unique_ptr<HttpLink> link, open(cancel));
  return readStatus(*link, cancel);
}

Status SwupdateDriver::checkModel(const SwupdateStatus& status) const {
  if (model_.deviceNames.isEmpty() || model_.deviceNames.contains(status.name)) {
    return {};
  }
  return fail(ErrorCode::DeviceNotRecognised,
              QStringLiteral("The device calls itself \"%1\", not %2.").arg(status.name, model_.name));
}

// Addresses are handed out anew and people swap devices: what is written to must be what was identified.
Status SwupdateDriver::checkUnit(const SwupdateStatus& status) const {
  if (!unit_ || unit_->toSnapshot().sameUnit(status.toSnapshot())) {
    return {};
  }
  return fail(ErrorCode::DeviceChanged, QStringLiteral("Device %1 (%2) answers instead of %3 (%4).")
                                            .arg(status.serial, status.name, unit_->serial, unit_->name));
}

Result<DeviceSnapshot> SwupdateDriver::identify(StepContext& step) {
  SEALIFT_TRY(const SwupdateStatus status, readStatus(step.cancel));
  SEALIFT_CHECK(checkModel(status));
  unit_ = status;
  step.progress.finish();
  return status.toSnapshot();
}

Result<IdentityProof> SwupdateDriver::proveIdentity(StepContext& step) {
  // A certificate that proves the name of an address says nothing of the unit: its serial number isn't in it.
  Q_UNUSED(step)
  return IdentityProof{IdentityState::CannotBeVerified,
                       QStringLiteral("the connection is proven by its certificate; the serial number is only told")};
}

Status SwupdateDriver::enterBootloader(StepContext& step) {
  SEALIFT_TRY(const SwupdateStatus status, readStatus(step.cancel));
  return checkUnit(status);
}

// The device checks it, too; but it would say no more than that it does not trust the key.
Status SwupdateDriver::checkSignerPurpose(const Image& image) const {
  SEALIFT_TRY(const SwuImage parsed, parseSwuImage(image.bytes));
  SEALIFT_TRY(const CmsSigner signer, verifySwuSignature(parsed, model_.imageKeys));
  const bool fits = settings_.wantsCodeSigning ? signer.codeSigning : signer.emailProtection;
  return fits ? Status()
              : fail(ErrorCode::ImageUnknownKey,
                     QStringLiteral("The certificate of the signer \"%1\" is not for %2, which these devices demand.")
                         .arg(signer.name, settings_.wantsCodeSigning ? QStringLiteral("signing code")
                                                                      : QStringLiteral("signing mail")));
}

Status SwupdateDriver::transfer(const Image& image, StepContext& step) {
  SEALIFT_CHECK(checkSignerPurpose(image));
  SEALIFT_TRY(const std::unique_ptr<HttpLink> link, open(step.cancel));
  SEALIFT_TRY(const SwupdateStatus status, readStatus(*link, step.cancel));
  SEALIFT_CHECK(checkUnit(status));
  const QByteArray expected = reportedDigest(image);
  if (!expected.isEmpty() && status.writtenDigest == expected) {  // it installs what it has to the end without a link
    step.note(QStringLiteral("The device has stored this image already; nothing was sent."));
    step.progress.finish();
    return {};
  }
  return SwupdateSession(*link, settings_.paths).install(image.bytes, step.progress, step.note, step.cancel);
}

Result<StoredProof> SwupdateDriver::verifyOnDevice(const Image& image, StepContext& step) {
  if (settings_.status.writtenDigest.isEmpty()) {
    return StoredProof{
        QStringLiteral(
            "SWUpdate compared each file with the signed description while it wrote it; nothing was read back"),
        {}};
  }
  const QByteArray expected = reportedDigest(image);
  const Deadline deadline = Deadline::in(kAfterInstall, QStringLiteral("the device to say what it stored"));
  for (;;) {
    SEALIFT_TRY(const SwupdateStatus status, readStatus(step.cancel));
    SEALIFT_CHECK(checkUnit(status));
    if (!expected.isEmpty() && status.writtenDigest == expected) {
      return StoredProof{QStringLiteral("digest computed by the device over what it stored"), status.writtenDigest};
    }
    if (deadline.passed()) {
      return fail(ErrorCode::DeviceVerifyFailed,
                  status.writtenDigest.isEmpty()
                      ? QStringLiteral("The device does not say what it stored.")
                      : QStringLiteral("The device stored something else than the image (%1).")
                            .arg(QString::fromLatin1(status.writtenDigest.toHex().left(16))));
    }
    SEALIFT_CHECK(pause(step.cancel));
  }
}

Status SwupdateDriver::activate(const Image& /*image*/, StepContext& step) {
  step.note(QStringLiteral("SWUpdate marked the new slot itself when it had installed it."));
  return {};
}

Status SwupdateDriver::restart(StepContext& step) {
  SEALIFT_TRY(const std::unique_ptr<HttpLink> link, open(step.cancel));
  SEALIFT_TRY(const SwupdateStatus status, readStatus(*link, step.cancel));
  SEALIFT_CHECK(checkUnit(status));
  beforeRestart_ = status;
  return SwupdateSession(*link, settings_.paths).restart(step.cancel);
}

Result<DeviceSnapshot> SwupdateDriver::waitForReturn(const Image& image, StepContext& step) {
  const QByteArray newDigest = reportedDigest(image);
  const Deadline deadline = Deadline::in(std::chrono::seconds(kDeadlinePerDeclaredTime * model_.timings.restartSeconds),
                                         QStringLiteral("the device to come back"));
  std::optional<SwupdateStatus> last;
  std::optional<Error> problem;
  int misses = 0;
  for (;;) {
    Result<SwupdateStatus> status = readStatus(step.cancel);
    if (status) {
      last = *status;
      const bool restarted = beforeRestart_ && !settings_.status.boot.isEmpty() ? status->boot != beforeRestart_->boot
                                                                                : misses >= kMissesThatMeanGone;
      const bool runsNew =
          image.facts.version == status->version && (settings_.status.digest.isEmpty() || status->digest == newDigest);
      if (restarted || runsNew) {
        return status->toSnapshot();
      }
    } else if (!meansAway(status.error())) {
      return tl::unexpected<Error>(status.error());
    } else {
      ++misses;
      last.reset();
      problem = status.error();
    }
    if (deadline.passed()) {
      break;
    }
    step.progress.setFraction(1.0 - static_cast<double>(deadline.remaining().count()) /
                                        static_cast<double>(deadline.length().count()));
    SEALIFT_CHECK(pause(step.cancel));
  }
  if (last) {
    return last->toSnapshot();  // it never went away: what it runs is known all the same
  }
  const QString what = QStringLiteral("The device did not answer within %1 s after its restart.")
                           .arg(std::chrono::duration_cast<std::chrono::seconds>(deadline.length()).count());
  return problem ? failBecause(ErrorCode::DeviceDidNotReturn, what, *problem)
                 : fail(ErrorCode::DeviceDidNotReturn, what);
}

Status SwupdateDriver::confirm(const Image& image, StepContext& step) {
  const Deadline deadline = Deadline::in(std::chrono::seconds(kDeadlinePerDeclaredTime * model_.timings.confirmSeconds),
                                         QStringLiteral("the device to confirm its new software"));
  for (;;) {
    SEALIFT_TRY(const SwupdateStatus status, readStatus(step.cancel));
    SEALIFT_CHECK(checkUnit(status));
    if (image.facts.version != status.version) {
      return fail(ErrorCode::ProtocolUnexpected,
                  QStringLiteral("The device went back to %1 before it confirmed the new software.")
                      .arg(status.version.toString()));
    }
    if (status.confirmed) {
      return {};
    }
    if (deadline.passed()) {
      return deadline.timeout();
    }
    SEALIFT_CHECK(pause(step.cancel));
  }
}

Status SwupdateDriver::abandon(StepContext& step) {
  step.note(QStringLiteral("SWUpdate has no command that takes an installed update back."));
  return {};
}

}  // namespace sealift
