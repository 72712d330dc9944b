#include "transports/links/fd_link.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace sealift {
namespace {

constexpr qsizetype kReadChunk = 65536;

}  // namespace

FdLink::FdLink(int fd, const QString& description) : fd_(fd), description_(description) {
  const int flags = ::fcntl(fd_, F_GETFL);
  if (flags >= 0) {
    (void)::fcntl(fd_, F_SETFL, flags | O_NONBLOCK);
  }
}

FdLink::~FdLink() {
  ::close(fd_);
}

tl::unexpected<Error> FdLink::lost() const {
  return fail(ErrorCode::LinkLost, QStringLiteral("The other end of %1 went away.").arg(description_));
}

Result<bool> FdLink::waitFor(short events, const Deadline& deadline, const CancelToken& cancel) const {
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    pollfd poll{fd_, events, 0};
    const int ready = ::poll(&poll, 1, deadline.sliceMs());
    if (ready > 0) {
      return true;  // also for POLLHUP and POLLERR: the next read or write says what happened
    }
    if (ready < 0 && errno != EINTR) {
      return lost();
    }
    if (deadline.passed()) {
      return false;
    }
  }
}

Result<QByteArray> FdLink::read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  std::array<char, kReadChunk> chunk;  // not initialised: filled by read()
  for (;;) {
    SEALIFT_TRY(const bool ready, waitFor(POLLIN, deadline, cancel));
    if (!ready) {
      return deadline.timeout();
    }
    const ssize_t count = ::read(fd_, chunk.data(), static_cast<size_t>(std::min(maxBytes, kReadChunk)));
    if (count > 0) {
      return QByteArray(chunk.data(), count);
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      return lost();
    }
  }
}

Status FdLink::write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) {
  while (!bytes.isEmpty()) {
    SEALIFT_TRY(const bool ready, waitFor(POLLOUT, deadline, cancel));
    if (!ready) {
      return deadline.timeout();
    }
    const ssize_t count = ::write(fd_, bytes.data(), static_cast<size_t>(bytes.size()));
    if (count > 0) {
      bytes = bytes.sliced(count);
    } else if (errno != EAGAIN && errno != EINTR) {
      return lost();
    }
  }
  return {};
}

Status FdLink::discardInput() {
  std::array<char, kReadChunk> chunk;
  ssize_t count = 0;
  do {
    count = ::read(fd_, chunk.data(), chunk.size());
  } while (count > 0 || (count < 0 && errno == EINTR));
  if (count == 0 || errno != EAGAIN) {
    return lost();
  }
  return {};
}

}  // namespace sealift
