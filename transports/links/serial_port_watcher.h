// Tells which serial ports there are, whenever that changed between two looks. Nothing is opened.
#pragma once

#include "transports/links/link_opener.h"

#include <QThread>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

namespace sealift {

class SerialPortWatcher {
 public:
  // Called in the watcher's own thread, one call at a time; the first call tells what is there. Must not wait for the
  // watcher's end.
  using Listener = std::function<void(const QList<SerialPortInfo>& ports)>;

  static constexpr std::chrono::milliseconds kLookEvery{1000};

  // `opener` outlives it.
  SerialPortWatcher(LinkOpener& opener, Listener listener, std::chrono::milliseconds lookEvery = kLookEvery);
  ~SerialPortWatcher();  // when it returns, the listener is not called any more
  SerialPortWatcher(const SerialPortWatcher&) = delete;
  SerialPortWatcher& operator=(const SerialPortWatcher&) = delete;

 private:
  void run();

  LinkOpener& opener_;
  Listener listener_;
  std::chrono::milliseconds lookEvery_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool stopping_ = false;
  std::unique_ptr<QThread> thread_;
};

}  // namespace sealift
