#include "devices/images/version.h"

#include <QStringList>

namespace sealift {

std::optional<Version> Version::parse(const QString& text) {
  QString dotted = text;
  dotted.replace(u'+', u'.');
  const qsizetype plus = text.indexOf(u'+');
  if (plus >= 0 && (text.indexOf(u'+', plus + 1) >= 0 || text.left(plus).count(u'.') > 2)) {
    return std::nullopt;
  }
  const QStringList parts = dotted.split(u'.');
  if (parts.isEmpty() || parts.size() > 4) {
    return std::nullopt;
  }
  std::uint32_t numbers[4] = {};
  for (qsizetype i = 0; i < parts.size(); ++i) {
    for (const QChar c : parts[i]) {
      if (c < u'0' || c > u'9') {
        return std::nullopt;
      }
    }
    bool ok = false;
    numbers[i] = parts[i].toUInt(&ok);
    if (!ok) {
      return std::nullopt;
    }
  }
  Version version{numbers[0], numbers[1], numbers[2], numbers[3]};
  if (plus >= 0) {  // "2.3+7": the number after '+' is the build, however many stand before it
    version = {};
    std::uint32_t* const fields[] = {&version.major, &version.minor, &version.revision};
    for (qsizetype i = 0; i < 3 && i + 1 < parts.size(); ++i) {
      *fields[i] = numbers[i];
    }
    version.build = numbers[parts.size() - 1];
  }
  return version;
}

QString Version::toString() const {
  QString text = QStringLiteral("%1.%2.%3").arg(major).arg(minor).arg(revision);
  if (build != 0) {
    text += QStringLiteral("+%1").arg(build);
  }
  return text;
}

}  // namespace sealift
