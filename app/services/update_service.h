// Consents and jobs. Any thread; jobs run on the core's job pool, one thread each.
#pragma once

#include "app/services/release_offers.h"
#include "app/services/update_planner.h"
#include "app/store/job_table.h"
#include "app/update/job_runner.h"

#include <QHash>
#include <QPromise>

#include <functional>

namespace sealift {

class UpdateService {
 public:
  struct Signals {
    std::function<void()> jobsChanged;
    std::function<void(const QString& id)> jobChanged;
    std::function<void(const QString& id)> deviceChanged;
  };

  UpdateService(StationCore& core, VendorService& vendors, DeviceService& devices, ReleaseOffers& offers,
                Signals changed)
      : core_(core),
        devices_(devices),
        offers_(offers),
        planner_(core, vendors, devices, offers),
        signals_(std::move(changed)) {}

  Status load();  // jobs of earlier runs; interrupted ones wait for their device

  Result<PlanView> plan(const QString& deviceId, const UpdateWish& wish, const CancelToken& cancel);
  // The job's id. A refused plan becomes a job that ended as Refused; nothing was written.
  Result<QString> apply(const QString& deviceId, const ConsentGiven& consent, const QDateTime& startAt,
                        const CancelToken& cancel);
  // Looks at the device of an interrupted or unknown job again, and carries on from what it runs.
  Result<QString> resume(const QString& jobId);
  // Starts what is due by now; returns when the next one is, or an invalid time.
  QDateTime startDue();
  Status cancel(const QString& jobId);
  QFuture<JobView> wait(const QString& jobId);

  QList<JobView> jobs() const;
  std::optional<JobView> job(const QString& id) const;
  QStringList log(const QString& id) const;
  QList<QString> interrupted() const;  // ids of jobs that a resume could settle
  std::optional<QString> runningJobOf(const QString& deviceId) const;
  QList<HistoryItem> historyOf(const QString& deviceId) const;

 private:
  struct Live {
    JobView view;
    CancelToken cancel;
    bool running = false;
    bool resuming = false;  // its plan is being made again
    qint64 lastSignalMs = 0;
    QList<std::shared_ptr<QPromise<JobView>>> waiters;
  };

  Result<QString> insertJob(const Plan& plan, const ConsentGiven& consent, const QDateTime& startAt);
  Result<QString> refuse(const Plan& plan, const ConsentGiven& consent);
  Status recordRefusal(const Plan& plan, const ConsentGiven& consent, const Error& error);
  Result<QString> agreeToDowngrade(const Plan& plan, const ConsentGiven& consent);
  Status noteEnd(Transaction& transaction, const Plan& plan, Outcome outcome);
  void launch(const QString& jobId, const std::shared_ptr<PreparedUpdate>& prepared, bool settle,
              AddressGate::Guard guard);
  Result<QString> carryOn(const QString& jobId);
  Status checkResumable(const JobRow& row);
  void startScheduled(const QString& jobId);
  void finish(const QString& jobId, const JobReport& report);
  void noteProtection(const QString& deviceId, const JobReport& report);
  void update(const QString& jobId, const std::function<void(JobView&)>& change, bool always);

  StationCore& core_;
  DeviceService& devices_;
  ReleaseOffers& offers_;
  UpdatePlanner planner_;
  Signals signals_;
  mutable std::mutex mutex_;
  QHash<QString, Live> live_;
};

}  // namespace sealift
