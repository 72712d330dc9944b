#include "ui/style/format.h"

#include <QCoreApplication>
#include <QLocale>

#include <cmath>

namespace sealift {

namespace {

constexpr qint64 kDay = 86'400;  // seconds

// The translation context of everything here.
struct Format {
  Q_DECLARE_TR_FUNCTIONS(Format)
};

}  // namespace

QString formatSize(qint64 bytes) {
  // SI units of 1000, as operating systems and vendors' download pages count.
  const int digits = bytes >= 1'000'000 ? 1 : 0;
  return QLocale()
      .formattedDataSize(bytes, digits, QLocale::DataSizeSIFormat)
      .replace(QLatin1String("kB"), QLatin1String("KB"));
}

QString formatRate(double bytesPerSecond) {
  return Format::tr("%1/s").arg(formatSize(std::llround(bytesPerSecond)));
}

QString formatDuration(qint64 seconds) {
  const QLocale locale;
  if (seconds < 60) {
    return Format::tr("%1 s").arg(locale.toString(seconds));
  }
  if (seconds < 3600) {
    const QString minutes = Format::tr("%1 min").arg(locale.toString(seconds / 60));
    return seconds % 60 == 0 ? minutes
                             : minutes + QLatin1Char(' ') + Format::tr("%1 s").arg(locale.toString(seconds % 60));
  }
  const QString hours = Format::tr("%1 h").arg(locale.toString(seconds / 3600));
  const qint64 minutes = seconds % 3600 / 60;
  return minutes == 0 ? hours : hours + QLatin1Char(' ') + Format::tr("%1 min").arg(locale.toString(minutes));
}

QString formatCount(qint64 count) {
  return QLocale().toString(count);
}

QString formatDate(const QDate& date) {
  return QLocale().toString(date, QStringLiteral("d MMM yyyy"));
}

QString formatMonth(const QDate& date) {
  return QLocale().toString(date, QStringLiteral("MMM yyyy"));
}

QString formatDateTime(const QDateTime& time) {
  return QLocale().toString(time.toLocalTime(), QStringLiteral("d MMM yyyy HH:mm"));
}

QString formatLogTime(const QDateTime& time) {
  return QLocale().toString(time.toLocalTime(), QStringLiteral("d MMM HH:mm:ss"));
}

QString formatAgo(const QDateTime& time, const QDateTime& now) {
  if (!time.isValid()) {
    return Format::tr("never");
  }
  const qint64 seconds = time.secsTo(now);
  if (seconds < 0 || seconds >= kDay) {
    return formatDateTime(time);
  }
  if (seconds < 60) {
    return Format::tr("now");
  }
  if (seconds < 3600) {
    return Format::tr("%1 min ago").arg(QLocale().toString(seconds / 60));
  }
  return Format::tr("%1 h ago").arg(QLocale().toString(seconds / 3600));
}

QString shortenHash(const QString& hex) {
  return hex.size() <= 12 ? hex : hex.left(4) + QChar(0x2026) + hex.right(4);
}

QString groupHex(const QString& hex, int group) {
  QString result;
  for (qsizetype i = 0; i < hex.size(); i += group) {
    if (i > 0) {
      result += QLatin1Char(' ');
    }
    result += QStringView(hex).mid(i, group);
  }
  return result;
}

QString joinParts(const QStringList& parts) {
  QString result;
  for (const QString& part : parts) {
    if (part.isEmpty()) {
      continue;
    }
    if (!result.isEmpty()) {
      result += QStringLiteral(" \u00b7 ");
    }
    result += part;
  }
  return result;
}

QString severityText(const QString& severity) {
  if (severity == QLatin1String("critical")) {
    return Format::tr("Security \u00b7 critical");
  }
  if (severity == QLatin1String("high")) {
    return Format::tr("Security \u00b7 high");
  }
  if (severity == QLatin1String("moderate")) {
    return Format::tr("Security \u00b7 moderate");
  }
  if (severity == QLatin1String("low")) {
    return Format::tr("Security \u00b7 low");
  }
  return Format::tr("No security fixes");
}

}  // namespace sealift
