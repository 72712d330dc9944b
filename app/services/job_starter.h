// Carries out jobs: plans again what waited, runs it in a thread of its own, and says what becomes of a failure that
// time can heal. Any thread.
#pragma once

#include "app/services/job_book.h"
#include "app/services/job_scheduler.h"
#include "app/services/update_planner.h"

#include <memory>

namespace sealift {

class JobStarter {
 public:
  JobStarter(StationCore& core, DeviceService& devices, ReleaseOffers& offers, UpdatePlanner& planner, JobBook& book)
      : core_(core),
        devices_(devices),
        offers_(offers),
        planner_(planner),
        book_(book),
        scheduler_(core, devices, book, [this](const QString& jobId) { startWaiting(jobId); }) {}

  JobScheduler& scheduler() { return scheduler_; }

  // Goes on in a thread of its own. `settle`: looks first at what an earlier run left.
  void launch(const QString& jobId, const std::shared_ptr<PreparedUpdate>& prepared, bool settle,
              AddressGate::Guard guard);
  // Looks at the device of an interrupted, unknown or failed job again, and carries on from what it runs.
  Status carryOn(const JobRow& row);
  // Ends a job that is not running.
  Status endWaiting(const QString& jobId, Outcome outcome, const std::optional<Error>& error, const QString& message);
  // A failed job goes back into the queue, to begin at once.
  Status requeue(const JobRow& row);
  // Failures whose next attempt was not yet noted when the program ended.
  Status requeueInterrupted();

 private:
  Status checkResumable(const JobRow& row);
  Status carryOnAlone(const JobRow& row);
  void startWaiting(const QString& jobId);
  // Its release went wrong on other devices meanwhile: the job was put back.
  bool waitsForRelease(const WaitingJob& job);
  // Nothing when the job may begin now; else it was put back or has ended.
  std::shared_ptr<PreparedUpdate> planAgain(const WaitingJob& job);
  bool stillAgreed(const WaitingJob& job, const PreparedUpdate& prepared);
  void wait(const QString& jobId, const QDateTime& until, const QString& reason);
  bool take(const QString& jobId);
  void waitOrStop(const WaitingJob& job, const Error& error);
  void stop(const WaitingJob& job, Outcome outcome, const Error& error);  // nothing was written
  void end(const WaitingJob& job, JobReport report);
  void ended(const QString& jobId, const JobReport& report);
  Status noteRetry(const QString& jobId, const Error& error, QueueRow place);
  std::shared_ptr<SleepHold> keepAwake(Journal& journal);
  void noteOverrun(const QString& jobId, Journal& journal);
  Status noteEnd(Transaction& transaction, const Plan& plan, Outcome outcome);
  void noteProtection(const QString& deviceId, const JobReport& report);

  StationCore& core_;
  DeviceService& devices_;
  ReleaseOffers& offers_;
  UpdatePlanner& planner_;
  JobBook& book_;
  JobScheduler scheduler_;
};

}  // namespace sealift
