#include "transports/links/pty_pair.h"

#include <QFile>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

namespace sealift {

Result<std::unique_ptr<PtyPair>> PtyPair::open() {
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
    return fail(ErrorCode::LinkOpen,
                QStringLiteral("No pseudo terminal could be made: %1.").arg(QString::fromLocal8Bit(strerror(errno))),
                QStringLiteral("Check that /dev/pts is mounted and not full."));
  }
  std::unique_ptr<PtyPair> pair(new PtyPair);
  pair->slave_ = slave;
  pair->master_ = std::make_unique<FdLink>(master, QStringLiteral("pseudo terminal"));
  // Children (QEMU, lrzsz) must not keep the pair alive after us.
  (void)::fcntl(master, F_SETFD, FD_CLOEXEC);
  (void)::fcntl(slave, F_SETFD, FD_CLOEXEC);
  termios mode{};
  std::array<char, 256> path{};
  if (::tcgetattr(slave, &mode) != 0 || ::ttyname_r(slave, path.data(), path.size()) != 0) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("The pseudo terminal has no usable slave."));
  }
  ::cfmakeraw(&mode);
  if (::tcsetattr(slave, TCSANOW, &mode) != 0) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("The pseudo terminal can't be set to raw bytes."));
  }
  pair->slavePath_ = QFile::decodeName(path.data());
  return pair;
}

PtyPair::~PtyPair() {
  if (slave_ >= 0) {
    ::close(slave_);
  }
}

}  // namespace sealift
