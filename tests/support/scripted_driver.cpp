#include "tests/support/scripted_driver.h"

namespace sealift {

ScriptedDriver::ScriptedDriver(const CancelToken& cancel) : cancel_(cancel) {
  slots[0] = {Version{1, 0, 0, 0}, QByteArrayLiteral("digest of the old firmware")};
  can.slots = true;
  can.testBoot = true;
  can.storedDigest = true;
  can.identityProof = true;
  can.runningVersion = true;
  can.runningDigest = true;
}

void ScriptedDriver::script(const QString& step, Mishap mishap, ErrorCode code, int call) {
  rules_ << Rule{step, call, mishap, code};
}

template <class R>
R ScriptedDriver::perform(const QString& name, const StepContext& step, const std::function<R()>& act, const R& lie) {
  R result = carryOut(name, step, act, lie);
  const auto tell = after;  // it may be replaced meanwhile
  tell(name);
  return result;
}

template <class R>
R ScriptedDriver::carryOut(const QString& name, const StepContext& step, const std::function<R()>& act, const R& lie) {
  calls << name;
  inside(name);
  SEALIFT_CHECK(step.cancel.check());
  const auto call = calls.count(name);
  const R lost = fail(ErrorCode::LinkLost, QStringLiteral("The device went away."));
  for (const Rule& rule : rules_) {
    if (rule.step != name || rule.call != call) {
      continue;
    }
    const R error = fail(rule.code, QStringLiteral("Scripted: %1 went wrong.").arg(name));
    switch (rule.mishap) {
      case Mishap::Fails:
        return error;
      case Mishap::AnswerLost:
        (void)act();
        return error;
      case Mishap::Lies:
        return lie;
      case Mishap::Cancels:
        cancel_.cancel();
        SEALIFT_CHECK(step.cancel.check());
        return error;
      case Mishap::CancelsLate:
        cancel_.cancel();
        return act();
      case Mishap::Loses:
        away = true;
        return lost;
      case Mishap::Swapped:
        serial = QStringLiteral("gw-0002");
        break;
    }
  }
  return away ? lost : act();
}

DeviceSnapshot ScriptedDriver::snapshot() const {
  DeviceSnapshot device;
  device.deviceName = QStringLiteral("gateway");
  device.serial = serial;
  device.hardwareRevision = QStringLiteral("B");
  device.slotBytes = 64 * 1024;
  device.securityVersion = 3;
  for (int i = 0; i < 2; ++i) {
    Slot slot;
    slot.name = i == 0 ? QStringLiteral("A") : QStringLiteral("B");
    slot.index = i;
    slot.version = slots.at(static_cast<std::size_t>(i)).version;
    slot.digest = slots.at(static_cast<std::size_t>(i)).digest;
    slot.bootable = slot.version.has_value();
    slot.running = i == running;
    slot.confirmed = i == running ? !onTrial : onTrial;
    slot.pending = marked && i == spare();
    device.slots << slot;
  }
  return device;
}

void ScriptedDriver::powerCycle() {
  if (onTrial) {
    if (goesBack) {
      running = spare();
      onTrial = false;
    }
    return;
  }
  if (!marked || trialBoot == TrialBoot::NotTried) {
    return;
  }
  marked = false;
  switch (trialBoot) {
    case TrialBoot::RunsNew:
    case TrialBoot::ConfirmsItself:
      running = spare();
      onTrial = trialBoot == TrialBoot::RunsNew;
      break;
    case TrialBoot::RunsNeither:
      running = spare();
      slots.at(static_cast<std::size_t>(running)) = {Version{9, 9, 9, 0}, QByteArrayLiteral("somebody else's")};
      break;
    case TrialBoot::NeverReturns:
      away = true;
      break;
    case TrialBoot::StaysOld:
    case TrialBoot::NotTried:
      break;
  }
}

Result<DeviceSnapshot> ScriptedDriver::identify(StepContext& step) {
  return perform<Result<DeviceSnapshot>>(
      QStringLiteral("identify"), step, [this]() -> Result<DeviceSnapshot> { return snapshot(); }, snapshot());
}

Result<IdentityProof> ScriptedDriver::proveIdentity(StepContext& step) {
  const auto act = [this]() -> Result<IdentityProof> {
    return IdentityProof{identity, QStringLiteral("The certificate is another unit's.")};
  };
  return perform<Result<IdentityProof>>(QStringLiteral("prove-identity"), step, act, IdentityProof{});
}

Status ScriptedDriver::enterBootloader(StepContext& step) {
  return perform<Status>(
      QStringLiteral("enter-bootloader"), step, [] { return Status(); }, Status());
}

Status ScriptedDriver::transfer(const Image& image, StepContext& step) {
  const auto act = [&]() -> Status {
    step.progress.setBytes(image.bytes.size() / 2, image.bytes.size());
    slots.at(static_cast<std::size_t>(spare())) = {image.facts.version, reportedDigest(image)};
    step.progress.setBytes(image.bytes.size(), image.bytes.size());
    step.note(QStringLiteral("written"));
    return {};
  };
  return perform<Status>(QStringLiteral("transfer"), step, act, Status());
}

Result<StoredProof> ScriptedDriver::verifyOnDevice(const Image& image, StepContext& step) {
  const auto act = [&]() -> Result<StoredProof> {
    const QByteArray stored = slots.at(static_cast<std::size_t>(spare())).digest;
    if (stored != reportedDigest(image)) {
      return fail(ErrorCode::DeviceVerifyFailed, QStringLiteral("The slot holds something else."));
    }
    return StoredProof{QStringLiteral("digest in memory"), stored};
  };
  const StoredProof lie{QStringLiteral("none"), {}};
  return perform<Result<StoredProof>>(QStringLiteral("verify"), step, act, lie);
}

Status ScriptedDriver::activate(const Image& image, StepContext& step) {
  Q_UNUSED(image)
  const auto act = [this]() -> Status {
    marked = true;
    return {};
  };
  return perform<Status>(QStringLiteral("activate"), step, act, Status());
}

Status ScriptedDriver::restart(StepContext& step) {
  const auto act = [this]() -> Status {
    powerCycle();
    return {};
  };
  return perform<Status>(QStringLiteral("restart"), step, act, Status());
}

Result<DeviceSnapshot> ScriptedDriver::waitForReturn(const Image& image, StepContext& step) {
  Q_UNUSED(image)
  Result<DeviceSnapshot> back = perform<Result<DeviceSnapshot>>(
      QStringLiteral("wait"), step, [this]() -> Result<DeviceSnapshot> { return snapshot(); }, snapshot());
  if (!back && back.error().code == ErrorCode::LinkLost) {
    return fail(ErrorCode::DeviceDidNotReturn, QStringLiteral("The device did not come back in time."));
  }
  return back;
}

Status ScriptedDriver::confirm(const Image& image, StepContext& step) {
  Q_UNUSED(image)
  const auto act = [this]() -> Status {
    onTrial = onTrial && !keepsConfirmation;
    return {};
  };
  return perform<Status>(QStringLiteral("confirm"), step, act, Status());
}

Status ScriptedDriver::abandon(StepContext& step) {
  const auto act = [this]() -> Status {
    if (marked && !letsGo) {
      return fail(ErrorCode::ProtocolRefused, QStringLiteral("The device does not let go of the image."));
    }
    marked = false;
    return {};
  };
  return perform<Status>(QStringLiteral("abandon"), step, act, Status());
}

}  // namespace sealift
