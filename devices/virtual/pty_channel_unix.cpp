// SMP over a serial console, on a POSIX pseudo terminal.
#include "devices/virtual/device_channel.h"
#include "devices/virtual/smp_frame.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace sealift {

namespace {

class PtyChannel final : public DeviceChannel {
 public:
  explicit PtyChannel(qsizetype maxPacket) : decoder_(maxPacket) {}
  PtyChannel(const PtyChannel&) = delete;
  PtyChannel& operator=(const PtyChannel&) = delete;
  ~PtyChannel() override {
    for (const int fd : {master_, slave_}) {
      if (fd >= 0) {
        ::close(fd);
      }
    }
  }

  Result<LinkAddress> open() override {
    char name[128] = {};
    master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    const bool opened = master_ >= 0 && ::grantpt(master_) == 0 && ::unlockpt(master_) == 0 &&
                        ::ptsname_r(master_, name, sizeof name) == 0;
    // Held open, so that the master does not see a hang-up when a client closes its end.
    slave_ = opened ? ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    termios settings{};
    if (slave_ < 0 || ::tcgetattr(slave_, &settings) != 0) {
      return fail(ErrorCode::LinkOpen, QStringLiteral("The virtual device got no pseudo terminal."));
    }
    ::cfmakeraw(&settings);
    if (::tcsetattr(slave_, TCSANOW, &settings) != 0) {
      return fail(ErrorCode::LinkOpen, QStringLiteral("The virtual device's pseudo terminal can't be set up."));
    }
    LinkAddress address;
    address.kind = LinkKind::Serial;
    address.target = QString::fromLocal8Bit(name);
    address.options.insert(QStringLiteral("baud"), QStringLiteral("115200"));
    return address;
  }

  QList<DevicePacket> receive(int timeoutMs) override {
    QList<DevicePacket> packets;
    while (waitFor(POLLIN, timeoutMs)) {
      char buffer[4096];
      const ssize_t count = ::read(master_, buffer, sizeof buffer);
      if (count <= 0) {
        break;
      }
      for (const QByteArray& bytes : decoder_.add(QByteArrayView(buffer, count))) {
        packets.append(DevicePacket{bytes, {}, 0});
      }
      timeoutMs = 0;
    }
    return packets;
  }

  void reply(const DevicePacket&, const QByteArray& bytes) override {
    for (const QByteArray& line : virtual_smp::encodeConsoleLines(bytes)) {
      write(line);
    }
  }

  void print(const QByteArray& line) override { write(line + "\r\n"); }

 private:
  bool waitFor(short events, int timeoutMs) const {
    pollfd entry{master_, events, 0};
    return ::poll(&entry, 1, timeoutMs) > 0 && (entry.revents & events) != 0;
  }

  // Nobody may be reading: what does not fit within a second is lost, as on a wire.
  void write(const QByteArray& bytes) const {
    qsizetype done = 0;
    while (done < bytes.size() && waitFor(POLLOUT, 1000)) {
      const ssize_t count = ::write(master_, bytes.constData() + done, static_cast<std::size_t>(bytes.size() - done));
      if (count < 0 && errno != EAGAIN && errno != EINTR) {
        return;
      }
      done += std::max<ssize_t>(count, 0);
    }
  }

  virtual_smp::ConsoleDecoder decoder_;
  int master_ = -1;
  int slave_ = -1;
};

}  // namespace

std::unique_ptr<DeviceChannel> makePtyChannel(qsizetype maxPacket) {
  return std::make_unique<PtyChannel>(maxPacket);
}

}  // namespace sealift
