#include "transports/links/serial_port_watcher.h"

#include <optional>

namespace sealift {

SerialPortWatcher::SerialPortWatcher(LinkOpener& opener, Listener listener, std::chrono::milliseconds lookEvery)
    : opener_(opener), listener_(std::move(listener)), lookEvery_(lookEvery) {
  thread_.reset(QThread::create([this] { run(); }));
  thread_->start();
}

SerialPortWatcher::~SerialPortWatcher() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    end_.notify_all();
  }
  thread_->wait();
}

void SerialPortWatcher::run() {
  std::optional<QList<SerialPortInfo>> told;
  for (;;) {
    // What can't be seen did not change; the next look may go better.
    if (const Result<QList<SerialPortInfo>> now = opener_.serialPorts(); now && told != *now) {
      told = *now;
      listener_(*now);
    }
    std::unique_lock lock(mutex_);
    if (end_.wait_for(lock, lookEvery_, [this] { return stopping_; })) {
      return;
    }
  }
}

}  // namespace sealift
