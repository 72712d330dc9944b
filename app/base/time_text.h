// Points in time as texts tell them that go to people and into the log alike.
#pragma once

#include <QDateTime>
#include <QLocale>
#include <QString>

namespace sealift {

// "20 Nov 2026 17:03 UTC": not in anybody's own zone, for it may be read elsewhere.
inline QString timeText(const QDateTime& time) {
  return QLocale::c().toString(time.toUTC(), QStringLiteral("d MMM yyyy HH:mm")) + QStringLiteral(" UTC");
}
inline QString timeText(qint64 utcMs) {
  return timeText(QDateTime::fromMSecsSinceEpoch(utcMs, Qt::UTC));
}

}  // namespace sealift
