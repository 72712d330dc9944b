// The two calls that a server makes for each datagram, without what Qt's socket does besides: with blocks that wait for
// one another (TFTP's window of 1), these microseconds are what the server adds to a transfer.
#include "transports/links/udp_port.h"

#include <QNetworkInterface>

#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace sealift {
namespace {

QHostAddress addressOf(const sockaddr_storage& from) {
  QHostAddress address(reinterpret_cast<const sockaddr*>(&from));
  if (from.ss_family == AF_INET6) {
    const auto scope = reinterpret_cast<const sockaddr_in6*>(&from)->sin6_scope_id;
    if (scope != 0) {
      address.setScopeId(QNetworkInterface::interfaceNameFromIndex(static_cast<int>(scope)));
    }
  }
  return address;
}

quint16 portOf(const sockaddr_storage& from) {
  return from.ss_family == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6*>(&from)->sin6_port)
                                    : ntohs(reinterpret_cast<const sockaddr_in*>(&from)->sin_port);
}

}  // namespace

Result<Datagram> UdpPort::receive(const Deadline& deadline, const CancelToken& cancel) {
  const auto fd = static_cast<int>(socket_.socketDescriptor());
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    const bool last = deadline.passed();
    pollfd waiting{fd, POLLIN, 0};
    // The answer to what was sent is hardly ever there already: waiting first saves a look for nothing.
    if (last || ::poll(&waiting, 1, deadline.sliceMs()) > 0) {
      sockaddr_storage from{};
      socklen_t length = sizeof(from);
      const ssize_t size = ::recvfrom(fd, buffer_.data(), static_cast<size_t>(buffer_.size()), MSG_DONTWAIT,
                                      reinterpret_cast<sockaddr*>(&from), &length);
      if (size >= 0) {
        const QByteArrayView raw(reinterpret_cast<const char*>(&from), static_cast<qsizetype>(length));
        if (raw != senderRaw_) {  // mostly it is the one client
          senderRaw_ = raw.toByteArray();
          sender_ = {addressOf(from), portOf(from)};
        }
        return Datagram{sender_, QByteArray(buffer_.constData(), size)};
      }
      // An error of an earlier datagram, told now (ICMP), is not the port's end.
      if (errno == EBADF || errno == ENOTSOCK) {
        return fail(ErrorCode::LinkLost, QStringLiteral("The UDP port was closed."));
      }
    }
    if (last) {
      return deadline.timeout();
    }
  }
}

// To whoever sent last. False: to be sent by other means, which also say what is wrong.
bool UdpPort::sendBack(const DatagramPeer& to, QByteArrayView datagram) {
  if (senderRaw_.isEmpty() || !(to == sender_)) {
    return false;
  }
  return ::sendto(static_cast<int>(socket_.socketDescriptor()), datagram.data(), static_cast<size_t>(datagram.size()),
                  0, reinterpret_cast<const sockaddr*>(senderRaw_.constData()),
                  static_cast<socklen_t>(senderRaw_.size())) == datagram.size();
}

}  // namespace sealift
