#include "devices/virtual/virtual_fastboot_device.h"

#include <algorithm>
#include <chrono>

namespace sealift {

namespace {

constexpr int kSliceMs = 10;          // how soon stop() is noticed
constexpr quint16 kUdpPacket = 1024;  // "devices are strongly suggested to support at least 1024-byte packets"

}  // namespace

VirtualFastbootDevice::VirtualFastbootDevice(const FastbootDeviceConfig& config, Transport transport)
    : transport_(transport), board_(std::make_shared<FastbootBoard>(config)) {}

VirtualFastbootDevice::~VirtualFastbootDevice() {
  stop();
}

Status VirtualFastbootDevice::start() {
  stop();
  std::unique_lock lock(board_->mutex);
  stopping_ = false;
  opened_.reset();
  board_->device.powerOn(board_->clock.elapsed());
  if (transport_ == Transport::Usb) {
    board_->change.wait_for(lock, std::chrono::milliseconds(2 * board_->device.config().bootMs + 2));
    board_->advance();
    return {};
  }
  thread_.reset(QThread::create([this] { run(); }));
  thread_->start();
  board_->change.wait(lock, [this] { return opened_.has_value(); });
  return *opened_;
}

void VirtualFastbootDevice::stop() {
  {
    const std::scoped_lock lock(board_->mutex);
    stopping_ = true;
  }
  if (thread_) {
    thread_->wait();
    thread_.reset();
  }
}

LinkAddress VirtualFastbootDevice::address() const {
  const std::scoped_lock lock(board_->mutex);
  return address_;
}

std::shared_ptr<UsbFunction> VirtualFastbootDevice::usbFunction() {
  return std::make_shared<FastbootUsbFunction>(board_);
}

void VirtualFastbootDevice::run() {
  const std::unique_ptr<FastbootPort> port =
      transport_ == Transport::Tcp ? makeFastbootTcpPort(*board_) : makeFastbootUdpPort(*board_, kUdpPacket);
  const Result<LinkAddress> address = port->open();
  {
    const std::scoped_lock lock(board_->mutex);
    opened_ = address ? Status() : Status(tl::unexpected<Error>(address.error()));
    address_ = address.value_or(LinkAddress());
    board_->change.notify_all();
  }
  while (address) {
    int timeoutMs = kSliceMs;
    {
      const std::scoped_lock lock(board_->mutex);
      if (stopping_) {
        return;
      }
      const qint64 next = board_->device.nextEventMs();
      if (next != FastbootDevice::kNever) {
        timeoutMs = static_cast<int>(std::clamp<qint64>(next - board_->clock.elapsed(), 1, kSliceMs));
      }
    }
    port->poll(timeoutMs);
  }
}

VirtualFastbootDevice::Snapshot VirtualFastbootDevice::look() const {
  if (transport_ == Transport::Usb) {
    board_->advance();  // otherwise the port does, and opens or closes with it
  }
  const FastbootDevice& device = board_->device;
  Snapshot snapshot;
  snapshot.phase = device.phase();
  snapshot.currentSlot = device.currentSlot();
  snapshot.slots = {device.slot(0), device.slot(1)};
  snapshot.starts = device.starts();
  snapshot.downloadedBytes = device.downloadedBytes();
  snapshot.commands = device.commands();
  if (snapshot.phase == FastbootDevice::Phase::Running || snapshot.phase == FastbootDevice::Phase::Hanging) {
    if (const std::optional<FastbootFirmware> firmware = device.firmwareIn(device.currentSlot())) {
      snapshot.running = firmware->version;
    }
  }
  return snapshot;
}

VirtualFastbootDevice::Snapshot VirtualFastbootDevice::snapshot() const {
  const std::scoped_lock lock(board_->mutex);
  return look();
}

bool VirtualFastbootDevice::waitUntil(const std::function<bool(const Snapshot&)>& condition, int timeoutMs) const {
  std::unique_lock lock(board_->mutex);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeoutMs);
  while (!condition(look())) {
    if (std::chrono::steady_clock::now() >= end) {
      return false;
    }
    board_->change.wait_for(lock, std::chrono::milliseconds(kSliceMs));
  }
  return true;
}

QByteArray VirtualFastbootDevice::partition(const QByteArray& name, qsizetype size) const {
  const std::scoped_lock lock(board_->mutex);
  const FastbootPartition* partition = board_->device.storage().find(name);
  return partition == nullptr ? QByteArray() : board_->device.storage().read(*partition, 0, size);
}

void VirtualFastbootDevice::change(const std::function<void(FastbootBoard&)>& change) {
  const std::scoped_lock lock(board_->mutex);
  change(*board_);
  board_->change.notify_all();
}

void VirtualFastbootDevice::powerOff() {
  change([](FastbootBoard& board) { board.device.powerOff(); });
}

void VirtualFastbootDevice::powerOn() {
  change([](FastbootBoard& board) { board.device.powerOn(board.clock.elapsed()); });
}

void VirtualFastbootDevice::restartWithKey() {
  change([](FastbootBoard& board) {
    board.device.powerOff();
    board.device.holdKey();
    board.device.powerOn(board.clock.elapsed());
  });
}

}  // namespace sealift
