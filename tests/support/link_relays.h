// Links of known speed between a client and a virtual device: a serial line paced to its baud rate,
// and a network that holds each datagram for a fixed time however many are under way. Unix only.
#pragma once

#include "transports/links/link_address.h"
#include "transports/links/pty_pair.h"

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <deque>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace sealift::test {

using Clock = std::chrono::steady_clock;

// Both directions at once, each at baud / 10 bytes per second (8N1).
class PacedSerialRelay {
 public:
  PacedSerialRelay(const QString& devicePath, int baud)
      : pair_(PtyPair::open().value()), device_(openDevice(devicePath)), baud_(baud) {
    toDevice_ = std::thread([this] { pump(pair_->master(), *device_); });
    toClient_ = std::thread([this] { pump(*device_, pair_->master()); });
  }
  ~PacedSerialRelay() {
    cancel_.cancel();
    toDevice_.join();
    toClient_.join();
  }
  PacedSerialRelay(const PacedSerialRelay&) = delete;
  PacedSerialRelay& operator=(const PacedSerialRelay&) = delete;

  LinkAddress address() const {
    return LinkAddress{LinkKind::Serial, pair_->slavePath(), 0, {{QStringLiteral("baud"), QString::number(baud_)}}};
  }

 private:
  // The device has made its terminal raw already.
  static std::unique_ptr<FdLink> openDevice(const QString& path) {
    const int fd = ::open(path.toLocal8Bit().constData(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
      qFatal("The device's terminal can't be opened.");
    }
    return std::make_unique<FdLink>(fd, path);
  }

  void pump(ByteLink& from, ByteLink& to) {
    constexpr qsizetype kFifo = 32;
    const auto time = [](int ms) { return Deadline::in(std::chrono::milliseconds(ms), QStringLiteral("relaying")); };
    Clock::time_point free = Clock::now();
    while (!cancel_.isCancelled()) {
      // Bytes that wait already follow without a gap, also when this thread wakes up late; later ones do after one.
      auto bytes = from.read(kFifo, time(0), cancel_);
      if (!bytes && bytes.error().code == ErrorCode::Timeout) {
        bytes = from.read(kFifo, time(1000), cancel_);
        free = std::max(free, Clock::now());
      }
      if (!bytes) {
        if (bytes.error().code == ErrorCode::Timeout) {
          continue;
        }
        return;
      }
      free += std::chrono::nanoseconds(bytes->size() * 10'000'000'000LL / baud_);
      std::this_thread::sleep_until(free);
      if (!to.write(*bytes, time(5000), cancel_)) {
        return;
      }
    }
  }

  std::unique_ptr<PtyPair> pair_;
  std::unique_ptr<FdLink> device_;
  int baud_;
  CancelToken cancel_;
  std::thread toDevice_;
  std::thread toClient_;
};

class DelayingUdpRelay {
 public:
  DelayingUdpRelay(quint16 devicePort, std::chrono::microseconds delay) : delay_(delay) {
    front_ = bindLoopback(&port_);
    back_ = bindLoopback(nullptr);
    device_ = loopback(devicePort);
    thread_ = std::thread([this] { run(); });
  }
  ~DelayingUdpRelay() {
    stopping_ = true;
    thread_.join();
    ::close(front_);
    ::close(back_);
  }
  DelayingUdpRelay(const DelayingUdpRelay&) = delete;
  DelayingUdpRelay& operator=(const DelayingUdpRelay&) = delete;

  LinkAddress address() const { return LinkAddress{LinkKind::Udp, QStringLiteral("127.0.0.1"), port_, {}}; }

 private:
  struct Held {
    Clock::time_point due;
    bool toDevice;
    QByteArray bytes;
  };

  static sockaddr_in loopback(quint16 port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  static int bindLoopback(quint16* port) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      qFatal("No UDP socket on loopback.");
    }
    if (port != nullptr) {
      *port = ntohs(address.sin_port);
    }
    return fd;
  }
  void take(int fd, bool toDevice) {
    QByteArray buffer(65536, Qt::Uninitialized);
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t count = ::recvfrom(fd, buffer.data(), static_cast<std::size_t>(buffer.size()), MSG_DONTWAIT,
                                     reinterpret_cast<sockaddr*>(&from), &size);
    if (count < 0) {
      return;
    }
    buffer.truncate(count);
    if (toDevice) {
      client_ = from;
    }
    held_.push_back({Clock::now() + delay_, toDevice, buffer});
  }
  void run() {
    while (!stopping_) {
      auto wait = std::chrono::nanoseconds(std::chrono::milliseconds(50));
      if (!held_.empty()) {
        wait =
            std::clamp<std::chrono::nanoseconds>(held_.front().due - Clock::now(), std::chrono::nanoseconds(0), wait);
      }
      const timespec time{0, static_cast<long>(wait.count())};
      pollfd fds[] = {{front_, POLLIN, 0}, {back_, POLLIN, 0}};
      ::ppoll(fds, 2, &time, nullptr);
      if ((fds[0].revents & POLLIN) != 0) {
        take(front_, true);
      }
      if ((fds[1].revents & POLLIN) != 0) {
        take(back_, false);
      }
      while (!held_.empty() && held_.front().due <= Clock::now()) {
        const Held& next = held_.front();
        const sockaddr_in& to = next.toDevice ? device_ : client_;
        ::sendto(next.toDevice ? back_ : front_, next.bytes.constData(), static_cast<std::size_t>(next.bytes.size()), 0,
                 reinterpret_cast<const sockaddr*>(&to), sizeof to);
        held_.pop_front();
      }
    }
  }

  std::chrono::microseconds delay_;
  quint16 port_ = 0;
  int front_ = -1;
  int back_ = -1;
  sockaddr_in device_{};
  sockaddr_in client_{};
  std::deque<Held> held_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace sealift::test
