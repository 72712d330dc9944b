// The jobs of this station as people see them, and who waits for their end. In memory; the store has what outlives the
// program. Any thread.
#pragma once

#include "app/base/cancel_token.h"
#include "app/services/views.h"
#include "app/store/job_table.h"
#include "app/update/job_runner.h"

#include <QFuture>
#include <QHash>
#include <QPromise>
#include <QSet>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace sealift {

class JobBook {
 public:
  struct Signals {
    std::function<void()> jobsChanged;
    std::function<void(const QString& id)> jobChanged;
    std::function<void(const QString& id)> deviceChanged;
  };

  explicit JobBook(Signals changed) : signals_(std::move(changed)) {}

  Status load(Database& database);  // jobs of earlier runs
  void add(const JobRow& row);      // one that is new, here or by another program; a known one stays as it is
  // Those that were waiting and are not among `waiting` any more: another program took them, or ended them.
  void followStore(Database& database, const QSet<QString>& waiting);

  // This program works at the job from now on. `afresh`: what cancelled an earlier run of it says nothing any more.
  CancelToken begin(const QString& id, const QDateTime& now, bool afresh);
  // It does not any more, and the job has not ended.
  void putBack(const QString& id, const std::function<void(JobView&)>& change);
  void finish(const QString& id, const JobReport& report, const QDateTime& now);
  // `always`: tells at once; else at most ten times a second.
  void change(const QString& id, const std::function<void(JobView&)>& change, bool always);
  // Once at a time: false when it is being carried on, or made ready for that, already.
  bool beginResuming(const QString& id);
  void endResuming(const QString& id);
  // What is shown of an interrupted or unknown job follows what the store says: another program settled it.
  void follow(const JobRow& row);
  // Sets the flag of a running job that may still be stopped. Errors: NotFound, InvalidArgument (ended), NotSupported.
  Status cancelRunning(const QString& id);
  CancelToken tokenOf(const QString& id) const;

  QFuture<JobView> wait(const QString& id);
  QList<JobView> all() const;  // running, waiting, scheduled, paused, then finished; newest first
  std::optional<JobView> find(const QString& id) const;
  AuditSubject subjectOf(const QString& id) const;  // the job's device
  QStringList interrupted() const;                  // that a look at their device could settle
  std::optional<QString> runningJobOf(const QString& deviceId) const;
  QList<HistoryItem> historyOf(const QString& deviceId) const;

  const Signals& tell() const { return signals_; }

 private:
  struct Live {
    JobView view;
    CancelToken cancel;
    bool ours = false;
    bool resuming = false;  // its plan is being made again
    qint64 lastSignalMs = 0;
    QList<std::shared_ptr<QPromise<JobView>>> waiters;
  };

  void endWaiters(const QString& id);

  Signals signals_;
  mutable std::mutex mutex_;
  QHash<QString, Live> live_;
};

}  // namespace sealift
