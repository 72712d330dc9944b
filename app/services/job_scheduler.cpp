#include "app/services/job_scheduler.h"

#include "app/base/time_text.h"
#include "app/services/job_view.h"
#include "app/store/journal_table.h"
#include "app/update/journal.h"
#include "app/update/retry_policy.h"

#include <QJsonDocument>

#include <tuple>

namespace sealift {
namespace {

constexpr qint64 kLookForMs = 15'000;  // between two looks for a device that a job waits for

// "1-2.3" hangs on hub "1-2", "1-2" on the root hub of bus 1 (Linux, Documentation/ABI/testing/sysfs-bus-usb).
QString hubAbove(const QString& place) {
  const qsizetype port = std::max(place.lastIndexOf(u'.'), place.lastIndexOf(u'-'));
  return port > 0 ? place.left(port) : QString();
}

}  // namespace

JobScheduler::JobScheduler(StationCore& core, DeviceService& devices, JobBook& book,
                           std::function<void(const QString&)> start)
    : core_(core), devices_(devices), book_(book), settings_(core), start_(std::move(start)) {
  pool_.setMaxThreadCount(1);
  sinceStart_.start();
}

JobScheduler::~JobScheduler() {
  stop();
}

void JobScheduler::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  pool_.waitForDone();
}

void JobScheduler::takeCareOf(const QString& jobId) {
  const std::scoped_lock lock(mutex_);
  mine_.insert(jobId);
}

bool JobScheduler::isMine(const QString& jobId) const {
  const std::scoped_lock lock(mutex_);
  return mine_.contains(jobId);
}

// What a job shares ---------------------------------------------------------------------------

QList<Resource> JobScheduler::resourcesOf(const QString& deviceId) const {
  const std::optional<KnownDevice> device = devices_.find(deviceId);
  if (!device) {
    return {{ResourceKind::Device, deviceId}};
  }
  const LinkAddress& address = device->address;
  QList<Resource> needs{{ResourceKind::Device, AddressGate::keyOf(address)}};
  QString place;
  if (address.isNetwork()) {
    needs << Resource{ResourceKind::Host, address.target};
  } else if (address.kind == LinkKind::Usb) {
    place = address.target;
  } else if (const Result<QList<SerialPortInfo>> ports = core_.links->serialPorts()) {
    for (const SerialPortInfo& port : *ports) {
      if (port.port == address.target && !port.place.isEmpty()) {
        place = port.place;
        needs << Resource{ResourceKind::Adapter, place};
      }
    }
  }
  if (const QString hub = hubAbove(place); !hub.isEmpty()) {
    needs << Resource{ResourceKind::Hub, hub};
  }
  return needs;
}

// Letting in ----------------------------------------------------------------------------------

bool JobScheduler::admit(const QString& jobId) {
  QStringList others;
  {
    const std::scoped_lock lock(mutex_);
    others = decide(jobId);
  }
  const bool admitted = others.removeAll(jobId) > 0;
  for (const QString& id : others) {
    core_.lookPool.start([this, id] { start_(id); });
  }
  return admitted;
}

void JobScheduler::lookSoon() {
  if (!asked_.exchange(true)) {
    pool_.start([this] {
      asked_ = false;
      look();
    });
  }
}

void JobScheduler::look() {
  QStringList due;
  {
    const std::scoped_lock lock(mutex_);
    due = decide({});
  }
  for (const QString& id : due) {
    core_.lookPool.start([this, id] { start_(id); });
  }
}

void JobScheduler::count(const QString& jobId, const QString& deviceId) {
  const std::scoped_lock lock(mutex_);
  running_.insert(jobId, {.id = jobId, .needs = resourcesOf(deviceId)});
}

void JobScheduler::left(const QString& jobId) {
  {
    const std::scoped_lock lock(mutex_);
    running_.remove(jobId);
  }
  lookSoon();
}

void JobScheduler::leftUntil(const QString& jobId, const QDateTime& until, const QString& reason) {
  {
    const std::scoped_lock lock(mutex_);
    running_.remove(jobId);
    delays_.insert(jobId, {until, reason});
  }
  lookSoon();
}

