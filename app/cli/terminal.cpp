#include "app/cli/terminal.h"

#include "app/cli/exit_code.h"
#include "app/cli/interrupt.h"

#include <QRegularExpression>

#include <algorithm>

namespace sealift {
namespace {

constexpr int kBarWidth = 24;

// What a device or a vendor sent must not steer the terminal or the reader: control characters are shown, not
// obeyed, and so are those that change the direction of writing (Unicode 15, UAX #9, 2.1-2.4).
bool steers(char16_t c) {
  const bool control = (c < 0x20 && c != u'\n' && c != u'\t') || (c >= 0x7f && c < 0xa0);
  const bool direction =
      c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  return control || direction || c == 0x2028 || c == 0x2029;
}

QString harmless(const QString& text) {
  QString shown = text;
  for (QChar& c : shown) {
    if (steers(c.unicode())) {
      c = QChar(0xfffd);
    }
  }
  return shown;
}

// Text that must not look like further lines of the program's own.
QString onOneLine(QString text) {
  return text.replace(u'\n', u' ').replace(u'\t', u' ');
}

}  // namespace

void Terminal::line(const QString& text) {
  endProgress();
  out_ << harmless(text) << Qt::endl;
}

void Terminal::json(const QJsonDocument& document) {
  endProgress();
  out_ << QString::fromUtf8(document.toJson(QJsonDocument::Indented)) << Qt::flush;
}

void Terminal::error(const Error& error) {
  endProgress();
  err_ << harmless(QStringLiteral("sealiftctl: %1").arg(error.message())) << Qt::endl;
  if (!error.remedy.isEmpty()) {
    err_ << harmless(QStringLiteral("  → %1").arg(error.remedy)) << Qt::endl;
  }
  err_ << QStringLiteral("  (%1)").arg(errorCodeName(error.code)) << Qt::endl;
}

void Terminal::note(const QString& text) {
  endProgress();
  err_ << harmless(text) << Qt::endl;
}

bool Terminal::confirm(const QString& question) {
  return ask(question + QStringLiteral(" Type yes to agree")) == QLatin1String("yes");
}

std::optional<QString> Terminal::ask(const QString& question) {
  endProgress();
  if (!interactive_) {
    return std::nullopt;
  }
  // Before the question is seen, or a quick Ctrl-C is written down and not heard while the answer is read.
  const Interrupt::EndsAtOnce untilAnswered(static_cast<int>(ExitCode::Cancelled));
  out_ << harmless(question) << QStringLiteral(": ") << Qt::flush;
  return in_.readLine().trimmed();
}

void Terminal::progress(const QString& step, double fraction, const QString& detail) {
  const int percent = static_cast<int>(fraction * 100.0);
  if (progressBars_) {
    const auto filled = static_cast<qsizetype>(fraction * kBarWidth);
    QString bar(filled, u'#');
    bar += QString(kBarWidth - filled, u'.');
    err_ << QStringLiteral("\r\033[K[%1] %2 %  %3  %4")
                .arg(bar)
                .arg(percent, 3)
                .arg(onOneLine(harmless(step)), onOneLine(harmless(detail)))
         << Qt::flush;
    drawing_ = true;
    return;
  }
  if (step != lastStep_ || percent / 10 != lastTenth_) {
    lastStep_ = step;
    lastTenth_ = percent / 10;
    err_ << harmless(QStringLiteral("%1 %  %2  %3").arg(percent, 3).arg(step, detail)).trimmed() << Qt::endl;
  }
}

void Terminal::endProgress() {
  if (drawing_) {
    err_ << QStringLiteral("\r\033[K") << Qt::flush;
    drawing_ = false;
  }
}

void Terminal::pairs(const QList<std::pair<QString, QString>>& rows) {
  qsizetype width = 0;
  for (const auto& [name, value] : rows) {
    width = std::max(width, name.size());
  }
  for (const auto& [name, value] : rows) {
    if (!value.isEmpty()) {
      line(QStringLiteral("  %1  %2").arg(name.leftJustified(width), onOneLine(value)));
    }
  }
}

void Terminal::table(const QStringList& header, const QList<QStringList>& rows) {
  QList<qsizetype> widths;
  for (qsizetype column = 0; column < header.size(); ++column) {
    qsizetype width = header[column].size();
    for (const QStringList& row : rows) {
      width = std::max(width, row.value(column).size());
    }
    widths << width;
  }
  const auto print = [&](const QStringList& row) {
    QString text;
    for (qsizetype column = 0; column < header.size(); ++column) {
      text += onOneLine(row.value(column)).leftJustified(widths[column] + 2);
    }
    line(text.trimmed().isEmpty() ? QString() : text.remove(QRegularExpression(QStringLiteral("\\s+$"))));
  };
  print(header);
  for (const QStringList& row : rows) {
    print(row);
  }
}

}  // namespace sealift
