#include "devices/virtual/fastboot_usb_function.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr quint8 kIn = 0x81;
constexpr quint8 kOut = 0x01;
constexpr quint8 kBulk = 0x02;
constexpr quint16 kHighSpeedBulk = 512;  // USB 2.0, 5.8.3

}  // namespace

UsbDescription FastbootUsbFunction::description() const {
  const std::scoped_lock lock(board_->mutex);
  board_->advance();
  const FastbootDeviceConfig& config = board_->device.config();
  UsbDescription description;
  description.vendorId = config.vendorId;
  description.productId = config.productId;
  description.manufacturer = QStringLiteral("Sealift");
  description.product = QString::fromLatin1(config.product);
  description.serial = QString::fromLatin1(config.serial);
  UsbAlternate fastboot;
  fastboot.classCode = 0xFF;
  if (board_->device.answers()) {
    fastboot.subclass = 0x42;
    fastboot.protocol = 0x03;
    fastboot.name = QStringLiteral("fastboot");
    fastboot.endpoints = {{kIn, kBulk, kHighSpeedBulk}, {kOut, kBulk, kHighSpeedBulk}};
  }
  description.alternates = {fastboot};
  return description;
}

// From a reset until it speaks again, with some air.
std::chrono::milliseconds FastbootUsbFunction::startTime() const {
  const FastbootDeviceConfig& config = board_->device.config();
  return std::chrono::milliseconds(config.resetMs + 2 * config.bootMs + 10);
}

void FastbootUsbFunction::attach() {
  const std::scoped_lock lock(board_->mutex);
  board_->advance();
  if (board_->device.phase() == FastbootDevice::Phase::Off) {
    board_->device.powerOn(board_->clock.elapsed());
    board_->device.advance(board_->clock.elapsed() + startTime().count());  // it shows itself once it is up
  }
  starts_ = board_->device.starts();
  cameUp_ = board_->device.answers();
  rest_.clear();
}

void FastbootUsbFunction::reset() {
  const std::scoped_lock lock(board_->mutex);
  board_->device.beginSession();
  rest_.clear();
}

void FastbootUsbFunction::unplug() {
  const std::scoped_lock lock(board_->mutex);
  board_->device.powerOff();
  board_->change.notify_all();
}

UsbAnswer FastbootUsbFunction::control(const UsbSetup& setup, QByteArrayView data) {
  (void)setup;
  (void)data;
  return UsbAnswer::stall();  // fastboot has no requests of its own
}

std::optional<std::chrono::milliseconds> FastbootUsbFunction::fellOff() {
  const std::scoped_lock lock(board_->mutex);
  return absence();
}

std::optional<UsbAnswer> FastbootUsbFunction::goneMeanwhile() {
  const std::optional<std::chrono::milliseconds> away = absence();
  return away ? std::optional(UsbAnswer::gone(*away)) : std::nullopt;
}

// It reset, lost its power, or came up only after it had come onto the bus. With the mutex held.
std::optional<std::chrono::milliseconds> FastbootUsbFunction::absence() {
  board_->advance();
  board_->change.notify_all();
  const FastbootDevice& device = board_->device;
  if (device.phase() == FastbootDevice::Phase::Off) {
    const int back = device.config().powerReturnMs;
    return back < 0 ? UsbAnswer::kForGood : std::chrono::milliseconds(back) + startTime();
  }
  if (device.starts() != starts_ || (!cameUp_ && device.answers())) {
    return startTime();
  }
  return std::nullopt;
}

UsbAnswer FastbootUsbFunction::transferOut(quint8 endpoint, QByteArrayView data) {
  const std::scoped_lock lock(board_->mutex);
  if (std::optional<UsbAnswer> gone = goneMeanwhile()) {
    return *gone;
  }
  FastbootDevice& device = board_->device;
  if (endpoint != kOut || !device.answers()) {
    return UsbAnswer::stall();
  }
  if (data.isEmpty()) {
    return UsbAnswer::done();  // "zero-length packets are ignored"
  }
  if (device.wantedBytes() == 0) {
    device.takeCommand(data);
  } else if (data.size() > device.wantedBytes()) {
    return UsbAnswer::stall();
  } else {
    device.takeData(data);
  }
  return goneMeanwhile().value_or(UsbAnswer::done());
}

UsbAnswer FastbootUsbFunction::transferIn(quint8 endpoint, qsizetype maxBytes) {
  const std::scoped_lock lock(board_->mutex);
  if (std::optional<UsbAnswer> gone = goneMeanwhile()) {
    return *gone;
  }
  FastbootDevice& device = board_->device;
  if (endpoint != kIn || !device.answers()) {
    return UsbAnswer::stall();
  }
  if (rest_.isEmpty()) {
    const std::optional<FastbootDevice::Output> output = device.nextOutput();
    if (!output) {
      return UsbAnswer::later();
    }
    rest_ = output->bytes;
  }
  const QByteArray piece = rest_.left(maxBytes);
  rest_ = rest_.mid(piece.size());
  const UsbAnswer answer = UsbAnswer::done(piece);
  return rest_.isEmpty() && device.isLeaving() ? answer.thenReconnect(startTime()) : answer;
}

}  // namespace sealift
