// A point in monotonic time by which something must have happened, with a name
// that the error tells: "no answer to 'image upload' within 2.0 s".
#pragma once

#include "app/base/result.h"

#include <QDeadlineTimer>
#include <QString>

#include <algorithm>
#include <chrono>

namespace sealift {

class Deadline {
 public:
  static Deadline in(std::chrono::milliseconds time, const QString& name) {
    Deadline deadline;
    deadline.timer_ = QDeadlineTimer(time);
    deadline.name_ = name;
    deadline.length_ = time;
    return deadline;
  }

  bool passed() const { return timer_.hasExpired(); }
  std::chrono::milliseconds remaining() const { return std::chrono::milliseconds(timer_.remainingTime()); }
  // How long to block before looking at the CancelToken again: at most `slice`.
  int sliceMs(int slice = 50) const { return static_cast<int>(std::clamp<qint64>(timer_.remainingTime(), 0, slice)); }
  const QString& name() const { return name_; }
  std::chrono::milliseconds length() const { return length_; }

  // The earlier of this and `time` from now, under another name.
  Deadline sooner(std::chrono::milliseconds time, const QString& name) const {
    return in(std::min(time, remaining()), name);
  }

  tl::unexpected<Error> timeout() const {
    return fail(ErrorCode::Timeout, QStringLiteral("Nothing came within %1 s while waiting for: %2.")
                                        .arg(static_cast<double>(length_.count()) / 1000.0, 0, 'f', 1)
                                        .arg(name_));
  }

 private:
  QDeadlineTimer timer_;
  QString name_;
  std::chrono::milliseconds length_{0};
};

}  // namespace sealift
