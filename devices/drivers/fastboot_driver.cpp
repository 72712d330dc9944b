#include "devices/drivers/fastboot_driver.h"

#include "devices/drivers/fastboot_partition.h"

#include <QThread>

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kPoll{100};
constexpr int kMaxContinues = 8;  // of one trial: devices have up to seven tries (boot_control's retry count)

bool isOver(ErrorCode code) {
  return code == ErrorCode::Cancelled || code == ErrorCode::DeviceChanged || code == ErrorCode::LinkPermission ||
         code == ErrorCode::NotSupported;
}

}  // namespace

DriverEntry FastbootDriver::entry() {
  DriverEntry entry;
  entry.name = QStringLiteral("fastboot");
  entry.protocol = QStringLiteral("fastboot");
  entry.links = {LinkKind::Usb, LinkKind::Tcp, LinkKind::Udp};
  entry.capabilities.slots = true;
  entry.capabilities.readback = true;
  entry.capabilities.storedDigest = true;
  entry.capabilities.testBoot = true;
  entry.capabilities.secureBootState = true;
  entry.capabilities.rollbackCounter = true;
  entry.capabilities.runningVersion = true;
  entry.capabilities.runningDigest = true;
  entry.provenBy = QStringLiteral("a virtual device that Debian's fastboot client works with");
  entry.help = QStringLiteral("fastboot");
  entry.make = [](const ModelDescription& model, const LinkAddress& address,
                  LinkOpener& links) -> Result<std::unique_ptr<Driver>> {
    SEALIFT_TRY(FastbootSettings settings, FastbootSettings::fromJson(model.driverSettings));
    return std::make_unique<FastbootDriver>(model, std::move(settings), address, links);
  };
  return entry;
}

FastbootDriver::FastbootDriver(const ModelDescription& model, FastbootSettings settings, const LinkAddress& address,
                               LinkOpener& links)
    : model_(model), settings_(std::move(settings)), address_(address), links_(links) {}

Capabilities FastbootDriver::capabilities() const {
  const bool seesFirmware = settings_.slots || firmwareAnswers();
  Capabilities can;
  can.slots = can.testBoot = settings_.slots;
  can.readback = settings_.fetch || canFetch_;
  can.storedDigest = !settings_.digest.isEmpty();
  can.secureBootState = true;
  can.rollbackCounter = !settings_.securityVersion.isEmpty();
  can.runningVersion = seesFirmware && !settings_.version.isEmpty();
  can.runningDigest = can.runningVersion && !settings_.digest.isEmpty();
  return can;
}

QByteArray FastbootDriver::reportedDigest(const Image& image) const {
  return settings_.digest.isEmpty() ? QByteArray() : fastbootStoredDigest(image);
}

template <class R>
R FastbootDriver::kept(R result) {
  if (connection_ && !session().isUsable()) {
    disconnect();
  }
  return result;
}

Status FastbootDriver::connect(StepContext& step) {
  if (connection_ && !session().isUsable()) {
    disconnect();
  }
  const bool isNew = !connection_;
  if (isNew) {
    SEALIFT_TRY(connection_, FastbootConnection::open(model_, address_, links_, step.cancel));
  }
  session().tellTo(step.note);
  if (!isNew || !unit_) {
    return {};
  }
  // Ports renumber and people swap boards: what is written to must be what was identified.
  SEALIFT_TRY(const FastbootUnit now, kept(inspector().unit(step.cancel)));
  if (now != *unit_) {
    disconnect();
    return fail(ErrorCode::DeviceChanged, QStringLiteral("Device %1 (%2) answers instead of %3 (%4).")
                                              .arg(now.serial, now.product, unit_->serial, unit_->product));
  }
  return {};
}

Deadline FastbootDriver::returnDeadline() const {
  return Deadline::in(std::chrono::seconds(2 * model_.timings.restartSeconds),
                      QStringLiteral("the device to answer again"));
}

