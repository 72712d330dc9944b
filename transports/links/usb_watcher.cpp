#include "transports/links/usb_watcher.h"

#include <algorithm>
#include <libusb.h>

namespace sealift {

namespace {

constexpr std::chrono::milliseconds kSlice{100};  // how soon the end is noticed where libusb can't be woken

QList<UsbDeviceInfo> without(const QList<UsbDeviceInfo>& all, const QList<UsbDeviceInfo>& those) {
  QList<UsbDeviceInfo> rest;
  std::copy_if(all.cbegin(), all.cend(), std::back_inserter(rest),
               [&](const UsbDeviceInfo& device) { return !those.contains(device); });
  return rest;
}

libusb_context* makeContext() {
  libusb_context* context = nullptr;
  return libusb_init(&context) == 0 ? context : nullptr;
}

int LIBUSB_CALL onHotplug(libusb_context* /*context*/, libusb_device* /*device*/, libusb_hotplug_event /*event*/,
                          void* hinted) {
  *static_cast<int*>(hinted) = 1;
  return 0;  // stay registered
}

}  // namespace

UsbWatcher::UsbWatcher(LinkOpener& opener, Listener listener, std::chrono::milliseconds lookEvery)
    : opener_(opener), listener_(std::move(listener)), lookEvery_(lookEvery), context_(makeContext(), &libusb_exit) {
  if (context_ && libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) != 0) {
    // Without success there are no hints, which costs up to one interval.
    (void)libusb_hotplug_register_callback(
        context_.get(), LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
        LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, &onHotplug, &hinted_, nullptr);
  }
  thread_.reset(QThread::create([this] { run(); }));
  thread_->start();
}

UsbWatcher::~UsbWatcher() {
  stopping_ = true;
  if (context_) {
    libusb_interrupt_event_handler(context_.get());
  }
  thread_->wait();
}

void UsbWatcher::run() {
  while (!stopping_) {
    look();
    waitForHint();
  }
}

void UsbWatcher::look() {
  const Result<QList<UsbDeviceInfo>> now = opener_.usbDevices();
  if (!now) {
    return;  // what can't be seen did not change; the next look may go better
  }
  const Change change{without(known_, *now), without(*now, known_)};
  known_ = *now;
  if (!told_ || !change.departed.isEmpty() || !change.arrived.isEmpty()) {
    told_ = true;
    listener_(change);
  }
}

void UsbWatcher::waitForHint() {
  const QDeadlineTimer next(lookEvery_);
  hinted_ = 0;
  while (!stopping_ && hinted_ == 0 && !next.hasExpired()) {
    const auto left = std::min(std::chrono::milliseconds(next.remainingTime()), context_ ? lookEvery_ : kSlice);
    if (context_) {
      timeval time{};
      time.tv_sec = static_cast<decltype(time.tv_sec)>(left.count() / 1000);
      time.tv_usec = static_cast<decltype(time.tv_usec)>(left.count() % 1000 * 1000);
      (void)libusb_handle_events_timeout_completed(context_.get(), &time, &hinted_);
    } else {
      QThread::msleep(static_cast<unsigned long>(std::max<qint64>(left.count(), 1)));
    }
  }
}

}  // namespace sealift
