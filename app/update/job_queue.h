// Which waiting jobs begin now: a pure function of who waits, who runs and how much may run side by side.
//
// Rules, in this order:
//   1. A job begins only when each thing that it needs has room: one unit of each, all at once.
//   2. A job that was passed over kPassesUntilFirst times comes before everybody and keeps a place in everything that
//      it needs, so that it is next: nothing starves, whatever else arrives.
//   3. Then critical security fixes, then high ones, then the rest. Each kPassesPerStep times that a job was passed
//      over lifts it by one step.
//   4. Among equals whose neighbours (jobs on the same hub, adapter or host) run least, so that forty devices of one
//      hub don't keep two of another waiting; then in the order of arrival.
//
// Age is counted in how often a later one was let in before, and not in hours: a clock that jumps changes nothing.
#pragma once

#include <QHash>
#include <QList>
#include <QString>
#include <QStringList>

namespace sealift {

// What running jobs share. The place in the enumeration is the order in which a shortage is told.
enum class ResourceKind {
  Device,   // one job at a time, always
  Hub,      // USB, by topology: what hangs on one hub shares its power and its bandwidth
  Adapter,  // a serial adapter with several ports
  Host,     // a network host, perhaps with many devices behind it
  All,      // everything that runs on this station
};

struct Resource {
  ResourceKind kind = ResourceKind::All;
  QString key;  // e.g. "1-2"; empty for All
  bool operator==(const Resource&) const = default;
};
size_t qHash(const Resource& resource, size_t seed = 0);

// How many jobs may share each; at least 1. Of the station, kept by the services.
struct QueueLimits {
  int all = 64;
  // USB 2.0, section 11.14: a hub with one transaction translator shares 12 Mbit/s among its full-speed devices; four
  // leave each what a flash takes. Also half the ports of the common seven-port hub may draw their peak at once.
  int perHub = 4;
  int perAdapter = 4;  // FT4232H, CP2108: the four ports of one USB device
  int perHost = 8;
  int of(ResourceKind kind) const;
  bool operator==(const QueueLimits&) const = default;
};
inline constexpr int kHighestLimit = 256;  // more threads than that serve nobody

enum class JobPriority { Normal, High, Critical };
JobPriority priorityOf(const QString& severity);  // of a release, as its vendor signed it

inline constexpr int kPassesPerStep = 8;
inline constexpr int kPassesUntilFirst = 24;

struct QueuedJob {
  QString id;
  QList<Resource> needs;  // one unit of each; All is implied
  JobPriority priority = JobPriority::Normal;
  qint64 arrival = 0;  // smaller came earlier; no two are alike
  int passedOver = 0;  // how often a later one was let in where this one wanted to go
};

// What keeps a job waiting, for people: "hub 1-2 is busy with 4 of 4".
struct Shortage {
  Resource on;
  int used = 0;
  int limit = 0;
  QString text() const;
};

struct QueueDecision {
  QStringList start;               // in this order
  QHash<QString, Shortage> waits;  // of each that does not start
  QHash<QString, int> passedOver;  // of each that does not start, with what happened now
};

// `waiting`: those that could begin at once; who is paused or waits for a time is not among them.
QueueDecision decideQueue(QList<QueuedJob> waiting, const QList<QueuedJob>& running, const QueueLimits& limits);

}  // namespace sealift
