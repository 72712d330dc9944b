#include "app/update/maintenance_window.h"

#include <QJsonArray>
#include <QRegularExpression>

#include <algorithm>
#include <array>

namespace sealift {
namespace {

constexpr std::array<const char*, 7> kDayNames = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr qint64 kDayMs = 24LL * 3600 * 1000;

std::optional<int> dayFromName(const QString& name) {
  for (std::size_t i = 0; i < kDayNames.size(); ++i) {
    if (name == QLatin1String(kDayNames[i])) {
      return static_cast<int>(i) + 1;
    }
  }
  return std::nullopt;
}

QString dayName(int day) {
  return QString::fromLatin1(kDayNames[static_cast<std::size_t>(day - 1)]);
}

// "mon,wed", "mon-fri", "daily".
std::optional<QList<int>> parseDays(const QString& text) {
  if (text == QLatin1String("daily")) {
    return QList<int>{1, 2, 3, 4, 5, 6, 7};
  }
  QList<int> days;
  for (const QString& part : text.split(u',')) {
    const QStringList ends = part.split(u'-');
    const std::optional<int> first = dayFromName(ends.constFirst());
    const std::optional<int> last = dayFromName(ends.constLast());
    if (!first || !last || ends.size() > 2) {
      return std::nullopt;
    }
    for (int day = *first;; day = day % 7 + 1) {  // "fri-mon" goes over the weekend
      days << day;
      if (day == *last) {
        break;
      }
    }
  }
  return days;
}

// "4h", "90m", "2h30m".
std::optional<int> parseLength(const QString& text) {
  static const QRegularExpression form(QStringLiteral("^(?:(\\d{1,2})h)?(?:(\\d{1,4})m)?$"));
  const QRegularExpressionMatch match = form.match(text);
  if (!match.hasMatch() || text.isEmpty()) {
    return std::nullopt;
  }
  return match.captured(1).toInt() * 60 + match.captured(2).toInt();
}

QString lengthText(int minutes) {
  const QString hours = minutes >= 60 ? QStringLiteral("%1h").arg(minutes / 60) : QString();
  return minutes % 60 == 0 ? hours : hours + QStringLiteral("%1m").arg(minutes % 60);
}

int offsetAt(const QTimeZone& zone, qint64 ms) {
  return zone.offsetFromUtc(QDateTime::fromMSecsSinceEpoch(ms, Qt::UTC));
}

}  // namespace

QDateTime instantOf(const QDate& date, const QTime& time, const QTimeZone& zone) {
  const qint64 wall = QDateTime(date, time, Qt::UTC).toMSecsSinceEpoch();
  // What the clock is ahead by a day before and a day after: no zone changes twice within two days.
  const int before = offsetAt(zone, wall - kDayMs);
  const int after = offsetAt(zone, wall + kDayMs);
  const auto candidate = [&](int offset) { return wall - 1000LL * offset; };
  const auto shows = [&](int offset) { return offsetAt(zone, candidate(offset)) == offset; };
  // The earlier of two: the one with the greater offset.
  for (const int offset : {std::max(before, after), std::min(before, after)}) {
    if (shows(offset)) {
      return QDateTime::fromMSecsSinceEpoch(candidate(offset), Qt::UTC);
    }
  }
  // Skipped: the instant of the change, found between a day before and a day after.
  qint64 low = wall - kDayMs;
  qint64 high = wall + kDayMs;
  while (high - low > 1) {
    const qint64 middle = low + (high - low) / 2;
    (offsetAt(zone, middle) == before ? low : high) = middle;
  }
  return QDateTime::fromMSecsSinceEpoch(high, Qt::UTC);
}

Result<MaintenanceWindow> MaintenanceWindow::make(QList<int> days, const QTime& start, int minutes,
                                                  const QString& zone) {
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  if (days.isEmpty() || days.constFirst() < 1 || days.constLast() > 7) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A maintenance window needs at least one day of the week."),
                QStringLiteral("Write days as mon,wed or mon-fri or daily."));
  }
  if (!start.isValid() || start.second() != 0 || start.msec() != 0) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("The maintenance window has no valid start."),
                QStringLiteral("Write the start as 22:00."));
  }
  if (minutes < 1 || minutes > kLongestMinutes) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A maintenance window lasts from one minute to 24 hours."),
                QStringLiteral("Write the length as 4h, 90m or 2h30m."));
  }
  MaintenanceWindow window;
  window.days_ = days;
  window.start_ = start;
  window.minutes_ = minutes;
  window.zone_ = QTimeZone(zone.toLatin1());
  // Qt takes a POSIX rule for a zone, too, and with that nearly any word.
  const bool isName = zone.contains(u'/') || zone == QLatin1String("UTC");
  if (!isName || !window.zone_.isValid()) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("There is no time zone \"%1\".").arg(zone),
                QStringLiteral("Write it as the tz database does: Europe/Berlin, America/New_York, UTC."));
  }
  return window;
}

