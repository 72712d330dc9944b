#include "app/base/progress.h"

#include <algorithm>

namespace sealift {

struct Progress::Root {
  Sink sink;
  double reached = 0.0;
};

Progress::Progress(Sink sink) : root_(std::make_shared<Root>()) {
  root_->sink = std::move(sink);
}

Progress Progress::part(double share, const QString& phase) {
  Progress child;
  child.root_ = root_;
  const double span = end_ - begin_;
  child.begin_ = begin_ + span * next_;
  next_ = std::min(1.0, next_ + share);
  child.end_ = begin_ + span * next_;
  child.phase_ = phase;
  child.report(0.0, 0, 0);
  return child;
}

void Progress::setBytes(qint64 done, qint64 total) {
  if (!timer_.isValid()) {
    timer_.start();
    timerBytes_ = done;  // resumed bytes say nothing about the rate
  }
  report(total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0.0, done, total);
}

void Progress::setFraction(double fraction) {
  report(fraction, 0, 0);
}

void Progress::setPhase(const QString& phase) {
  phase_ = phase;
  report(0.0, 0, 0);
}

void Progress::report(double fraction, qint64 done, qint64 total) {
  const double at = begin_ + (end_ - begin_) * std::clamp(fraction, 0.0, 1.0);
  root_->reached = std::max(root_->reached, at);
  if (!root_->sink) {
    return;
  }
  ProgressUpdate update{root_->reached, phase_, done, total, 0.0, -1.0};
  const qint64 elapsed = timer_.isValid() ? timer_.elapsed() : 0;
  if (total > 0 && elapsed > 0 && done > timerBytes_) {
    update.bytesPerSecond = static_cast<double>(done - timerBytes_) * 1000.0 / static_cast<double>(elapsed);
    update.secondsLeft = static_cast<double>(total - done) / update.bytesPerSecond;
  }
  root_->sink(update);
}

}  // namespace sealift
