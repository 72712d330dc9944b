#include "app/update/job_queue.h"

#include <QHashFunctions>

#include <algorithm>
#include <optional>

namespace sealift {
namespace {

const Resource kAll{ResourceKind::All, {}};

QList<Resource> allNeeds(const QueuedJob& job) {
  QList<Resource> needs = job.needs;
  if (!needs.contains(kAll)) {
    needs << kAll;
  }
  return needs;
}

// Who has what now, and what is kept for those that come next.
class Usage {
 public:
  explicit Usage(const QueueLimits& limits) : limits_(limits) {}

  void take(const QueuedJob& job) {
    for (const Resource& need : allNeeds(job)) {
      ++used_[need];
    }
  }
  void keepPlaceFor(const QueuedJob& job) {
    for (const Resource& need : allNeeds(job)) {
      ++kept_[need];
    }
  }
  bool isFull(const Resource& resource) const {
    return used_.value(resource) + kept_.value(resource) >= limits_.of(resource.kind);
  }
  std::optional<Shortage> shortageFor(const QueuedJob& job) const {
    std::optional<Shortage> found;
    for (const Resource& need : allNeeds(job)) {
      if (isFull(need) && (!found || need.kind < found->on.kind)) {
        found = Shortage{need, used_.value(need), limits_.of(need.kind)};
      }
    }
    return found;
  }
  // The most that runs on one thing that this job would share, apart from the station itself.
  int neighboursOf(const QueuedJob& job) const {
    int most = 0;
    for (const Resource& need : job.needs) {
      if (need != kAll) {
        most = std::max(most, used_.value(need));
      }
    }
    return most;
  }

 private:
  QueueLimits limits_;
  QHash<Resource, int> used_;
  QHash<Resource, int> kept_;
};

bool isFirst(const QueuedJob& job) {
  return job.passedOver >= kPassesUntilFirst;
}

int rankOf(const QueuedJob& job) {
  return static_cast<int>(job.priority) + job.passedOver / kPassesPerStep;
}

// Whether `a` is to be asked before `b`.
bool comesBefore(const QueuedJob& a, const QueuedJob& b, const Usage& usage) {
  if (isFirst(a) != isFirst(b)) {
    return isFirst(a);
  }
  if (!isFirst(a)) {
    if (rankOf(a) != rankOf(b)) {
      return rankOf(a) > rankOf(b);
    }
    if (const int mine = usage.neighboursOf(a), theirs = usage.neighboursOf(b); mine != theirs) {
      return mine < theirs;
    }
  }
  return a.arrival < b.arrival;
}

// Whether `started` took the last place of something that `waiting` needs, too.
bool tookAPlaceOf(const QueuedJob& started, const QueuedJob& waiting, const Usage& usage) {
  const QList<Resource> needs = allNeeds(waiting);
  const QList<Resource> taken = allNeeds(started);
  return std::any_of(taken.cbegin(), taken.cend(),
                     [&](const Resource& resource) { return needs.contains(resource) && usage.isFull(resource); });
}

}  // namespace

size_t qHash(const Resource& resource, size_t seed) {
  return qHashMulti(seed, static_cast<int>(resource.kind), resource.key);
}

int QueueLimits::of(ResourceKind kind) const {
  const auto atLeastOne = [](int limit) { return std::clamp(limit, 1, kHighestLimit); };
  switch (kind) {
    case ResourceKind::Device:
      return 1;
    case ResourceKind::Hub:
      return atLeastOne(perHub);
    case ResourceKind::Adapter:
      return atLeastOne(perAdapter);
    case ResourceKind::Host:
      return atLeastOne(perHost);
    case ResourceKind::All:
      break;
  }
  return atLeastOne(all);
}

JobPriority priorityOf(const QString& severity) {
  return severity == QLatin1String("critical") ? JobPriority::Critical
         : severity == QLatin1String("high")   ? JobPriority::High
                                               : JobPriority::Normal;
}

QString Shortage::text() const {
  const QString busy = QStringLiteral("busy with %1 of %2").arg(used).arg(limit);
  switch (on.kind) {
    case ResourceKind::Device:
      return QStringLiteral("the device is being worked on");
    case ResourceKind::Hub:
      return QStringLiteral("hub %1 is %2").arg(on.key, busy);
    case ResourceKind::Adapter:
      return QStringLiteral("the serial adapter at %1 is %2").arg(on.key, busy);
    case ResourceKind::Host:
      return QStringLiteral("host %1 is %2").arg(on.key, busy);
    case ResourceKind::All:
      break;
  }
  return QStringLiteral("the station is %1").arg(busy);
}

QueueDecision decideQueue(QList<QueuedJob> waiting, const QList<QueuedJob>& running, const QueueLimits& limits) {
  Usage usage(limits);
  for (const QueuedJob& job : running) {
    usage.take(job);
  }
  QueueDecision decision;
  QList<QueuedJob> blocked;
  while (!waiting.isEmpty()) {
    const auto next = std::min_element(waiting.begin(), waiting.end(), [&](const QueuedJob& a, const QueuedJob& b) {
      return comesBefore(a, b, usage);
    });
    const QueuedJob job = *next;
    waiting.erase(next);
    if (const std::optional<Shortage> shortage = usage.shortageFor(job)) {
      decision.waits.insert(job.id, *shortage);
      if (isFirst(job)) {
        usage.keepPlaceFor(job);
      }
      blocked << job;
      continue;
    }
    usage.take(job);
    decision.start << job.id;
    const auto passBy = [&](QueuedJob& other) {
      if (other.arrival < job.arrival && tookAPlaceOf(job, other, usage)) {
        ++other.passedOver;
      }
    };
    std::for_each(blocked.begin(), blocked.end(), passBy);
    std::for_each(waiting.begin(), waiting.end(), passBy);
  }
  for (const QueuedJob& job : blocked) {
    decision.passedOver.insert(job.id, job.passedOver);
  }
  return decision;
}

}  // namespace sealift
