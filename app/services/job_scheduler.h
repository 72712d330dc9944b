// Lets waiting jobs begin: looks at what is in the store, asks app/update/job_queue.h which may, and counts what runs.
// What waits lives in the store and nowhere else, so that nothing is lost with the program. Any thread.
#pragma once

#include "app/services/device_service.h"
#include "app/services/job_book.h"
#include "app/services/queue_settings.h"
#include "app/services/station_core.h"
#include "app/store/queue_table.h"
#include "app/update/job_queue.h"
#include "app/update/job_schedule.h"

#include <QElapsedTimer>
#include <QSet>
#include <QThreadPool>

#include <atomic>
#include <functional>
#include <mutex>

namespace sealift {

class JobScheduler {
 public:
  // `start` is called on the core's lookPool for each job whose turn has come; whoever is called ends it with left().
  JobScheduler(StationCore& core, DeviceService& devices, JobBook& book,
               std::function<void(const QString& jobId)> start);
  ~JobScheduler();
  JobScheduler(const JobScheduler&) = delete;
  JobScheduler& operator=(const JobScheduler&) = delete;

  // Whether this program carries out everything that waits, or only what it was asked for itself.
  void workWholeQueue(bool whole) { whole_ = whole; }
  bool worksWholeQueue() const { return whole_; }
  void takeCareOf(const QString& jobId);
  bool isMine(const QString& jobId) const;

  // Whether this job may begin now. True: it counts as running until left(). Others whose turn has come are started.
  bool admit(const QString& jobId);
  // A job that goes on in any case counts, too.
  void count(const QString& jobId, const QString& deviceId);
  // It has ended, or goes back to waiting; `until`: it is not asked again before, for `reason`.
  void left(const QString& jobId);
  void leftUntil(const QString& jobId, const QDateTime& until, const QString& reason);
  // Looks at everything, in a thread of its own; several calls at once are one.
  void lookSoon();
  void look();  // at once, here
  // No further job begins. Waits until none is being let in.
  void stop();

  // Keeps a job that is not running from beginning, as its state says. False: it has begun already.
  Result<bool> move(const QString& jobId, const QStringList& from, const QString& to);

  QueueSettings& settings() { return settings_; }
  const QueueSettings& settings() const { return settings_; }

 private:
  struct Delay {
    QDateTime until;
    QString reason;
  };

  QStringList decide(const QString& asked);
  QList<QueuedJob> findReady(const QList<WaitingJob>& waiting);
  QList<Resource> resourcesOf(const QString& deviceId) const;
  Turn turnOf(const WaitingJob& job, const JobSchedule& schedule, const QDateTime& now);
  void tellMissed(const WaitingJob& job, const JobSchedule& schedule, const QDateTime& now);
  void lookFor(const QString& deviceId);
  void show(const WaitingJob& job, const JobSchedule& schedule, const Turn& turn);

  StationCore& core_;
  DeviceService& devices_;
  JobBook& book_;
  QueueSettings settings_;
  std::function<void(const QString&)> start_;
  std::atomic<bool> whole_ = true;
  std::atomic<bool> asked_ = false;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  QHash<QString, QueuedJob> running_;  // let in, until left()
  QSet<QString> mine_;
  QHash<QString, int> passedOver_;
  QHash<QString, Delay> delays_;
  QHash<QString, qint64> lookedForMs_;  // by device
  QElapsedTimer sinceStart_;
  QThreadPool pool_;  // one thread
};

}  // namespace sealift