Result<MaintenanceWindow> MaintenanceWindow::parse(const QString& text) {
  const QStringList words = text.simplified().split(u' ');
  const QString remedy = QStringLiteral("Write it as: mon-fri 22:00 4h Europe/Berlin.");
  if (words.size() != 4) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A maintenance window is days, start, length and time zone, and \"%1\" is not.")
                    .arg(text.left(80)),
                remedy);
  }
  const std::optional<QList<int>> days = parseDays(words[0].toLower());
  const std::optional<int> minutes = parseLength(words[2].toLower());
  if (!days || !minutes) {
    return fail(
        ErrorCode::InvalidArgument,
        QStringLiteral("\"%1\" is not a maintenance window's %2.")
            .arg((days ? words[2] : words[0]).left(40), days ? QStringLiteral("length") : QStringLiteral("days")),
        remedy);
  }
  return make(*days, QTime::fromString(words[1], QStringLiteral("H:mm")), *minutes, words[3]);
}

Result<MaintenanceWindow> MaintenanceWindow::fromJson(const QJsonObject& json) {
  QList<int> days;
  for (const QJsonValue& day : json[QStringLiteral("days")].toArray()) {
    days << dayFromName(day.toString()).value_or(0);
  }
  return make(days, QTime::fromString(json[QStringLiteral("start")].toString(), QStringLiteral("HH:mm")),
              json[QStringLiteral("minutes")].toInt(), json[QStringLiteral("zone")].toString());
}

QString MaintenanceWindow::toString() const {
  QStringList names;
  for (const int day : days_) {
    names << dayName(day);
  }
  return QStringLiteral("%1 %2 %3 %4")
      .arg(days_.size() == 7 ? QStringLiteral("daily") : names.join(u','), start_.toString(QStringLiteral("HH:mm")),
           lengthText(minutes_), zone());
}

QJsonObject MaintenanceWindow::toJson() const {
  QJsonArray names;
  for (const int day : days_) {
    names << dayName(day);
  }
  return {{QStringLiteral("days"), names},
          {QStringLiteral("start"), start_.toString(QStringLiteral("HH:mm"))},
          {QStringLiteral("minutes"), minutes_},
          {QStringLiteral("zone"), zone()}};
}

std::optional<WindowTime> MaintenanceWindow::currentOrNext(const QDateTime& now) const {
  // From two days before, of which one may still last, to a week and two days after.
  constexpr int kDaysBefore = 2;
  constexpr int kDaysAfter = 9;
  const QDate today = now.toTimeZone(zone_).date();
  for (int offset = -kDaysBefore; offset <= kDaysAfter; ++offset) {
    const QDate date = today.addDays(offset);
    if (!date.isValid() || !days_.contains(date.dayOfWeek())) {
      continue;
    }
    const QDateTime begins = instantOf(date, start_, zone_);
    const WindowTime window{begins, begins.addSecs(60LL * minutes_)};
    if (now < window.end) {
      return window;
    }
  }
  return std::nullopt;
}

}  // namespace sealift
