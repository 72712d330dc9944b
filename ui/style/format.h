// Values as people read them, in their locale.
#pragma once

#include <QDateTime>
#include <QString>
#include <QStringList>

namespace sealift {

QString formatSize(qint64 bytes);                                // "412 KB"
QString formatRate(double bytesPerSecond);                       // "96 KB/s"
QString formatDuration(qint64 seconds);                          // "1 min 12 s"
QString formatCount(qint64 count);                               // "12,408"
QString formatDate(const QDate& date);                           // "18 Nov 2026"
QString formatMonth(const QDate& date);                          // "Nov 2026"
QString formatDateTime(const QDateTime& time);                   // "12 Sep 2026 14:02", in local time
QString formatLogTime(const QDateTime& time);                    // "21 Nov 08:41:00", in local time
QString formatAgo(const QDateTime& time, const QDateTime& now);  // "now", "4 min ago", then the date
QString shortenHash(const QString& hex);                         // "9f31…c2a0"
QString groupHex(const QString& hex, int group = 4);             // "9f31 22ab …"
QString joinParts(const QStringList& parts);                     // " · " between those that are not empty
QString severityText(const QString& severity);                   // "Security · high"

}  // namespace sealift
