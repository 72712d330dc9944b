#include "transports/links/udp_port.h"

#include <QCoreApplication>
#include <QVariant>

namespace sealift {
namespace {

constexpr qsizetype kMaxDatagram = 65507;  // 65535 less the IPv4 and UDP headers (RFC 768)
constexpr int kBufferBytes = 1 << 20;

QString permissionRemedy(quint16 port) {
#ifdef Q_OS_LINUX
  return QStringLiteral(
             "Let Sealift open port %1: \"sudo setcap cap_net_bind_service=+ep %2\", or for every program until the "
             "next start of this computer: \"sudo sysctl net.ipv4.ip_unprivileged_port_start=%1\".")
      .arg(port)
      .arg(QCoreApplication::applicationFilePath());
#elif defined(Q_OS_WIN)
  return QStringLiteral(
             "Allow Sealift in Windows Defender Firewall for this network (inbound UDP, port %1 and the ports of its "
             "transfers).")
      .arg(port);
#else
  return QStringLiteral("Start Sealift with the right to open UDP port %1.").arg(port);
#endif
}

}  // namespace

Result<std::unique_ptr<UdpPort>> UdpPort::open(const QHostAddress& own, quint16 port) {
  std::unique_ptr<UdpPort> udp(new UdpPort);
  if (!udp->socket_.bind(own, port, QAbstractSocket::DontShareAddress)) {
    const QString where = QStringLiteral("UDP port %1 of %2").arg(port).arg(own.toString());
    switch (udp->socket_.error()) {
      case QAbstractSocket::SocketAccessError:
        return fail(ErrorCode::LinkPermission, QStringLiteral("This program may not open %1.").arg(where),
                    permissionRemedy(port));
      case QAbstractSocket::AddressInUseError:
        return fail(ErrorCode::LinkOpen, QStringLiteral("Another program uses %1.").arg(where),
                    QStringLiteral("Stop the other TFTP server on this computer, then try again."));
      default:
        return fail(ErrorCode::LinkOpen,
                    QStringLiteral("%1 could not be opened: %2.").arg(where, udp->socket_.errorString()),
                    QStringLiteral("Check the computer's network."));
    }
  }
  udp->socket_.setSocketOption(QAbstractSocket::ReceiveBufferSizeSocketOption, QVariant(kBufferBytes));
  udp->socket_.setSocketOption(QAbstractSocket::SendBufferSizeSocketOption, QVariant(kBufferBytes));
  udp->buffer_.resize(kMaxDatagram);
  return udp;
}

Status UdpPort::send(const DatagramPeer& to, QByteArrayView datagram) {
  if (datagram.size() > kMaxDatagram) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("A datagram of %1 bytes is too long for UDP.").arg(datagram.size()));
  }
  if (sendBack(to, datagram)) {
    return {};
  }
  if (socket_.writeDatagram(datagram.data(), datagram.size(), to.address, to.port) == datagram.size()) {
    return {};
  }
  switch (socket_.error()) {
    case QAbstractSocket::TemporaryError:          // the send buffer is full
    case QAbstractSocket::ConnectionRefusedError:  // an ICMP answer to an earlier datagram
    case QAbstractSocket::NetworkError:            // the peer's network is away for a moment
    case QAbstractSocket::DatagramTooLargeError:   // longer than the way there takes
      return {};
    default:
      return fail(ErrorCode::LinkLost,
                  QStringLiteral("Nothing can be sent to %1: %2.").arg(to.address.toString(), socket_.errorString()));
  }
}

Result<QHostAddress> ownAddressTowards(const QHostAddress& peer) {
  QUdpSocket probe;
  constexpr quint16 kDiscard = 9;  // any port will do: connecting a UDP socket sends nothing
  probe.connectToHost(peer, kDiscard);
  constexpr int kWaitMs = 1'000;
  if (!probe.waitForConnected(kWaitMs) || probe.localAddress().isNull()) {
    return fail(
        ErrorCode::LinkOpen,
        QStringLiteral("This computer has no network on which %1 could be reached.").arg(peer.toString()),
        QStringLiteral("Connect the device's network to this computer and check this computer's address on it."));
  }
  return probe.localAddress();
}

}  // namespace sealift
