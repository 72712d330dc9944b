// Carries out one consented plan on one device: the engine that owns the order of the steps
// (devices/core/driver.h), journals around each of them and ends with exactly one outcome.
// What a restart of program, device or both does stands in app/update/RECOVERY.md.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/clock.h"
#include "app/base/progress.h"
#include "app/update/firmware_state.h"
#include "app/update/journal.h"
#include "app/update/outcome.h"
#include "app/update/plan.h"
#include "devices/core/driver.h"

#include <functional>
#include <optional>

namespace sealift {

struct JobReport {
  Outcome outcome = Outcome::Unknown;
  Stage stage = Stage::Check;  // in which it ended
  std::optional<Error> error;
  QString message;                       // what happened, for people
  std::optional<DeviceSnapshot> device;  // as last seen
};

class JobRunner {
 public:
  struct Observer {
    std::function<void(Stage)> stage = [](Stage) {};
    Progress::Sink progress = [](const ProgressUpdate&) {};  // of the whole job
    std::function<void()> pointOfNoReturn = [] {};           // from here on a cancel is not heard any more
  };

  // Everything outlives the runner. `image.bytes` are the bytes that were hashed and verified for the
  // plan: they, and no others, are sent. `today` decides the lifecycle's rule only.
  JobRunner(const Plan& plan, const Image& image, Driver& driver, Journal& journal, const Clock& clock,
            const CancelToken& cancel, const Observer& observer);

  // From the first check to the outcome. Blocks; one worker thread owns the device meanwhile.
  JobReport run();
  // After an interruption (of program, link, device): looks what the device runs now and goes on
  // from there: confirms, waits, carries on with the transfer, or says that it went back.
  JobReport settle();

 private:
  template <class Call>
  auto step(const QString& name, double share, const QString& phase, const CancelToken& cancel, Call call);

  Status enter(Stage stage);
  Status checkEverything();
  Status enterBootloader();
  Status writeAndVerify();
  Status activateForTrial();
  void passPointOfNoReturn();
  JobReport tryNewFirmware();
  JobReport restartAndJudge();
  JobReport endUnseen(const Status& started);
  JobReport judgeReturn(const DeviceSnapshot& device);
  JobReport confirmNew(const DeviceSnapshot& device);
  QString successText() const;
  JobReport carryOut();
  JobReport settleInPlace(const DeviceSnapshot& now, bool cancelled, bool verified);
  void noteCancel(const Error& error);
  Result<DeviceSnapshot> abandonAndLook(const QString& phase);
  JobReport backOut(const Error& error);
  JobReport returnToOld(const Error& error);
  JobReport end(Outcome outcome, const std::optional<Error>& error, const QString& message,
                const std::optional<DeviceSnapshot>& device);

  const Plan& plan_;
  const Image& image_;
  Driver& driver_;
  Journal& journal_;
  const Clock& clock_;
  CancelToken cancel_;
  Observer observer_;
  Progress progress_;
  Stage stage_ = Stage::Check;
  FirmwareState firmware_;
  StoredProof proof_;           // of this run; empty when an earlier one proved it
  bool wasEntered_ = false;     // by an earlier run: the device may still be in its bootloader
  bool isIrrevocable_ = false;  // the point of no return was passed
  bool overwritten_ = false;    // the only place for firmware was, or may have been, written to
};

}  // namespace sealift
