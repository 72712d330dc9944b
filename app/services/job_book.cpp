#include "app/services/job_book.h"

#include "app/services/job_view.h"

#include <QDeadlineTimer>

#include <algorithm>
#include <utility>

namespace sealift {
namespace {

constexpr int kJobsShown = 500;
constexpr qint64 kSignalIntervalMs = 100;

int rankOf(JobState state) {
  switch (state) {
    case JobState::Running:
      return 0;
    case JobState::Waiting:
      return 1;
    case JobState::Scheduled:
      return 2;
    case JobState::Paused:
      return 3;
    case JobState::Finished:
      break;
  }
  return 4;
}

}  // namespace

Status JobBook::load(Database& database) {
  SEALIFT_TRY(const QList<JobRow> rows, JobTable(database).list(kJobsShown));
  // However old: their devices may still come.
  SEALIFT_TRY(const QList<JobRow> open, JobTable(database).listUnfinishedOr(outcomeName(Outcome::Unknown)));
  for (const JobRow& row : rows + open) {
    add(row);
  }
  return {};
}

void JobBook::add(const JobRow& row) {
  const std::scoped_lock lock(mutex_);
  if (!live_.contains(row.id)) {
    live_[row.id].view = jobViewFrom(row);
  }
}

void JobBook::followStore(Database& database, const QSet<QString>& waiting) {
  QStringList gone;
  {
    const std::scoped_lock lock(mutex_);
    for (auto it = live_.cbegin(); it != live_.cend(); ++it) {
      const JobState state = it->view.state;
      const bool waited = state == JobState::Waiting || state == JobState::Scheduled || state == JobState::Paused;
      if (waited && !it->ours && !waiting.contains(it.key())) {
        gone << it.key();
      }
    }
  }
  for (const QString& id : std::as_const(gone)) {
    const Result<std::optional<JobRow>> row = JobTable(database).find(id);
    if (!row || !*row) {
      continue;
    }
    {
      const std::scoped_lock lock(mutex_);
      if (Live& live = live_[id]; !live.ours) {
        live.view = jobViewFrom(**row);
      }
    }
    endWaiters(id);
    signals_.jobsChanged();
  }
}

void JobBook::endWaiters(const QString& id) {
  QList<std::shared_ptr<QPromise<JobView>>> waiters;
  JobView ended;
  {
    const std::scoped_lock lock(mutex_);
    Live& live = live_[id];
    if (live.view.state != JobState::Finished) {
      return;
    }
    waiters = std::exchange(live.waiters, {});
    ended = live.view;
  }
  for (const auto& waiter : waiters) {
    waiter->addResult(ended);
    waiter->finish();
  }
}

CancelToken JobBook::begin(const QString& id, const QDateTime& now, bool afresh) {
  CancelToken cancel;
  {
    const std::scoped_lock lock(mutex_);
    Live& live = live_[id];
    if (afresh) {
      live.cancel = CancelToken();
    }
    live.ours = true;
    showBegin(live.view, now);
    cancel = live.cancel;
  }
  signals_.jobsChanged();
  return cancel;
}

void JobBook::putBack(const QString& id, const std::function<void(JobView&)>& change) {
  {
    const std::scoped_lock lock(mutex_);
    Live& live = live_[id];
    live.ours = false;
    live.cancel = CancelToken();
    change(live.view);
  }
  signals_.jobsChanged();
}

void JobBook::finish(const QString& id, const JobReport& report, const QDateTime& now) {
  QString deviceId;
  {
    const std::scoped_lock lock(mutex_);
    Live& live = live_[id];
    live.ours = false;
    showEnd(live.view, report.outcome, report.stage, report.error, report.message, now);
    deviceId = live.view.deviceId;
  }
  signals_.jobsChanged();
  signals_.deviceChanged(deviceId);
  endWaiters(id);
}

void JobBook::change(const QString& id, const std::function<void(JobView&)>& change, bool always) {
  {
    const std::scoped_lock lock(mutex_);
    const auto it = live_.find(id);
    if (it == live_.end()) {
      return;
    }
    change(it->view);
    const qint64 now = QDeadlineTimer::current(Qt::PreciseTimer).deadline();
    if (!always && now - it->lastSignalMs < kSignalIntervalMs) {
      return;
    }
    it->lastSignalMs = now;
  }
  signals_.jobChanged(id);
}

bool JobBook::beginResuming(const QString& id) {
  const std::scoped_lock lock(mutex_);
  const auto it = live_.find(id);
  return it == live_.end() || (!it->ours && !std::exchange(it->resuming, true));
}

void JobBook::endResuming(const QString& id) {
  const std::scoped_lock lock(mutex_);
  if (const auto it = live_.find(id); it != live_.end()) {
    it->resuming = false;
  }
}

void JobBook::follow(const JobRow& row) {
  change(
      row.id,
      [&](JobView& view) {
        if (view.state == JobState::Running || view.outcome == Outcome::Unknown) {
          view = jobViewFrom(row);
        }
      },
      /*always=*/true);
}

Status JobBook::cancelRunning(const QString& id) {
  {
    const std::scoped_lock lock(mutex_);
    const auto it = live_.find(id);
    if (it == live_.end()) {
      return fail(ErrorCode::NotFound, QStringLiteral("There is no job \"%1\".").arg(id));
    }
    if (it->view.state == JobState::Finished) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("The job has ended already."));
    }
    if (!it->view.cancellable) {
      return fail(ErrorCode::NotSupported, it->view.cancelEffect.isEmpty()
                                               ? QStringLiteral("The job is being stopped already.")
                                               : it->view.cancelEffect);
    }
    it->cancel.cancel();
    it->view.cancellable = false;
    it->view.detail = QStringLiteral("Stopping…");
  }
  signals_.jobChanged(id);
  return {};
}