Status FastbootDriver::checkModel(const DeviceSnapshot& device) const {
  if (model_.deviceNames.isEmpty() || model_.deviceNames.contains(device.deviceName)) {
    return {};
  }
  return fail(ErrorCode::DeviceNotRecognised,
              QStringLiteral("The device calls itself \"%1\", not %2.").arg(device.deviceName, model_.name));
}

// ---- identify -------------------------------------------------------------------------------------------

Result<FastbootState> FastbootDriver::look(FastbootDetail detail, StepContext& step) {
  SEALIFT_CHECK(connect(step));
  SEALIFT_TRY(FastbootState state, kept(inspector().state(detail, step.cancel)));
  canFetch_ = state.maxFetch > 0;
  return state;
}

// A wrong name in the model looks like firmware without a version: says what the device does know.
void FastbootDriver::tellUnknownVariable(const FastbootState& state, StepContext& step) {
  const FastbootSlot& standing = state.slot(settings_.slots ? state.standing() : 0);
  if (settings_.version.isEmpty() || standing.version) {
    return;
  }
  const Result<QString> known = kept(inspector().knownVariables(step.cancel));
  step.note(QStringLiteral("The device tells no version as \"%1\". It knows: %2.")
                .arg(QString::fromLatin1(settings_.version), known.value_or(QStringLiteral("nothing"))));
}

Result<DeviceSnapshot> FastbootDriver::identify(StepContext& step) {
  const bool heldBefore = connection_ != nullptr;
  unit_.reset();
  const Result<FastbootState> state = look(FastbootDetail::All, step);
  if (state) {
    tellUnknownVariable(*state, step);
  }
  if (!heldBefore) {
    disconnect();  // most devices serve one host at a time
  }
  if (!state) {
    return fail(state.error());
  }
  const DeviceSnapshot device = toSnapshot(*state, settings_);
  SEALIFT_CHECK(checkModel(device));
  unit_ = state->unit;
  return device;
}

Result<IdentityProof> FastbootDriver::proveIdentity(StepContext& step) {
  Q_UNUSED(step)
  return IdentityProof{IdentityState::CannotBeVerified,
                       QStringLiteral("fastboot has no way to prove which device answers")};
}

// ---- reaching the bootloader ----------------------------------------------------------------------------

Result<FastbootState> FastbootDriver::waitFor(const std::function<bool(const FastbootState&)>& isIt,
                                              FastbootDetail detail, const Deadline& deadline, StepContext& step) {
  for (;;) {
    const Result<FastbootState> state = look(detail, step);
    if (state ? isIt(*state) : isOver(state.error().code)) {
      return state;
    }
    SEALIFT_CHECK(step.cancel.check());
    if (deadline.passed()) {
      const tl::unexpected<Error> late = deadline.timeout();
      return state ? Result<FastbootState>(late) : failBecause(ErrorCode::Timeout, late.value().what, state.error());
    }
    QThread::msleep(static_cast<unsigned long>(kPoll.count()));
  }
}

Result<FastbootState> FastbootDriver::inBootloader(StepContext& step) {
  SEALIFT_TRY(const FastbootState state, look(FastbootDetail::Writing, step));
  if (!state.runs) {
    return state;
  }
  step.note(QStringLiteral("Restarting into the bootloader."));
  SEALIFT_CHECK(kept(session().rebootBootloader(step.cancel)));
  return waitFor([](const FastbootState& now) { return !now.runs; }, FastbootDetail::Writing, returnDeadline(), step);
}

// Before anything is written: what the model promises about proof must hold on this device.
Status FastbootDriver::checkReadback(const FastbootState& state) const {
  if (!settings_.fetch || state.maxFetch > 0 || !settings_.digest.isEmpty()) {
    return {};
  }
  return fail(
      ErrorCode::NotSupported,
      QStringLiteral("The device does not let its partitions be read back, so what is written could not be proven."),
      QStringLiteral("Nothing was written. Many devices allow it only when unlocked; ask the vendor."));
}

