// A clock that nobody sets: how long the computer has run since it was started, and which start that was.
#pragma once

#include <QString>

#include <functional>

namespace sealift {

struct BootMoment {
  QString boot;        // another one after each start of the computer; empty where the system doesn't tell
  qint64 sinceMs = 0;  // never goes back within one
};

using BootClock = std::function<BootMoment()>;

BootMoment systemBootMoment();
// How long ago `then` was at least. After a start in between it is no more than the time since: what came before it
// can't be measured without a clock that somebody may have set.
qint64 elapsedAtLeastMs(const BootMoment& then, const BootMoment& now);

}  // namespace sealift
