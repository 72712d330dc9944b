// Plans, consents and the queue of jobs: what the station's API asks for. Who begins when is JobScheduler's, carrying
// out is JobStarter's, what is shown is JobBook's. Any thread.
#pragma once

#include "app/services/job_book.h"
#include "app/services/job_starter.h"
#include "app/services/release_offers.h"
#include "app/services/update_planner.h"
#include "app/store/job_table.h"

namespace sealift {

class UpdateService {
 public:
  using Signals = JobBook::Signals;

  UpdateService(StationCore& core, VendorService& vendors, DeviceService& devices, ReleaseOffers& offers,
                Signals changed)
      : core_(core),
        offers_(offers),
        planner_(core, vendors, devices, offers),
        book_(std::move(changed)),
        starter_(core, devices, offers, planner_, book_),
        scheduler_(starter_.scheduler()) {}

  Status load();  // jobs of earlier runs; interrupted ones wait for their device, the others for their turn

  Result<PlanView> plan(const QString& deviceId, const UpdateWish& wish, const CancelToken& cancel);
  // The job's id. A refused plan becomes a job that ended as Refused; nothing was written.
  Result<QString> apply(const QString& deviceId, const ConsentGiven& consent, const StartTime& start,
                        const CancelToken& cancel);
  // Looks at the device of an interrupted or unknown job again, and carries on from what it runs.
  Result<QString> resume(const QString& jobId);
  // A failed job once more, as it was agreed to; one that waits for its next attempt makes it now.
  Result<QString> retry(const QString& jobId);
  Status cancel(const QString& jobId);
  // What runs, and what waits in a program that works for itself alone: the station is being closed.
  void cancelAll();

  // The queue
  void workWholeQueue(bool whole) { scheduler().workWholeQueue(whole); }
  void lookAtQueue() { scheduler().lookSoon(); }
  void stopQueue() { scheduler().stop(); }
  Status pause(const QString& jobId);
  Status proceed(const QString& jobId);
  Status setQueuePaused(bool paused);
  Status changeLimits(const LimitsChange& change);
  Status setWindow(const QString& text);  // empty: none
  QueueView queue() const;

  QFuture<JobView> wait(const QString& jobId) { return book_.wait(jobId); }
  QList<JobView> jobs() const { return book_.all(); }
  std::optional<JobView> job(const QString& id) const { return book_.find(id); }
  QStringList log(const QString& id) const;
  QStringList interrupted() const { return book_.interrupted(); }  // ids of jobs that a resume could settle
  std::optional<QString> runningJobOf(const QString& deviceId) const { return book_.runningJobOf(deviceId); }
  QList<HistoryItem> historyOf(const QString& deviceId) const { return book_.historyOf(deviceId); }

 private:
  JobScheduler& scheduler() { return scheduler_; }
  Result<JobRow> findRow(const QString& jobId) const;
  // `schedule`: none for a job that ends at once.
  Result<QString> insertJob(const Plan& plan, const ConsentGiven& consent, const std::optional<JobSchedule>& schedule,
                            int mostAttempts);
  Result<QString> refuse(const Plan& plan, const ConsentGiven& consent);
  Status refuseTwice(const Plan& plan) const;
  Result<JobSchedule> scheduleOf(const StartTime& start) const;
  Status recordMove(const QString& jobId, AuditEvent event, const QString& message);
  Status recordRefusal(const Plan& plan, const ConsentGiven& consent, const Error& error);
  Result<QString> agreeToDowngrade(const Plan& plan, const ConsentGiven& consent);

  StationCore& core_;
  ReleaseOffers& offers_;
  UpdatePlanner planner_;
  JobBook book_;
  JobStarter starter_;
  JobScheduler& scheduler_;
};

}  // namespace sealift
