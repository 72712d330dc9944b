#include "app/update/job_runner.h"

#include "app/update/step_detail.h"
#include "devices/core/device_json.h"

#include <QCryptographicHash>

#include <utility>

namespace sealift {
namespace {

// How much of the bar each step gets; the transfer is what takes long on every link.
constexpr double kIdentifyShare = 0.03;
constexpr double kProofShare = 0.01;
constexpr double kEnterShare = 0.03;
constexpr double kTransferShare = 0.65;
constexpr double kVerifyShare = 0.08;
constexpr double kActivateShare = 0.02;
constexpr double kRestartShare = 0.02;
constexpr double kReturnShare = 0.12;
constexpr double kConfirmShare = 0.04;

// The journal's word for: somebody cancelled.
constexpr char kCancelStep[] = "cancel";

// A device may use up several trial boots before it goes back for good.
constexpr int kReturnAttempts = 5;

// Whether the error says that a check said no, and not that it could not be asked.
bool isRefusal(ErrorCode code) {
  switch (code) {
    case ErrorCode::Timeout:
    case ErrorCode::LinkLost:
    case ErrorCode::LinkOpen:
    case ErrorCode::LinkPermission:
    case ErrorCode::ProtocolMalformed:
    case ErrorCode::DeviceDidNotReturn:
    case ErrorCode::StoreOpen:
    case ErrorCode::StoreDamaged:
    case ErrorCode::StoreFailed:
    case ErrorCode::StoreBusy:
      return false;
    default:
      return true;
  }
}

}  // namespace

JobRunner::JobRunner(const Plan& plan, const Image& image, Driver& driver, Journal& journal, const Clock& clock,
                     const CancelToken& cancel, const Observer& observer)
    : plan_(plan),
      image_(image),
      driver_(driver),
      journal_(journal),
      clock_(clock),
      cancel_(cancel),
      observer_(observer),
      progress_(observer.progress),
      firmware_(plan, driver.capabilities(), driver.reportedDigest(image)) {}

// The intent is durable before the step, the result after it. When the journal can't be written the
// step doesn't happen, or is told as failed: a step without a record is worse than no step.
template <class Call>
auto JobRunner::step(const QString& name, double share, const QString& phase, const CancelToken& cancel, Call call) {
  using ResultType = decltype(call(std::declval<StepContext&>()));
  if (Status alive = cancel.check(); !alive) {
    return ResultType(tl::unexpected<Error>(alive.error()));
  }
  if (Status written = journal_.intent(name); !written) {
    return ResultType(tl::unexpected<Error>(written.error()));
  }
  QString notes;
  StepContext context{.cancel = cancel,
                      .progress = progress_.part(share, phase),
                      .note =
                          [&](const QString& line) {
                            if (notes.size() < 4000) {
                              notes += line + u'\n';
                            }
                          },
                      .massEraseAgreed = plan_.eraseEverything};
  ResultType result = call(context);
  if (result) {
    context.progress.finish();
  }
  QJsonObject detail = toDetail(result);
  if (!notes.isEmpty()) {
    detail[QStringLiteral("notes")] = notes;
  }
  if (Status written = journal_.result(name, detail); !written && result) {
    return ResultType(tl::unexpected<Error>(written.error()));
  }
  return result;
}

Status JobRunner::enter(Stage stage) {
  stage_ = stage;
  observer_.stage(stage);
  return journal_.enterStage(stage);
}

JobReport JobRunner::end(Outcome outcome, const std::optional<Error>& error, const QString& message,
                         const std::optional<DeviceSnapshot>& device) {
  JobReport report{outcome, stage_, error, message, device};
  QJsonObject detail;
  if (device) {
    detail[QStringLiteral("device")] = deviceToJson(*device);
  }
  if (Status written = journal_.ended(outcome, stage_, error, message, detail); !written) {
    report.error = written.error();
    report.message += QStringLiteral(" The record of it could not be written: %1").arg(written.error().message());
  }
  return report;
}

JobReport JobRunner::run() {
  return carryOut();
}

JobReport JobRunner::carryOut() {
  if (Status fine = checkEverything(); !fine) {
    const Error error = fine.error();
    if (overwritten_) {  // by an earlier run
      return backOut(error);
    }
    if (error.code == ErrorCode::Cancelled) {
      return end(Outcome::Cancelled, error, QStringLiteral("Cancelled before anything was written."), plan_.device);
    }
    return end(isRefusal(error.code) ? Outcome::Refused : Outcome::Failed, error,
               QStringLiteral("Nothing was written. %1").arg(error.message()), std::nullopt);
  }
  if (Status entered = enterBootloader(); !entered) {
    return backOut(entered.error());
  }
  if (Status written = writeAndVerify(); !written) {
    return backOut(written.error());
  }
  if (Status activated = activateForTrial(); !activated) {
    return backOut(activated.error());
  }
  return tryNewFirmware();
}

// Identify again right before the first write: ports renumber and people swap boards.
Status JobRunner::checkEverything() {
  SEALIFT_CHECK(enter(Stage::Check));
  SEALIFT_TRY(const DeviceSnapshot now,
              step(QStringLiteral("identify"), kIdentifyShare, QStringLiteral("Looking at the device"), cancel_,
                   [&](StepContext& context) { return driver_.identify(context); }));
  if (!now.sameUnit(plan_.device)) {
    return fail(ErrorCode::DeviceChanged,
                QStringLiteral("Serial number %1 answers instead of %2.").arg(now.serial, plan_.device.serial));
  }
  if (!firmware_.isAsPlanned(now) && !(wasEntered_ && firmware_.waitsForFirmware(now))) {
    return fail(ErrorCode::ConsentPlanChanged,
                QStringLiteral("The device runs other firmware than when it was planned."));
  }
  SEALIFT_TRY(const IdentityProof proof,
              step(QStringLiteral("prove-identity"), kProofShare, QStringLiteral("Checking the device's identity"),
                   cancel_, [&](StepContext& context) { return driver_.proveIdentity(context); }));
  if (proof.state == IdentityState::Refuted) {
    return fail(ErrorCode::IdentityNotProven, proof.detail);
  }
  if (!plan_.allowed()) {
    const Check* refusal = firstFailure(plan_.checks);
    const ErrorCode code = errorCodeFromName(refusal->code).value_or(ErrorCode::Internal);
    return fail(code, refusal->detail, refusal->remedy);
  }
  if (plan_.downgrade && plan_.downgrade->agreedBy.isEmpty()) {
    return fail(ErrorCode::PolicyDowngrade, QStringLiteral("No supervisor agreed to this downgrade."));
  }
  // The bytes in memory are the consented ones, whatever happened to files meanwhile.
  const QByteArray hash = QCryptographicHash::hash(image_.bytes, QCryptographicHash::Sha256);
  if (QString::fromLatin1(hash.toHex()) != plan_.release.sha256) {
    return fail(ErrorCode::ImageHashMismatch, QStringLiteral("The image is not the one that was agreed to."));
  }
  const QList<Check> answers = askUpdatePolicy({.model = plan_.model,
                                                .device = now,
                                                .capabilities = driver_.capabilities(),
                                                .release = plan_.release.terms,
                                                .image = image_.facts,
                                                .highestSecurityVersionSeen = plan_.highestSecurityVersionSeen,
                                                .downgrade = plan_.downgrade,
                                                .eraseAgreed = plan_.eraseEverything,
                                                .today = clock_.nowUtc().date()});
  if (const Check* refusal = firstFailure(answers)) {
    const ErrorCode code = errorCodeFromName(refusal->code).value_or(ErrorCode::Internal);
    return fail(code, refusal->detail, refusal->remedy);
  }
  return cancel_.check();
}

Status JobRunner::enterBootloader() {
  if (plan_.eraseEverything) {  // protection is taken off on the way in
    SEALIFT_CHECK(cancel_.check());
    passPointOfNoReturn();
  }
  return step(QStringLiteral("enter-bootloader"), kEnterShare, QStringLiteral("Getting the device ready"), cancel_,
              [&](StepContext& context) { return driver_.enterBootloader(context); });
}

Status JobRunner::writeAndVerify() {
  SEALIFT_CHECK(cancel_.check());
  if (firmware_.isInPlace()) {
    passPointOfNoReturn();
  }
  SEALIFT_CHECK(enter(Stage::Transfer));
  SEALIFT_CHECK(step(QStringLiteral("transfer"), kTransferShare, QStringLiteral("Transferring"), cancel_,
                     [&](StepContext& context) { return driver_.transfer(image_, context); }));
  SEALIFT_CHECK(enter(Stage::Verify));
  SEALIFT_TRY(proof_, step(QStringLiteral("verify"), kVerifyShare, QStringLiteral("Checking what the device holds"),
                           cancel_, [&](StepContext& context) { return driver_.verifyOnDevice(image_, context); }));
  return {};
}

// Stopping from here on would leave the device without any firmware, so nobody can.
void JobRunner::passPointOfNoReturn() {
  if (std::exchange(isIrrevocable_, true)) {
    return;
  }
  overwritten_ = true;
  cancel_ = CancelToken();
  observer_.pointOfNoReturn();
}

Status JobRunner::activateForTrial() {
  SEALIFT_CHECK(enter(Stage::Activate));
  return step(QStringLiteral("activate"), kActivateShare, QStringLiteral("Marking for one trial start"), cancel_,
              [&](StepContext& context) { return driver_.activate(image_, context); });
}

// A device that restarted by itself since it was marked is on its trial already: another restart would end that.
JobReport JobRunner::tryNewFirmware() {
  const bool tellsItsTrial = !firmware_.isInPlace() && driver_.capabilities().runningVersion;
  if (!tellsItsTrial) {
    return restartAndJudge();
  }
  Result<DeviceSnapshot> now = step(QStringLiteral("identify-restart"), 0.0, QStringLiteral("Looking at the device"),
                                    cancel_, [&](StepContext& context) { return driver_.identify(context); });
  if (!now && now.error().code != ErrorCode::Cancelled) {  // it may be restarting at this moment
    now = step(QStringLiteral("wait-restart"), 0.0, QStringLiteral("Waiting for the device"), cancel_,
               [&](StepContext& context) { return driver_.waitForReturn(image_, context); });
  }
  if (!now && now.error().code == ErrorCode::Cancelled) {
    return backOut(now.error());
  }
  if (!now) {
    return end(Outcome::Unknown, now.error(),
               QStringLiteral("The device was made ready for its restart and does not answer now. %1")
                   .arg(now.error().message()),
               std::nullopt);
  }
  if (!now->sameUnit(plan_.device) || firmware_.runsNew(*now)) {
    return judgeReturn(*now);
  }
  return restartAndJudge();
}

JobReport JobRunner::restartAndJudge() {
  if (Status alive = cancel_.check(); !alive) {
    return backOut(alive.error());
  }
  if (Status entered = enter(Stage::Restart); !entered) {
    return backOut(entered.error());
  }
  const Status restarted = step(QStringLiteral("restart"), kRestartShare, QStringLiteral("Restarting"), cancel_,
                                [&](StepContext& context) { return driver_.restart(context); });
  // A lost answer to the restart command is what a restart looks like; waiting tells.
  if (!restarted && restarted.error().code == ErrorCode::Cancelled) {
    return returnToOld(restarted.error());
  }
  if (!driver_.capabilities().runningVersion) {
    return endUnseen(restarted);
  }
  const Result<DeviceSnapshot> back =
      step(QStringLiteral("wait"), kReturnShare, QStringLiteral("Waiting for restart"), cancel_,
           [&](StepContext& context) { return driver_.waitForReturn(image_, context); });
  if (!back) {
    if (back.error().code == ErrorCode::Cancelled) {
      return returnToOld(back.error());
    }
    return end(Outcome::Unknown, back.error(),
               QStringLiteral("The device did not come back after its restart. %1").arg(back.error().message()),
               std::nullopt);
  }
  // Still marked: it never tried the new firmware, so it can't be said to have gone back from it.
  if (back->sameUnit(plan_.device) && firmware_.runsOld(*back) && firmware_.isMarked(*back)) {
    return backOut(restarted ? makeError(ErrorCode::ProtocolUnexpected,
                                         QStringLiteral("The device did not try the new firmware at its restart."))
                             : restarted.error());
  }
  return judgeReturn(*back);
}

// Nobody will ever be told what runs: what the device holds was proven before, and that is all that is claimed.
JobReport JobRunner::endUnseen(const Status& started) {
  const QString version = plan_.release.terms.version.toString();
  if (!started) {
    return end(Outcome::Unknown, started.error(),
               QStringLiteral("%1 is on the device, but it could not be told to start it. %2")
                   .arg(version, started.error().message()),
               std::nullopt);
  }
  return end(Outcome::Succeeded, std::nullopt,
             QStringLiteral("The device holds %1 (%2) and was told to start it. It can't tell what it runs.")
                 .arg(version, proof_.method),
             std::nullopt);
}

JobReport JobRunner::judgeReturn(const DeviceSnapshot& device) {
  if (!device.sameUnit(plan_.device)) {
    return end(Outcome::Unknown,
               makeError(ErrorCode::DeviceChanged, QStringLiteral("Another device answers at this address.")),
               QStringLiteral("After the restart another device answered at this address."), std::nullopt);
  }
  if (firmware_.runsNew(device)) {
    return confirmNew(device);
  }
  if (firmware_.runsOld(device) && firmware_.isInPlace()) {
    const QString what = QStringLiteral("The device still says that it runs %1.").arg(plan_.fromVersion());
    return end(Outcome::Failed, makeError(ErrorCode::ProtocolUnexpected, what), what, device);
  }
  if (firmware_.runsOld(device)) {
    // Why can't be seen from here: a trial that is interrupted ends like one that fails.
    return end(Outcome::Reverted, std::nullopt,
               QStringLiteral("The device went back to %1 by itself before %2 was confirmed: the new firmware did not "
                              "prove itself, or the device was restarted during its trial.")
                   .arg(plan_.fromVersion(), plan_.release.terms.version.toString()),
               device);
  }
  const QString what = firmware_.waitsForFirmware(device)
                           ? QStringLiteral("The device is in its bootloader and runs no firmware.")
                           : QStringLiteral("The device runs neither the old nor the new firmware.");
  return end(Outcome::Unknown, makeError(ErrorCode::ProtocolUnexpected, what), what, device);
}

JobReport JobRunner::confirmNew(const DeviceSnapshot& device) {
  const QString version = plan_.release.terms.version.toString();
  if (Status entered = enter(Stage::Confirm); !entered) {
    return end(Outcome::Unknown, entered.error(),
               QStringLiteral("%1 runs on trial and could not be confirmed.").arg(version), device);
  }
  const Slot* running = device.runningSlot();
  if (running != nullptr && running->confirmed) {  // confirmed itself, or by an earlier try that was interrupted
    return end(Outcome::Succeeded, std::nullopt, successText(), device);
  }
  const Status confirmed = step(QStringLiteral("confirm"), kConfirmShare, QStringLiteral("Confirming"), cancel_,
                                [&](StepContext& context) { return driver_.confirm(image_, context); });
  if (!confirmed && confirmed.error().code == ErrorCode::Cancelled) {
    return returnToOld(confirmed.error());
  }
  // Whatever confirm said: look. The device is the only one who knows.
  const CancelToken never;
  const Result<DeviceSnapshot> after =
      step(QStringLiteral("identify-after"), 0.0, QStringLiteral("Looking at the device"), never,
           [&](StepContext& context) { return driver_.identify(context); });
  if (!after) {
    return end(Outcome::Unknown, after.error(),
               QStringLiteral("%1 ran, but the device did not answer after it was confirmed.").arg(version),
               std::nullopt);
  }
  if (!after->sameUnit(plan_.device) || !firmware_.runsNew(*after)) {
    return judgeReturn(*after);
  }
  if (!after->runningSlot()->confirmed) {
    const Error error = confirmed ? makeError(ErrorCode::ProtocolUnexpected,
                                              QStringLiteral("The device did not keep the confirmation."))
                                  : confirmed.error();
    return end(Outcome::Unknown, error,
               QStringLiteral("%1 runs on trial; it could not be confirmed and will go back at the next restart.")
                   .arg(version),
               *after);
  }
  return end(Outcome::Succeeded, std::nullopt, successText(), *after);
}

// No more than was seen.
QString JobRunner::successText() const {
  const QString version = plan_.release.terms.version.toString();
  if (driver_.capabilities().runningDigest) {
    return QStringLiteral("The device runs %1, confirmed.").arg(version);
  }
  const QString held = proof_.method.isEmpty() ? QString() : QStringLiteral(" What it holds: %1.").arg(proof_.method);
  return QStringLiteral("The device says that it runs %1.%2").arg(version, held);
}

// That somebody cancelled is kept, so that settling never carries on with what was stopped.
void JobRunner::noteCancel(const Error& error) {
  if (error.code == ErrorCode::Cancelled) {
    (void)journal_.intent(QString::fromLatin1(kCancelStep));
  }
}

// Takes back what was begun, as far as the device lets go of it, and looks at it.
Result<DeviceSnapshot> JobRunner::abandonAndLook(const QString& phase) {
  const CancelToken never;  // backing out can't be cancelled, only time out
  (void)step(QStringLiteral("abandon"), 0.0, phase, never,
             [&](StepContext& context) { return driver_.abandon(context); });
  return step(QStringLiteral("identify-after"), 0.0, QStringLiteral("Looking at the device"), never,
              [&](StepContext& context) { return driver_.identify(context); });
}

// Before the restart the old firmware is still the chosen one: take back what was begun, then look.
JobReport JobRunner::backOut(const Error& error) {
  noteCancel(error);
  const Result<DeviceSnapshot> now = abandonAndLook(QStringLiteral("Leaving the device as it was"));
  const QString touched = overwritten_ ? QStringLiteral("its firmware may be incomplete")
                                       : QStringLiteral("its old firmware was not touched");
  if (!now) {
    return end(Outcome::Unknown, error,
               QStringLiteral("%1 The device does not answer now; %2.").arg(error.message(), touched), std::nullopt);
  }
  if (now->sameUnit(plan_.device) && firmware_.waitsForFirmware(*now) &&
      (overwritten_ || FirmwareState::tellsWhatRuns(plan_.device))) {
    return end(Outcome::Unknown, error,
               QStringLiteral("%1 The device stays in its bootloader; %2.").arg(error.message(), touched), *now);
  }
  const bool asBefore = firmware_.runsOld(*now) || (!overwritten_ && firmware_.isAsPlanned(*now));
  if (!now->sameUnit(plan_.device) || !asBefore) {
    return judgeReturn(*now);
  }
  QString kept = FirmwareState::tellsWhatRuns(plan_.device)
                     ? QStringLiteral("The device still runs %1.").arg(plan_.fromVersion())
                     : QStringLiteral("The device is as it was.");
  if (firmware_.isMarked(*now)) {
    kept += QStringLiteral(" It did not let go of the new firmware and will try it once at its next restart.");
  }
  if (error.code == ErrorCode::Cancelled) {
    return end(Outcome::Cancelled, error, QStringLiteral("Cancelled. %1").arg(kept), *now);
  }
  const bool refused = stage_ == Stage::Check && isRefusal(error.code);
  return end(refused ? Outcome::Refused : Outcome::Failed, error, QStringLiteral("%1 %2").arg(error.message(), kept),
             *now);
}

// Cancelled while the new firmware is, or may soon be, on trial: restart until the device is back on
// the old one and nothing is marked any more.
JobReport JobRunner::returnToOld(const Error& error) {
  noteCancel(error);
  const CancelToken never;
  const QString phase = QStringLiteral("Returning to the old firmware");
  const auto isOver = [&](const Result<DeviceSnapshot>& now) {
    return now && (!now->sameUnit(plan_.device) || (firmware_.runsOld(*now) && !firmware_.isMarked(*now)) ||
                   (firmware_.runsNew(*now) && now->runningSlot()->confirmed));  // by itself: no way back by restarting
  };
  Result<DeviceSnapshot> now = abandonAndLook(phase);
  for (int attempt = 0; attempt < kReturnAttempts && !isOver(now); ++attempt) {
    (void)step(QStringLiteral("restart-back"), 0.0, phase, never,
               [&](StepContext& context) { return driver_.restart(context); });
    now = step(QStringLiteral("wait-back"), 0.0, phase, never,
               [&](StepContext& context) { return driver_.waitForReturn(image_, context); });
    if (!isOver(now)) {
      now = abandonAndLook(phase);
    }
  }
  if (!now) {
    return end(Outcome::Unknown, now.error(), QStringLiteral("Cancelled, and the device did not come back."),
               std::nullopt);
  }
  if (!isOver(now)) {
    return end(Outcome::Unknown, error,
               QStringLiteral("Cancelled, but the device did not return to %1.").arg(plan_.fromVersion()), *now);
  }
  if (now->sameUnit(plan_.device) && firmware_.runsOld(*now)) {
    return end(Outcome::Cancelled, error,
               QStringLiteral("Cancelled. The device is back on %1.").arg(plan_.fromVersion()), *now);
  }
  return judgeReturn(*now);
}

JobReport JobRunner::settle() {
  const Result<QSet<QString>> intended = journal_.intendedSteps();
  if (!intended) {
    return end(Outcome::Unknown, intended.error(), QStringLiteral("The journal could not be read."), std::nullopt);
  }
  const bool cancelled = intended->contains(QString::fromLatin1(kCancelStep));
  const bool activated = intended->contains(QStringLiteral("activate"));
  const bool restarted = intended->contains(QStringLiteral("restart"));
  wasEntered_ = intended->contains(QStringLiteral("enter-bootloader"));
  overwritten_ = firmware_.isInPlace() &&
                 (intended->contains(QStringLiteral("transfer")) || (wasEntered_ && plan_.eraseEverything));
  stage_ = restarted ? Stage::Restart : activated ? Stage::Activate : Stage::Check;
  const Result<DeviceSnapshot> now =
      step(QStringLiteral("identify-settle"), 0.0, QStringLiteral("Looking at the device"), cancel_,
           [&](StepContext& context) { return driver_.identify(context); });
  if (!now) {
    noteCancel(now.error());
    return end(Outcome::Unknown, now.error(),
               now.error().code == ErrorCode::Cancelled ? QStringLiteral("Cancelled before the device was looked at.")
                                                        : QStringLiteral("The device does not answer yet."),
               std::nullopt);
  }
  if (!now->sameUnit(plan_.device)) {
    return end(Outcome::Unknown,
               makeError(ErrorCode::DeviceChanged, QStringLiteral("Another device answers at this address.")),
               QStringLiteral("Another device answers at this address."), std::nullopt);
  }
  if (firmware_.isInPlace()) {
    return settleInPlace(*now, cancelled, activated);
  }
  if (cancelled && (firmware_.runsOld(*now) || firmware_.runsNew(*now))) {
    return returnToOld(makeError(ErrorCode::Cancelled, QStringLiteral("Cancelled before the interruption.")));
  }
  if (!firmware_.runsOld(*now)) {
    return judgeReturn(*now);
  }
  if (activated && firmware_.isMarked(*now)) {  // and the restart never came
    return restartAndJudge();
  }
  if (restarted) {  // it had its trial
    return judgeReturn(*now);
  }
  return carryOut();  // nothing but the spare slot was touched
}

// There is nothing to go back to: what was begun is finished, unless it has been proven already that it was written.
JobReport JobRunner::settleInPlace(const DeviceSnapshot& now, bool cancelled, bool verified) {
  if (firmware_.runsNew(now) || (verified && firmware_.runsOld(now))) {
    return judgeReturn(now);
  }
  const bool untouched = !overwritten_ && (firmware_.runsOld(now) || firmware_.waitsForFirmware(now));
  if (cancelled && untouched) {  // a cancel is heard before the first write only
    return backOut(makeError(ErrorCode::Cancelled, QStringLiteral("Cancelled before the interruption.")));
  }
  if (verified && firmware_.waitsForFirmware(now)) {
    return restartAndJudge();
  }
  const bool isOurs = untouched || firmware_.waitsForFirmware(now) || firmware_.runsOld(now);
  return isOurs ? carryOut() : judgeReturn(now);
}

}  // namespace sealift
