#include "transports/links/udp_link.h"

#include "transports/links/socket_wait.h"

#include <QNetworkDatagram>
#include <QThread>
#include <QVariant>

#include <algorithm>

namespace sealift {

Result<std::unique_ptr<UdpLink>> UdpLink::open(const QString& host, quint16 port, const Deadline& deadline,
                                               const CancelToken& cancel) {
  std::unique_ptr<UdpLink> link(new UdpLink);
  SEALIFT_TRY(link->address_, resolveHost(host, deadline, cancel));
  link->port_ = port;
  link->peer_ = QStringLiteral("%1 port %2").arg(host).arg(port);
  const bool v6 = link->address_.protocol() == QAbstractSocket::IPv6Protocol;
  if (!link->socket_.bind(v6 ? QHostAddress::AnyIPv6 : QHostAddress::AnyIPv4, 0)) {
    return fail(ErrorCode::LinkOpen,
                QStringLiteral("No UDP port could be opened: %1.").arg(link->socket_.errorString()),
                QStringLiteral("Check the computer's network."));
  }
  // Several chunks in flight come back in bursts; the default of some systems holds only a few.
  link->socket_.setSocketOption(QAbstractSocket::ReceiveBufferSizeSocketOption, QVariant(1 << 20));
  return link;
}

bool UdpLink::isPeer(const QHostAddress& address, int port) const {
  if (port != port_) {
    return false;
  }
  if (address_.protocol() != QAbstractSocket::IPv6Protocol) {
    return address.isEqual(address_, QHostAddress::ConvertV4MappedToIPv4);
  }
  const Q_IPV6ADDR have = address.toIPv6Address();
  const Q_IPV6ADDR want = address_.toIPv6Address();
  return std::equal(std::begin(have.c), std::end(have.c), std::begin(want.c));
}

Result<QByteArray> UdpLink::receive(const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    while (socket_.hasPendingDatagrams()) {
      const QNetworkDatagram datagram = socket_.receiveDatagram();
      if (datagram.isValid() && isPeer(datagram.senderAddress(), datagram.senderPort())) {
        return datagram.data();
      }
      if (cancel.isCancelled() || deadline.passed()) {
        break;  // a flood from others must not keep us here
      }
    }
    if (!socket_.waitForReadyRead(deadline.sliceMs()) && socket_.state() != QAbstractSocket::BoundState) {
      return fail(ErrorCode::LinkLost, QStringLiteral("The UDP port to %1 was closed.").arg(peer_));
    }
    if (deadline.passed() && !socket_.hasPendingDatagrams()) {
      return deadline.timeout();
    }
  }
}

Status UdpLink::send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) {
  if (datagram.size() > maxDatagram()) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A datagram of %1 bytes is too long for UDP.").arg(datagram.size()));
  }
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    if (socket_.writeDatagram(datagram.data(), datagram.size(), address_, port_) == datagram.size()) {
      return {};
    }
    switch (socket_.error()) {
      case QAbstractSocket::TemporaryError:  // the send buffer is full
        break;
      case QAbstractSocket::ConnectionRefusedError:  // an ICMP answer to an earlier datagram: loss
        return {};
      default:
        return fail(ErrorCode::LinkLost,
                    QStringLiteral("Nothing can be sent to %1: %2.").arg(peer_, socket_.errorString()));
    }
    if (deadline.passed()) {
      return deadline.timeout();
    }
    QThread::msleep(1);
  }
}

QString UdpLink::description() const {
  return QStringLiteral("UDP %1").arg(peer_);
}

}  // namespace sealift
