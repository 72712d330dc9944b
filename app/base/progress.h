// Nested, weighted progress that never goes backwards.
// A Progress belongs to the thread that does the work; the sink is called on that thread.
#pragma once

#include <QElapsedTimer>
#include <QString>

#include <functional>
#include <memory>

namespace sealift {

struct ProgressUpdate {
  double fraction = 0.0;  // of the whole, 0 … 1, never decreasing
  QString phase;          // what is being done now, in plain words; may be empty
  qint64 bytesDone = 0;   // of the current phase; 0 of 0 when it has no bytes
  qint64 bytesTotal = 0;
  double bytesPerSecond = 0.0;  // mean since the phase's first byte; 0 when unknown
  double secondsLeft = -1.0;    // of the current phase; below 0 when unknown
};

class Progress {
 public:
  using Sink = std::function<void(const ProgressUpdate&)>;

  Progress() : Progress(Sink{}) {}  // reports to nobody
  explicit Progress(Sink sink);

  // The next `share` (0 … 1) of this progress's own range, as a progress of its own.
  // Making a new part finishes the one before it.
  Progress part(double share, const QString& phase);
  void setBytes(qint64 done, qint64 total);
  void setFraction(double fraction);
  void setPhase(const QString& phase);
  void finish() { setFraction(1.0); }

 private:
  struct Root;
  void report(double fraction, qint64 done, qint64 total);

  std::shared_ptr<Root> root_;
  double begin_ = 0.0;
  double end_ = 1.0;
  double next_ = 0.0;  // where the next part begins, within 0 … 1 of this range
  QString phase_;
  QElapsedTimer timer_;
  qint64 timerBytes_ = 0;
};

}  // namespace sealift
