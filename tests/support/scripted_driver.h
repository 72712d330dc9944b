// A device with two slots in memory behind the step interface. It behaves as a good device does (trial boot, return
// by itself, confirmation) until a step is told to go wrong. One thread.
#pragma once

#include "devices/core/driver.h"

#include <QList>
#include <QStringList>

#include <array>
#include <functional>

namespace sealift {

// How a step goes wrong.
enum class Mishap {
  Fails,        // nothing done, an error
  AnswerLost,   // done, and an error all the same
  Lies,         // nothing done, and told as done
  Cancels,      // somebody cancels while it runs: nothing done, Cancelled
  CancelsLate,  // somebody cancels while it runs; done and told as done
  Loses,        // the device goes away: this and all later steps fail with LinkLost, until `away` is taken back
  Swapped,      // from here on another unit, with the same firmware, answers
};

// What becomes of a marked image at a restart.
enum class TrialBoot {
  RunsNew,  // on trial
  ConfirmsItself,
  StaysOld,  // tried and went back already
  RunsNeither,
  NeverReturns,
  NotTried,  // the restart doesn't happen; the mark stays
};

class ScriptedDriver final : public Driver {
 public:
  struct Content {
    std::optional<Version> version;
    QByteArray digest;
  };

  explicit ScriptedDriver(const CancelToken& cancel);

  // `call` counts the calls of that step from 1. Steps by the journal's names: identify, prove-identity,
  // enter-bootloader, transfer, verify, activate, restart, wait, confirm, abandon.
  void script(const QString& step, Mishap mishap, ErrorCode code = ErrorCode::ProtocolRefused, int call = 1);

  // The device.
  std::array<Content, 2> slots;
  int running = 0;
  bool onTrial = false;  // the running slot is not confirmed
  bool marked = false;   // the other slot will be tried at the next restart
  bool away = false;
  QString serial = QStringLiteral("gw-0001");
  IdentityState identity = IdentityState::Verified;
  TrialBoot trialBoot = TrialBoot::RunsNew;
  bool goesBack = true;           // at a restart on trial
  bool keepsConfirmation = true;  // false: says yes to confirm and does nothing
  bool letsGo = true;             // abandon unmarks
  Capabilities can;

  void powerCycle();  // as a restart, of the device alone
  DeviceSnapshot snapshot() const;
  int spare() const { return 1 - running; }

  // What the engine did.
  QStringList calls;
  std::function<void(const QString& step)> inside = [](const QString&) {};  // from within each step, before it acts
  std::function<void(const QString& step)> after = [](const QString&) {};   // when it is about to return

  Capabilities capabilities() const override { return can; }
  Result<DeviceSnapshot> identify(StepContext& step) override;
  Result<IdentityProof> proveIdentity(StepContext& step) override;
  Status enterBootloader(StepContext& step) override;
  Status transfer(const Image& image, StepContext& step) override;
  Result<StoredProof> verifyOnDevice(const Image& image, StepContext& step) override;
  Status activate(const Image& image, StepContext& step) override;
  Status restart(StepContext& step) override;
  Result<DeviceSnapshot> waitForReturn(const Image& image, StepContext& step) override;
  Status confirm(const Image& image, StepContext& step) override;
  Status abandon(StepContext& step) override;

 private:
  struct Rule {
    QString step;
    int call;
    Mishap mishap;
    ErrorCode code;
  };

  template <class R>
  R perform(const QString& name, const StepContext& step, const std::function<R()>& act, const R& lie);
  template <class R>
  R carryOut(const QString& name, const StepContext& step, const std::function<R()>& act, const R& lie);

  const CancelToken& cancel_;  // outlives the driver
  QList<Rule> rules_;
};

}  // namespace sealift
