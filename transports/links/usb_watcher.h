// Tells when devices come to the USB and go from it. What it tells is the difference between two looks at the bus; the
// system's hot-plug events (where libusb has them) only say when to look, and without them it looks every now and then.
#pragma once

#include "transports/links/link_opener.h"

#include <QDeadlineTimer>
#include <QThread>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

struct libusb_context;

namespace sealift {

class UsbWatcher {
 public:
  struct Change {
    QList<UsbDeviceInfo> departed;
    QList<UsbDeviceInfo> arrived;  // a device that is another one than before at its place, too
  };
  // Called in the watcher's own thread, one call at a time; the first call tells what is there. Must not wait for the
  // watcher's end.
  using Listener = std::function<void(const Change&)>;

  static constexpr std::chrono::milliseconds kLookEvery{2000};

  // `opener` outlives it.
  UsbWatcher(LinkOpener& opener, Listener listener, std::chrono::milliseconds lookEvery = kLookEvery);
  ~UsbWatcher();  // when it returns, the listener is not called any more
  UsbWatcher(const UsbWatcher&) = delete;
  UsbWatcher& operator=(const UsbWatcher&) = delete;

 private:
  void run();
  void look();
  void waitForHint();

  LinkOpener& opener_;
  Listener listener_;
  std::chrono::milliseconds lookEvery_;
  std::unique_ptr<libusb_context, void (*)(libusb_context*)> context_;  // null: nothing to wait for but time
  QList<UsbDeviceInfo> known_;
  bool told_ = false;
  int hinted_ = 0;  // set by libusb's callback, in our thread
  std::atomic<bool> stopping_{false};
  std::unique_ptr<QThread> thread_;
};

}  // namespace sealift