Result<bool> JobScheduler::move(const QString& jobId, const QStringList& from, const QString& to) {
  const std::scoped_lock lock(mutex_);
  if (running_.contains(jobId)) {
    return false;
  }
  return JobTable(*core_.database).moveState(jobId, from, to);
}

// With the mutex held: what is decided on is what then counts as running.
QStringList JobScheduler::decide(const QString& asked) {
  if (stopping_ || core_.closing.isCancelled()) {
    return {};
  }
  const Result<QList<WaitingJob>> waiting = QueueTable(*core_.database).listWaiting();
  if (!waiting) {
    return {};  // the store is away for a moment: it is asked again in a second
  }
  const QueueLimits limits = settings_.limits();
  const QList<QueuedJob> ready = findReady(*waiting);
  const QueueDecision decision = decideQueue(ready, running_.values(), limits);
  for (const QueuedJob& job : ready) {
    if (decision.start.contains(job.id)) {
      running_.insert(job.id, job);
      passedOver_.remove(job.id);
      delays_.remove(job.id);
      if (job.id != asked) {
        (void)book_.begin(job.id, core_.clock->nowUtc(), /*afresh=*/true);
      }
    } else {
      passedOver_.insert(job.id, decision.passedOver.value(job.id));
    }
  }
  QSet<QString> known(running_.keyBegin(), running_.keyEnd());
  for (const WaitingJob& job : *waiting) {
    known.insert(job.job.id);
    const auto shortage = decision.waits.constFind(job.job.id);
    if (shortage == decision.waits.constEnd()) {
      continue;
    }
    if (const Result<JobSchedule> schedule = JobSchedule::fromBytes(job.place.schedule)) {
      show(job, *schedule, {true, {}, shortage->text()});
    }
  }
  book_.followStore(*core_.database, known);
  return decision.start;
}

// Those whose time has come. Tells of each other what it waits for.
QList<QueuedJob> JobScheduler::findReady(const QList<WaitingJob>& waiting) {
  const QDateTime now = core_.clock->nowUtc();
  const bool paused = settings_.isPaused();
  QList<QueuedJob> ready;
  for (const WaitingJob& job : waiting) {
    if (running_.contains(job.job.id)) {
      continue;
    }
    book_.add(job.job);
    const Result<JobSchedule> schedule = JobSchedule::fromBytes(job.place.schedule);
    if (!schedule) {
      show(job, {}, {false, {}, schedule.error().message()});
      continue;
    }
    const Turn turn = job.job.state == QLatin1String("paused") ? Turn{false, {}, QStringLiteral("it is paused")}
                      : paused                                 ? Turn{false, {}, QStringLiteral("the queue is paused")}
                                                               : turnOf(job, *schedule, now);
    tellMissed(job, *schedule, now);
    if (!turn.due) {
      show(job, *schedule, turn);
    } else if (whole_ || mine_.contains(job.job.id)) {
      ready << QueuedJob{.id = job.job.id,
                         .needs = resourcesOf(job.job.deviceId),
                         .priority = static_cast<JobPriority>(std::clamp(job.place.priority, 0, 2)),
                         .arrival = job.place.arrival,
                         .passedOver = passedOver_.value(job.job.id)};
    } else {
      show(job, *schedule, {true, {}, QStringLiteral("a Sealift that works at the queue")});
    }
  }
  return ready;
}

Turn JobScheduler::turnOf(const WaitingJob& job, const JobSchedule& schedule, const QDateTime& now) {
  // A wait that is longer than any there is was made by a clock that went back since: it counts for nothing.
  const QDateTime notBefore = QDateTime::fromMSecsSinceEpoch(job.place.notBeforeMs, Qt::UTC);
  if (notBefore > now && now.secsTo(notBefore) <= kLongestBackOff.count()) {
    return {false, notBefore,
            QStringLiteral("attempt %1 of %2 follows").arg(job.place.attempts + 1).arg(job.place.mostAttempts)};
  }
  if (const auto delay = delays_.constFind(job.job.id); delay != delays_.constEnd() && delay->until.isValid() &&
                                                        delay->until > now &&
                                                        now.secsTo(delay->until) <= kLongestBackOff.count()) {
    return {false, delay->until, delay->reason};
  }
  if (schedule.kind == JobSchedule::Kind::Connect) {
    const std::optional<KnownDevice> device = devices_.find(job.job.deviceId);
    if (!device || device->online) {  // one that was removed is told of when it is planned again
      return {true, {}, {}};
    }
    lookFor(job.job.deviceId);
  }
  return turnAt(schedule, now, job.place.expectedSeconds);
}

