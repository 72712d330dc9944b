#include "app/services/boot_clock.h"

#include <QElapsedTimer>
#include <QSysInfo>

#include <algorithm>

namespace sealift {

BootMoment systemBootMoment() {
  QElapsedTimer timer;
  timer.start();
  return {QString::fromLatin1(QSysInfo::bootUniqueId()), timer.msecsSinceReference()};
}

qint64 elapsedAtLeastMs(const BootMoment& then, const BootMoment& now) {
  return std::max<qint64>(then.boot == now.boot ? now.sinceMs - then.sinceMs : now.sinceMs, 0);
}

}  // namespace sealift
