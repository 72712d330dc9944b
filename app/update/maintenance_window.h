// A weekly window in which devices may be updated, as people write it: days, a wall clock's time, a length, a time
// zone.
//
// The start is the zone's wall clock's, on both changes of daylight saving time: a start that the clock skips is the
// instant of the change; one that comes twice is the first. The length is elapsed time: four hours are four hours, also
// in the night of a change.
// Source of the rules: the tz database (RFC 6557) by way of QTimeZone; names are its identifiers ("Europe/Berlin").
#pragma once

#include "app/base/result.h"

#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>
#include <QTime>
#include <QTimeZone>

#include <optional>

namespace sealift {

// Half open: the end is no part of it. Both UTC.
struct WindowTime {
  QDateTime start;
  QDateTime end;
  bool contains(const QDateTime& time) const { return start <= time && time < end; }
};

class MaintenanceWindow {
 public:
  static constexpr int kLongestMinutes = 24 * 60;

  // `days`: 1 (Monday) … 7, as QDate::dayOfWeek; of the start. Errors: InvalidArgument.
  static Result<MaintenanceWindow> make(QList<int> days, const QTime& start, int minutes, const QString& zone);
  // "mon,wed 22:00 4h Europe/Berlin", "daily 02:00 90m UTC", "mon-fri 01:30 2h30m America/New_York".
  static Result<MaintenanceWindow> parse(const QString& text);
  static Result<MaintenanceWindow> fromJson(const QJsonObject& json);

  QString toString() const;  // parse(toString()) gives the same window
  QJsonObject toJson() const;

  // The one that `now` is in, or the next to come. None only where the calendar ends.
  std::optional<WindowTime> currentOrNext(const QDateTime& now) const;
  // The one after that.
  std::optional<WindowTime> after(const WindowTime& window) const { return currentOrNext(window.end); }

  const QList<int>& days() const { return days_; }
  QTime start() const { return start_; }
  int minutes() const { return minutes_; }
  QString zone() const { return QString::fromLatin1(zone_.id()); }
  bool operator==(const MaintenanceWindow& other) const {
    return days_ == other.days_ && start_ == other.start_ && minutes_ == other.minutes_ && zone() == other.zone();
  }

 private:
  MaintenanceWindow() = default;

  QList<int> days_;  // sorted, each once
  QTime start_;
  int minutes_ = 0;
  QTimeZone zone_;
};

// The instant at which this zone's wall clock shows this time, as said above. UTC.
QDateTime instantOf(const QDate& date, const QTime& time, const QTimeZone& zone);

}  // namespace sealift