// What nobody watches for, such as a network address that was given by hand, is looked at now and then.
void JobScheduler::lookFor(const QString& deviceId) {
  const qint64 now = sinceStart_.elapsed();
  const auto last = lookedForMs_.constFind(deviceId);
  if (!whole_ || (last != lookedForMs_.constEnd() && now - *last < kLookForMs)) {
    return;
  }
  lookedForMs_.insert(deviceId, now);
  core_.lookPool.start([this, deviceId] {
    if (devices_.look(deviceId, core_.closing)) {
      lookSoon();
    }
  });
}

// Sealift was closed, the computer slept, or there was no room: somebody who planned on it should know.
void JobScheduler::tellMissed(const WaitingJob& job, const JobSchedule& schedule, const QDateTime& now) {
  const int missed = missedWindows(schedule, QDateTime::fromMSecsSinceEpoch(job.place.toldMs, Qt::UTC), now);
  if (missed == 0 || !(whole_ || mine_.contains(job.job.id))) {
    return;
  }
  const std::optional<WindowTime> next = schedule.window->currentOrNext(now);
  const QString text = QStringLiteral("%1 went by without the update having begun. The next one begins %2.")
                           .arg(missed == 1 ? QStringLiteral("A maintenance window")
                                            : QStringLiteral("%1 maintenance windows").arg(missed),
                                next ? timeText(next->start) : QStringLiteral("never"));
  QueueRow told = job.place;
  told.toldMs = now.toMSecsSinceEpoch();
  const auto keep = [&]() -> Status {
    SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
    SEALIFT_CHECK(QueueTable(*core_.database).update(told));
    SEALIFT_CHECK(JournalTable(*core_.database)
                      .append({.jobId = job.job.id,
                               .timeMs = now.toMSecsSinceEpoch(),
                               .step = QStringLiteral("schedule"),
                               .phase = JournalPhase::Result,
                               .detail = QJsonDocument(QJsonObject{{QStringLiteral("ok"), true},
                                                                   {QStringLiteral("detail"), text}})
                                             .toJson(QJsonDocument::Compact)}));
    SEALIFT_CHECK(core_.record(transaction, {.event = AuditEvent::UpdateWindowMissed,
                                             .actor = {},
                                             .subject = book_.subjectOf(job.job.id),
                                             .outcome = AuditOutcome::Warning,
                                             .code = {},
                                             .message = text,
                                             .details = {{QStringLiteral("job"), job.job.id}}}));
    return transaction.commit();
  };
  (void)keep();  // what could not be kept is told again in a second
}

void JobScheduler::show(const WaitingJob& job, const JobSchedule& schedule, const Turn& turn) {
  const std::optional<JobView> before = book_.find(job.job.id);
  if (!before) {
    return;
  }
  JobView after = *before;
  showWaiting(after, {.paused = job.job.state == QLatin1String("paused"),
                      .due = turn.due,
                      .kind = schedule.kind,
                      .next = turn.next,
                      .reason = turn.reason,
                      .priority = job.place.priority,
                      .attempts = job.place.attempts,
                      .mostAttempts = job.place.mostAttempts,
                      .notBefore = job.place.notBeforeMs});
  const auto shown = [](const JobView& view) {
    return std::tuple(view.state, view.statusText, view.detail, view.schedule, view.startsAt, view.priority,
                      view.attempts, view.mostAttempts);
  };
  if (shown(after) != shown(*before)) {
    const bool moved = after.state != before->state;
    book_.change(
        job.job.id, [&](JobView& view) { view = after; }, /*always=*/true);
    if (moved) {
      book_.tell().jobsChanged();
    }
  }
}

}  // namespace sealift
