#include "app/update/job_schedule.h"

#include "app/base/time_text.h"

#include <QJsonDocument>

#include <array>

namespace sealift {
namespace {

constexpr std::array<const char*, 5> kKindNames = {"now", "at", "window", "connect", "idle"};

QString timeText(const QDateTime& time, const MaintenanceWindow& window) {
  return time.toTimeZone(QTimeZone(window.zone().toLatin1())).toString(QStringLiteral("yyyy-MM-dd HH:mm t"));
}

Turn turnInWindow(const MaintenanceWindow& window, const QDateTime& now, int expectedSeconds) {
  const std::optional<WindowTime> nearest = window.currentOrNext(now);
  if (!nearest) {
    return {false, {}, QStringLiteral("the maintenance window never comes")};
  }
  if (!nearest->contains(now)) {
    return {false, nearest->start,
            QStringLiteral("the maintenance window begins %1").arg(timeText(nearest->start, window))};
  }
  // A job that is longer than any window could otherwise never begin: its vendor's estimate is no reason to leave a
  // device without its fix for ever, so it has the whole window ahead of it.
  const qint64 whole = nearest->start.secsTo(nearest->end);
  constexpr qint64 kStartOfWindowSeconds = 300;
  const bool fits = now.secsTo(nearest->end) >= expectedSeconds;
  const bool longerThanAny = expectedSeconds > whole && nearest->start.secsTo(now) <= kStartOfWindowSeconds;
  if (fits || longerThanAny) {
    return {true, {}, {}};
  }
  const std::optional<WindowTime> later = window.after(*nearest);
  return {false, later ? later->start : QDateTime(),
          QStringLiteral("%1 min are left of the maintenance window and the update takes about %2 min; next: %3")
              .arg(now.secsTo(nearest->end) / 60)
              .arg((expectedSeconds + 59) / 60)
              .arg(later ? timeText(later->start, window) : QStringLiteral("never"))};
}

}  // namespace

QString scheduleKindName(JobSchedule::Kind kind) {
  return QString::fromLatin1(kKindNames[static_cast<std::size_t>(kind)]);
}

QString scheduleText(const JobSchedule& schedule) {
  switch (schedule.kind) {
    case JobSchedule::Kind::Now:
      break;
    case JobSchedule::Kind::At:
      return QStringLiteral("at %1").arg(timeText(schedule.at));
    case JobSchedule::Kind::Window:
      return QStringLiteral("in the maintenance window %1").arg(schedule.window->toString());
    case JobSchedule::Kind::Connect:
      return QStringLiteral("when the device is connected");
    case JobSchedule::Kind::Idle:
      return QStringLiteral("when the device is idle");
  }
  return QStringLiteral("as soon as there is room");
}

Result<JobSchedule> JobSchedule::tonight(const QString& zone) {
  constexpr int kFirstHour = 2;
  constexpr int kMinutes = 4 * 60;
  SEALIFT_TRY(const MaintenanceWindow nights,
              MaintenanceWindow::make({1, 2, 3, 4, 5, 6, 7}, QTime(kFirstHour, 0), kMinutes, zone));
  return inWindow(nights);
}

QJsonObject JobSchedule::toJson() const {
  QJsonObject json{{QStringLiteral("kind"), scheduleKindName(kind)}};
  if (kind == Kind::At) {
    json[QStringLiteral("at")] = at.toUTC().toString(Qt::ISODateWithMs);
  }
  if (window) {
    json[QStringLiteral("window")] = window->toJson();
  }
  return json;
}

Result<JobSchedule> JobSchedule::fromJson(const QJsonObject& json) {
  const QString kind = json[QStringLiteral("kind")].toString();
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kind != QLatin1String(kKindNames[i])) {
      continue;
    }
    JobSchedule schedule;
    schedule.kind = static_cast<Kind>(i);
    if (schedule.kind == Kind::At) {
      schedule.at = QDateTime::fromString(json[QStringLiteral("at")].toString(), Qt::ISODateWithMs).toUTC();
      if (!schedule.at.isValid()) {
        break;
      }
    }
    if (schedule.kind == Kind::Window) {
      SEALIFT_TRY(schedule.window, MaintenanceWindow::fromJson(json[QStringLiteral("window")].toObject()));
    }
    return schedule;
  }
  return fail(ErrorCode::InvalidArgument, QStringLiteral("The job's schedule can't be read."),
              QStringLiteral("Cancel the job and agree to the update again."));
}

QByteArray JobSchedule::toBytes() const {
  return QJsonDocument(toJson()).toJson(QJsonDocument::Compact);
}

Result<JobSchedule> JobSchedule::fromBytes(const QByteArray& bytes) {
  return fromJson(QJsonDocument::fromJson(bytes).object());
}

Turn turnAt(const JobSchedule& schedule, const QDateTime& now, int expectedSeconds) {
  switch (schedule.kind) {
    case JobSchedule::Kind::Now:
    case JobSchedule::Kind::Idle:  // the device is asked then
      return {true, {}, {}};
    case JobSchedule::Kind::At:
      return schedule.at <= now ? Turn{true, {}, {}}
                                : Turn{false, schedule.at, QStringLiteral("its time has not come")};
    case JobSchedule::Kind::Connect:
      return {false, {}, QStringLiteral("the device is not connected")};
    case JobSchedule::Kind::Window:
      break;
  }
  return turnInWindow(*schedule.window, now, expectedSeconds);
}

int missedWindows(const JobSchedule& schedule, const QDateTime& since, const QDateTime& now) {
  if (schedule.kind != JobSchedule::Kind::Window) {
    return 0;
  }
  constexpr int kMost = 99;
  int missed = 0;
  std::optional<WindowTime> window = schedule.window->currentOrNext(since);
  while (window && window->end <= now && missed < kMost) {
    ++missed;
    window = schedule.window->after(*window);
  }
  return missed;
}

}  // namespace sealift