CancelToken JobBook::tokenOf(const QString& id) const {
  const std::scoped_lock lock(mutex_);
  return live_.value(id).cancel;
}

QFuture<JobView> JobBook::wait(const QString& id) {
  auto promise = std::make_shared<QPromise<JobView>>();
  promise->start();
  QFuture<JobView> future = promise->future();
  {
    const std::scoped_lock lock(mutex_);
    const auto it = live_.find(id);
    if (it != live_.end() && it->view.state != JobState::Finished) {
      it->waiters << promise;
      return future;
    }
    promise->addResult(it != live_.end() ? it->view : JobView());
  }
  promise->finish();
  return future;
}

// Looking at jobs -----------------------------------------------------------------------------

QList<JobView> JobBook::all() const {
  QList<JobView> all;
  {
    const std::scoped_lock lock(mutex_);
    for (const Live& live : live_) {
      all << live.view;
    }
  }
  std::sort(all.begin(), all.end(), [](const JobView& a, const JobView& b) {
    if (rankOf(a.state) != rankOf(b.state)) {
      return rankOf(a.state) < rankOf(b.state);
    }
    return a.startedAt != b.startedAt ? a.startedAt > b.startedAt : a.id < b.id;
  });
  return all;
}

std::optional<JobView> JobBook::find(const QString& id) const {
  const std::scoped_lock lock(mutex_);
  const auto it = live_.find(id);
  return it == live_.end() ? std::nullopt : std::optional(it->view);
}

AuditSubject JobBook::subjectOf(const QString& id) const {
  const std::optional<JobView> view = find(id);
  return {QStringLiteral("device"), view ? view->deviceId : QString(), view ? view->deviceName : QString()};
}

QStringList JobBook::interrupted() const {
  QStringList ids;
  const std::scoped_lock lock(mutex_);
  for (auto it = live_.begin(); it != live_.end(); ++it) {
    const bool leftRunning = it->view.state == JobState::Running && !it->ours;
    if (leftRunning || it->view.outcome == Outcome::Unknown) {
      // What a later job did to the device says nothing about this one: it stays as it ended.
      const bool superseded = std::any_of(live_.begin(), live_.end(), [&](const Live& other) {
        return other.view.deviceId == it->view.deviceId && other.view.startedAt > it->view.startedAt &&
               other.view.stage != Stage::Check;
      });
      if (!superseded) {
        ids << it.key();
      }
    }
  }
  return ids;
}

std::optional<QString> JobBook::runningJobOf(const QString& deviceId) const {
  const std::scoped_lock lock(mutex_);
  for (auto it = live_.begin(); it != live_.end(); ++it) {
    if (it->view.deviceId == deviceId && it->ours) {
      return it.key();
    }
  }
  return std::nullopt;
}

QList<HistoryItem> JobBook::historyOf(const QString& deviceId) const {
  QList<HistoryItem> items;
  const std::scoped_lock lock(mutex_);
  for (const Live& live : live_) {
    if (live.view.deviceId == deviceId && live.view.outcome) {
      items << historyItem(live.view);
    }
  }
  std::sort(items.begin(), items.end(), [](const HistoryItem& a, const HistoryItem& b) { return a.time > b.time; });
  return items;
}

}  // namespace sealift