Status FastbootDriver::enterBootloader(StepContext& step) {
  SEALIFT_TRY(const FastbootState state, inBootloader(step));
  return checkReadback(state);
}

// ---- writing --------------------------------------------------------------------------------------------

Status FastbootDriver::transfer(const Image& image, StepContext& step) {
  SEALIFT_TRY(FastbootState state, inBootloader(step));
  SEALIFT_CHECK(checkReadback(state));
  const int target = targetSlot(state);
  if (settings_.slots && state.current == target) {
    // An earlier trial was never started: half an image must not be what the next start tries.
    step.note(QStringLiteral("Taking back an earlier trial."));
    SEALIFT_CHECK(kept(session().setActive(FastbootSettings::slotLetter(1 - target), step.cancel)));
    SEALIFT_TRY(state.current, kept(inspector().currentSlot(step.cancel)));
    if (state.current == target) {
      return fail(ErrorCode::ProtocolUnexpected,
                  QStringLiteral("The device keeps the slot for the next start that was to be written."));
    }
  }
  wrote_ = true;
  return kept(FastbootPartitionWriter(session(), settings_, state).write(image, target, step));
}

Result<StoredProof> FastbootDriver::verifyOnDevice(const Image& image, StepContext& step) {
  SEALIFT_TRY(const FastbootState state, inBootloader(step));
  return kept(FastbootPartitionWriter(session(), settings_, state)
                  .verify(image, targetSlot(state), !capabilities().runningVersion, step));
}

Status FastbootDriver::activate(const Image& image, StepContext& step) {
  Q_UNUSED(image)
  if (!settings_.slots) {
    return {};
  }
  SEALIFT_TRY(const FastbootState state, inBootloader(step));
  const int target = targetSlot(state);
  SEALIFT_CHECK(kept(session().setActive(FastbootSettings::slotLetter(target), step.cancel)));
  SEALIFT_TRY(const int current, kept(inspector().currentSlot(step.cancel)));
  SEALIFT_TRY(const FastbootSlot slot, kept(inspector().slotState(target, step.cancel)));
  if (current != target || slot.unbootable) {
    return fail(ErrorCode::ProtocolUnexpected, QStringLiteral("The device did not take slot %1 for its next start.")
                                                   .arg(QString::fromLatin1(FastbootSettings::slotLetter(target))));
  }
  if (slot.successful || slot.retries == 0) {
    return fail(
        ErrorCode::ProtocolUnexpected,
        QStringLiteral("The device would start the new firmware for good, without a trial (successful: %1, tries "
                       "left: %2).")
            .arg(slot.successful ? QStringLiteral("yes") : QStringLiteral("no"))
            .arg(slot.retries),
        QStringLiteral("Tell the vendor: this bootloader can't be updated with a way back."));
  }
  return {};
}

// ---- restarting and watching ----------------------------------------------------------------------------

// A lost answer is what a restart looks like.
Status FastbootDriver::leave(StepContext& step) {
  const Status left = kept(session().reboot(step.cancel));
  disconnect();
  return !left && left.error().code == ErrorCode::LinkLost ? Status() : left;
}

Status FastbootDriver::restart(StepContext& step) {
  SEALIFT_CHECK(connect(step));
  return leave(step);
}

