// When a consented job is to begin, and what that means at a given moment. Pure: the time comes in.
#pragma once

#include "app/update/maintenance_window.h"

#include <QJsonObject>

#include <optional>

namespace sealift {

struct JobSchedule {
  enum class Kind {
    Now,
    At,       // at an instant, or as soon after it as Sealift is open
    Window,   // within a maintenance window; a missed one means the next
    Connect,  // as soon as the device is seen
    Idle,     // as soon as the device says that it has nothing to do
  };
  Kind kind = Kind::Now;
  QDateTime at;                             // At: UTC
  std::optional<MaintenanceWindow> window;  // Window

  static JobSchedule now() { return {}; }
  static JobSchedule atTime(const QDateTime& time) { return {Kind::At, time.toUTC(), std::nullopt}; }
  static JobSchedule inWindow(const MaintenanceWindow& window) { return {Kind::Window, {}, window}; }
  // From 2 to 6 o'clock of every night, by this zone's clock.
  static Result<JobSchedule> tonight(const QString& zone);
  static JobSchedule onConnect() { return {Kind::Connect, {}, std::nullopt}; }
  static JobSchedule whenIdle() { return {Kind::Idle, {}, std::nullopt}; }

  QJsonObject toJson() const;
  // What can't be read is an error, never "now".
  static Result<JobSchedule> fromJson(const QJsonObject& json);
  // The same as the queue's table keeps it (app/store/queue_table.h).
  QByteArray toBytes() const;
  static Result<JobSchedule> fromBytes(const QByteArray& bytes);
  bool operator==(const JobSchedule& other) const {
    return kind == other.kind && at == other.at && window == other.window;
  }
};

// For people: "at 2026-03-23T12:00:00Z", "in the maintenance window mon 22:00 4h UTC".
QString scheduleText(const JobSchedule& schedule);
QString scheduleKindName(JobSchedule::Kind kind);  // "now", "at", "window", "connect", "idle"

// What a schedule says at one moment.
struct Turn {
  bool due = false;  // it may begin now, as far as time says
  QDateTime next;    // else: when it is worth asking again; invalid where time does not decide
  QString reason;    // else: why not, for people, without a full stop
};

// `expectedSeconds`: how long the job is expected to take: it must fit in what is left of the window, or, where it is
// longer than the whole window, begin at its start.
Turn turnAt(const JobSchedule& schedule, const QDateTime& now, int expectedSeconds);

// The windows that went by between the two moments without the job having begun: how many, counted to 99 at the most.
int missedWindows(const JobSchedule& schedule, const QDateTime& since, const QDateTime& now);

}  // namespace sealift
