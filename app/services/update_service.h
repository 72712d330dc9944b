// Plans, consents and jobs. Any thread; jobs run on the core's job pool, one thread each.
#pragma once

#include "app/services/device_service.h"
#include "app/services/station.h"
#include "app/services/station_core.h"
#include "app/services/vendor_service.h"
#include "app/store/job_table.h"
#include "app/update/job_runner.h"
#include "app/update/plan_maker.h"

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

  UpdateService(StationCore& core, VendorService& vendors, DeviceService& devices, Signals changed)
      : core_(core), vendors_(vendors), devices_(devices), signals_(std::move(changed)) {}

  Status load();  // jobs of earlier runs; interrupted ones wait for their device

  // `release`: see Station::planUpdate.
  Result<PlanView> plan(const QString& deviceId, const QString& release, const CancelToken& cancel);
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

  // What the device's page offers: the best release that isn't skipped.
  std::optional<Release> offerFor(const KnownDevice& device) const;
  std::optional<Error> refusalOf(const QString& deviceId, const QString& releaseId) const;
  std::optional<QDateTime> remindAt(const QString& deviceId, const Release& release) const;
  Status remindLater(const QString& deviceId, const QString& releaseId, const QDateTime& when);
  Status skip(const QString& deviceId, const QString& releaseId, bool skip);

  static QString downloadSize(qint64 bytes);

 private:
  struct Live {
    JobView view;
    CancelToken cancel;
    bool running = false;
    qint64 lastSignalMs = 0;
    QList<std::shared_ptr<QPromise<JobView>>> waiters;
  };
  struct Prepared {
    KnownDevice device;
    DeviceService::Driven driven;
    MadePlan made;
  };

  // Which release a plan is about; asked after the vendor's metadata and the device were looked at.
  using Choice = std::function<Result<Release>(const KnownDevice& device)>;
  Choice offeredOr(const QString& release) const;
  Choice releaseOf(const JobRow& job) const;
  Result<Release> findRelease(const KnownDevice& device, const QString& text) const;

  Result<Prepared> prepare(const QString& deviceId, const Choice& choose, const std::optional<DeviceSnapshot>& before,
                           const CancelToken& cancel);
  Status checkStillAgreed(const Plan& plan, const QString& agreedDigest) const;
  // As prepare for somebody who asked; when it is refused before there is a plan, the log tells.
  Result<Prepared> prepareAsked(const QString& deviceId, const QString& release, const CancelToken& cancel);
  PlanView view(const Prepared& prepared) const;
  Status recordPlan(const Plan& plan);
  Result<QString> insertJob(const Plan& plan, const ConsentGiven& consent, const QDateTime& startAt);
  Result<QString> refuse(const Plan& plan, const ConsentGiven& consent);
  void launch(const QString& jobId, std::shared_ptr<Prepared> prepared, bool settle, AddressGate::Guard guard);
  void startScheduled(const QString& jobId);
  void finish(const QString& jobId, const JobReport& report);
  void update(const QString& jobId, const std::function<void(JobView&)>& change, bool always);
  std::optional<Release> releaseById(const QString& releaseId) const;

  StationCore& core_;
  VendorService& vendors_;
  DeviceService& devices_;
  Signals signals_;
  mutable std::mutex mutex_;
  QHash<QString, Live> live_;
  QHash<QString, Error> refusals_;  // device id + release id → the check that failed
};

}  // namespace sealift
