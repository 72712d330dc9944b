#include "devices/virtual/virtual_stm32_device.h"

#include <algorithm>
#include <array>
#include <termios.h>

namespace sealift {

namespace {

constexpr qsizetype kMostAtOnce = 512;
constexpr int kBitsPerByte = 11;  // start, 8 data, parity, stop
constexpr std::chrono::milliseconds kLook{50};

struct Speed {
  speed_t code;
  int baud;
};
constexpr std::array<Speed, 12> kSpeeds{{{B1200, 1200},
                                         {B2400, 2400},
                                         {B4800, 4800},
                                         {B9600, 9600},
                                         {B19200, 19200},
                                         {B38400, 38400},
                                         {B57600, 57600},
                                         {B115200, 115200},
                                         {B230400, 230400},
                                         {B460800, 460800},
                                         {B921600, 921600},
                                         {B1000000, 1000000}}};

// What the client set its end to; the master tells the same.
int baudOf(int fd) {
  termios mode{};
  if (::tcgetattr(fd, &mode) != 0) {
    return 0;
  }
  const auto found = std::find_if(kSpeeds.begin(), kSpeeds.end(),
                                  [&](const Speed& speed) { return speed.code == ::cfgetospeed(&mode); });
  return found == kSpeeds.end() ? 0 : found->baud;
}

}  // namespace

VirtualStm32Device::VirtualStm32Device(const Stm32MachineConfig& config, bool paced)
    : machine_(config), paced_(paced) {}

VirtualStm32Device::~VirtualStm32Device() {
  stop_.cancel();
  if (thread_.joinable()) {
    thread_.join();
  }
}

Status VirtualStm32Device::start() {
  SEALIFT_TRY(pty_, PtyPair::open());
  thread_ = std::thread([this] { run(); });
  return {};
}

LinkAddress VirtualStm32Device::address(int baud) const {
  return {LinkKind::Serial, pty_->slavePath(), 0, {{QStringLiteral("baud"), QString::number(baud)}}};
}

void VirtualStm32Device::with(const std::function<void(Stm32Machine&)>& use) const {
  const std::scoped_lock lock(mutex_);
  use(machine_);
  change_.notify_all();
}

quint64 VirtualStm32Device::lostBytes() const {
  const std::scoped_lock lock(mutex_);
  return lostBytes_;
}

bool VirtualStm32Device::waitUntil(const std::function<bool(const Stm32Machine&)>& condition, int timeoutMs) const {
  std::unique_lock lock(mutex_);
  return change_.wait_for(lock, std::chrono::milliseconds(timeoutMs), [&] { return condition(machine_); });
}

std::chrono::nanoseconds VirtualStm32Device::timeOf(qsizetype bytes) const {
  const int baud = paced_ ? baudOf(pty_->master().fd()) : 0;
  return std::chrono::nanoseconds(baud == 0 ? 0 : bytes * kBitsPerByte * 1'000'000'000LL / baud);
}

void VirtualStm32Device::run() {
  while (!stop_.isCancelled()) {
    const auto bytes = pty_->master().read(kMostAtOnce, Deadline::in(kLook, QStringLiteral("a byte")), stop_);
    if (bytes) {
      lineFree_ = std::max(lineFree_, Clock::now()) + timeOf(bytes->size());
      std::this_thread::sleep_until(lineFree_);
      serve(*bytes);
    } else if (bytes.error().code != ErrorCode::Timeout) {
      return;
    }
  }
}

void VirtualStm32Device::serve(QByteArrayView bytes) {
  for (qsizetype i = 0; i < bytes.size(); ++i) {
    Stm32Machine::Reaction reaction;
    {
      const std::scoped_lock lock(mutex_);
      reaction = machine_.feed(static_cast<quint8>(bytes[i]));
      change_.notify_all();
      if (!reaction.isEmpty()) {
        lostBytes_ += static_cast<quint64>(bytes.size() - i - 1);
      }
    }
    if (!reaction.isEmpty()) {
      answer(reaction);
      return;
    }
  }
}

// Nothing was read from the client since the byte that is answered now.
void VirtualStm32Device::dropEarlyBytes() {
  const Deadline now = Deadline::in(std::chrono::milliseconds(0), QStringLiteral("bytes that came too early"));
  for (auto early = pty_->master().read(kMostAtOnce, now, stop_); early;
       early = pty_->master().read(kMostAtOnce, now, stop_)) {
    const std::scoped_lock lock(mutex_);
    lostBytes_ += static_cast<quint64>(early->size());
  }
}

void VirtualStm32Device::answer(const Stm32Machine::Reaction& reaction) {
  lineFree_ = std::max(lineFree_, Clock::now());
  for (const Stm32Machine::Part& part : reaction) {
    lineFree_ += part.after + timeOf(part.bytes.size());
    std::this_thread::sleep_until(lineFree_);
    dropEarlyBytes();
    const Deadline deadline = Deadline::in(std::chrono::seconds(1), QStringLiteral("the client to read"));
    (void)pty_->master().write(part.bytes, deadline, stop_);  // on a wire nobody has to read either
  }
}

}  // namespace sealift
