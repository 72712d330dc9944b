#include "devices/virtual/virtual_smp_device.h"

#include <algorithm>
#include <chrono>

namespace sealift {

namespace {

constexpr int kSliceMs = 20;  // how soon stop() is noticed

}  // namespace

VirtualSmpDevice::VirtualSmpDevice(const SmpDeviceConfig& config, Transport transport)
    : config_(config), transport_(transport), device_(config) {}

VirtualSmpDevice::~VirtualSmpDevice() {
  stop();
}

std::unique_ptr<DeviceChannel> VirtualSmpDevice::makeChannel() const {
  return transport_ == Transport::Udp ? makeUdpChannel() : makePtyChannel(static_cast<qsizetype>(config_.bufferSize));
}

Status VirtualSmpDevice::start() {
  stop();
  std::unique_lock lock(mutex_);
  stopping_ = false;
  opened_.reset();
  clock_.start();
  thread_.reset(QThread::create([this] { run(); }));
  thread_->start();
  change_.wait(lock, [this] { return opened_.has_value(); });
  return *opened_;
}

void VirtualSmpDevice::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    change_.notify_all();
  }
  if (thread_) {
    thread_->wait();
    thread_.reset();
  }
}

LinkAddress VirtualSmpDevice::address() const {
  const std::scoped_lock lock(mutex_);
  return address_;
}

void VirtualSmpDevice::run() {
  const std::unique_ptr<DeviceChannel> channel = makeChannel();
  {
    const Result<LinkAddress> address = channel->open();
    const std::scoped_lock lock(mutex_);
    opened_ = address ? Status() : Status(tl::unexpected<Error>(address.error()));
    if (address) {
      address_ = *address;
      device_.powerOn(clock_.elapsed());
    }
    changed();
    if (!address) {
      return;
    }
  }
  QList<DevicePacket> waiting;
  quint32 boots = 0;
  while (true) {
    int timeoutMs = 0;
    bool booted = false;
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) {
        return;
      }
      device_.advance(clock_.elapsed());
      changed();
      const qint64 next = device_.nextEventMs();
      timeoutMs = next == SmpDevice::kNever
                      ? kSliceMs
                      : static_cast<int>(std::clamp<qint64>(next - clock_.elapsed(), 1, kSliceMs));
      booted = device_.boots() != boots;
      boots = device_.boots();
    }
    if (booted) {
      channel->print("*** Booting MCUboot ***");
    }
    waiting += channel->receive(waiting.isEmpty() ? timeoutMs : 0);
    while (waiting.size() > static_cast<qsizetype>(config_.bufferCount)) {
      waiting.removeLast();  // no buffer for it
      const std::scoped_lock lock(mutex_);
      ++dropped_;
    }
    if (!waiting.isEmpty()) {
      serve(*channel, waiting.takeFirst());
    }
  }
}

void VirtualSmpDevice::serve(DeviceChannel& channel, const DevicePacket& request) {
  QByteArray response;
  {
    std::unique_lock lock(mutex_);
    response = device_.handle(request.bytes, clock_.elapsed());
    const qint64 busyMs = device_.lastBusyMs();
    changed();
    if (busyMs > 0) {
      change_.wait_for(lock, std::chrono::milliseconds(busyMs), [this] { return stopping_; });
    }
  }
  if (!response.isEmpty()) {
    channel.reply(request, response);
  }
}

VirtualSmpDevice::Snapshot VirtualSmpDevice::look() const {
  Snapshot snapshot;
  snapshot.phase = device_.phase();
  if (const std::optional<McubootImage> image = device_.running()) {
    snapshot.running = image->version;
  }
  snapshot.confirmed = device_.bootloader().isPrimaryConfirmed();
  snapshot.securityCounter = device_.bootloader().securityCounter();
  snapshot.boots = device_.boots();
  snapshot.watchdogResets = device_.watchdogResets();
  snapshot.uploadedBytes = device_.uploadedBytes();
  snapshot.flashOperations = device_.flashOperations();
  snapshot.identityLocked = device_.identity().locked();
  snapshot.droppedPackets = dropped_;
  return snapshot;
}

void VirtualSmpDevice::changed() {
  change_.notify_all();
}

VirtualSmpDevice::Snapshot VirtualSmpDevice::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return look();
}

bool VirtualSmpDevice::waitUntil(const std::function<bool(const Snapshot&)>& condition, int timeoutMs) const {
  std::unique_lock lock(mutex_);
  return change_.wait_for(lock, std::chrono::milliseconds(timeoutMs), [&] { return condition(look()); });
}

void VirtualSmpDevice::dropRequests(int count) {
  const std::scoped_lock lock(mutex_);
  device_.faults().dropRequests = count;
}

void VirtualSmpDevice::dropResponses(int count) {
  const std::scoped_lock lock(mutex_);
  device_.faults().dropResponses = count;
}

void VirtualSmpDevice::goSilentAfterBytes(qint64 count) {
  const std::scoped_lock lock(mutex_);
  device_.faults().goSilentAfterBytes = count;
}

void VirtualSmpDevice::refuseUploads(bool refuse) {
  const std::scoped_lock lock(mutex_);
  device_.faults().refuseUploads = refuse;
}

void VirtualSmpDevice::pretendToWrite(bool pretend) {
  const std::scoped_lock lock(mutex_);
  device_.faults().pretendToWrite = pretend;
}

void VirtualSmpDevice::spoilDeltas(bool spoil) {
  const std::scoped_lock lock(mutex_);
  device_.faults().spoilDeltas = spoil;
}

void VirtualSmpDevice::holdButton(bool held) {
  const std::scoped_lock lock(mutex_);
  device_.identity().setButtonHeld(held);
}

void VirtualSmpDevice::cutPowerAtFlashOperation(quint64 n) {
  const std::scoped_lock lock(mutex_);
  device_.flash().cutPowerAtOperation(n);
}

void VirtualSmpDevice::powerOff() {
  const std::scoped_lock lock(mutex_);
  device_.powerOff();
  changed();
}

void VirtualSmpDevice::powerOn() {
  const std::scoped_lock lock(mutex_);
  device_.powerOn(clock_.elapsed());
  changed();
}

}  // namespace sealift
