// Tests that interrupt updates at many moments: how many, and where their number is left for ./dev to print.
#pragma once

#include "app/base/file_io.h"

#include <QCoreApplication>
#include <QString>

namespace sealift::test {

// ./dev soak leaves nothing out.
inline bool isSoak() {
  return qEnvironmentVariableIsSet("SEALIFT_SOAK");
}

inline void tellCases(int count, const QString& words) {
  const QString name = QCoreApplication::applicationName();
  const QString folder = QStringLiteral(SEALIFT_BINARY_DIR "/interrupted");
  const QString line = QStringLiteral("%1 %2 (%3)\n").arg(name).arg(count).arg(words);
  (void)makeFolder(folder);
  (void)writeFileAtomic(folder + u'/' + name, line.toUtf8());
}

}  // namespace sealift::test