Result<DeviceSnapshot> FastbootDriver::waitForReturn(const Image& image, StepContext& step) {
  Q_UNUSED(image)
  unit_.reset();  // who came back is for the engine to judge
  disconnect();
  const Deadline deadline = returnDeadline();
  const Deadline untried = deadline.sooner(deadline.length() / 2, QStringLiteral("the device to try its new firmware"));
  std::optional<int> tries;  // that were left when it was first seen in its bootloader
  int continues = 0;
  const auto isBack = [&](const FastbootState& state) {
    if (state.runs) {
      return true;
    }
    if (!settings_.slots) {
      return untried.passed();  // still, or again, in the bootloader
    }
    if (!state.isOnTrial()) {
      return !firmwareAnswers() || state.standing() != state.current || untried.passed();
    }
    const int left = state.slot(state.current).retries;
    if (tries && left < *tries && continues < kMaxContinues) {
      ++continues;
      step.note(QStringLiteral("The new firmware did not start; the device has %1 tries left.").arg(left));
      (void)session().continueBoot(step.cancel);
    }
    tries = left;
    return untried.passed();
  };
  const Result<FastbootState> state = waitFor(isBack, FastbootDetail::All, deadline, step);
  if (!state && isOver(state.error().code)) {
    return fail(state.error());
  }
  if (!state) {
    Error error = failBecause(ErrorCode::DeviceDidNotReturn,
                              QStringLiteral("The device did not answer in fastboot again."), state.error())
                      .value();
    if (!firmwareAnswers()) {
      error.what = QStringLiteral("The device left its bootloader, and its firmware does not speak fastboot.");
      error.remedy = QStringLiteral(
          "When the device works, bring it into fastboot again and look at it: its slots then tell whether the new "
          "firmware proved itself, and the job is settled.");
    }
    return fail(std::move(error));
  }
  unit_ = state->unit;
  return toSnapshot(*state, settings_);
}

// ---- settling -------------------------------------------------------------------------------------------

Status FastbootDriver::confirm(const Image& image, StepContext& step) {
  if (!settings_.slots) {
    return {};
  }
  const Deadline deadline = Deadline::in(std::chrono::seconds(2 * model_.timings.confirmSeconds),
                                         QStringLiteral("the new firmware to mark its slot as successful"));
  std::optional<int> trial;  // the slot that is to be confirmed
  const auto isSettled = [&](const FastbootState& state) {
    trial = trial ? trial : std::optional(state.current);
    return state.current != *trial || state.slot(state.current).unbootable || state.slot(state.current).successful;
  };
  SEALIFT_TRY(const FastbootState state, waitFor(isSettled, FastbootDetail::All, deadline, step));
  const FastbootSlot& slot = state.slot(state.current);
  if (state.current != *trial || !slot.successful ||
      (!settings_.digest.isEmpty() && slot.digest != reportedDigest(image))) {
    return fail(ErrorCode::ProtocolUnexpected,
                QStringLiteral("The device went back to its old firmware before the new one proved itself."),
                QStringLiteral("Look at the device again; the old firmware runs."));
  }
  disconnect();
  return {};
}

Status FastbootDriver::abandon(StepContext& step) {
  SEALIFT_TRY(FastbootState state, look(FastbootDetail::Writing, step));
  if (state.runs && (!settings_.slots || state.slot(state.current).successful)) {
    disconnect();
    return {};  // it runs what it ran
  }
  if (state.runs) {  // a trial; the bootloader can end it
    SEALIFT_TRY(state, inBootloader(step));
  }
  if (settings_.slots && state.current != state.standing()) {
    const QByteArray old = FastbootSettings::slotLetter(state.standing());
    step.note(QStringLiteral("Going back to slot %1.").arg(QString::fromLatin1(old)));
    SEALIFT_CHECK(kept(session().setActive(old, step.cancel)));
    SEALIFT_TRY(const int current, kept(inspector().currentSlot(step.cancel)));
    if (current != state.standing()) {
      return fail(ErrorCode::ProtocolUnexpected,
                  QStringLiteral("The device did not go back to slot %1.").arg(QString::fromLatin1(old)));
    }
  }
  // Firmware that can't bring the device back here is not started unasked, nor is half a firmware.
  if (!firmwareAnswers() || (!settings_.slots && wrote_)) {
    disconnect();
    return {};
  }
  SEALIFT_CHECK(leave(step));
  SEALIFT_CHECK(
      waitFor([](const FastbootState& now) { return now.runs; }, FastbootDetail::Writing, returnDeadline(), step));
  disconnect();
  return {};
}

}  // namespace sealift
