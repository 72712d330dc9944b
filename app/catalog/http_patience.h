// When a transfer is given up: a slow retrieval attack must not keep an update away for ever (TUF 1.0, 1.5.2).
#pragma once

#include <QElapsedTimer>
#include <QtGlobal>

namespace sealift {

struct HttpPatience {
  int silenceMs = 30'000;           // how long a server may say nothing
  qint64 minBytesPerSecond = 1000;  // over each such time; what was fast before is no credit for being slow now
};

// Watches one request, its redirects included. One thread.
class SlownessWatch {
 public:
  explicit SlownessWatch(const HttpPatience& patience) : patience_(patience) { window_.start(); }

  void add(qint64 bytes) {
    total_ += bytes;
    inWindow_ += bytes;
  }
  // To be asked several times in silenceMs.
  bool tooSlow() {
    const qint64 elapsedMs = window_.elapsed();
    if (elapsedMs < patience_.silenceMs) {
      return false;
    }
    const bool slow = inWindow_ == 0 || inWindow_ * 1000 < patience_.minBytesPerSecond * elapsedMs;
    window_.restart();
    inWindow_ = 0;
    return slow;
  }
  qint64 total() const { return total_; }  // bytes

 private:
  HttpPatience patience_;
  QElapsedTimer window_;
  qint64 total_ = 0;
  qint64 inWindow_ = 0;
};

}  // namespace sealift
