#include "transports/links/tcp_link.h"

#include "transports/links/socket_wait.h"

namespace sealift {

Result<std::unique_ptr<TcpLink>> TcpLink::open(const QString& host, quint16 port, const Deadline& deadline,
                                               const CancelToken& cancel) {
  SEALIFT_TRY(const QHostAddress address, resolveHost(host, deadline, cancel));
  std::unique_ptr<TcpLink> link(new TcpLink);
  link->peer_ = QStringLiteral("%1 port %2").arg(host).arg(port);
  QTcpSocket& socket = link->socket_;
  socket.connectToHost(address, port);
  SEALIFT_CHECK(waitForSocket(
      [&socket] {
        return socket.state() == QAbstractSocket::ConnectedState || socket.state() == QAbstractSocket::UnconnectedState;
      },
      deadline, cancel));
  if (socket.state() != QAbstractSocket::ConnectedState) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("No connection to %1: %2.").arg(link->peer_, socket.errorString()),
                QStringLiteral("Check the address, the network and that the device is powered."));
  }
  // Protocols wait for answers to short messages; Nagle's algorithm would hold those back.
  socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
  return link;
}

Status TcpLink::checkStillThere() const {
  if (socket_.state() == QAbstractSocket::ConnectedState) {
    return {};
  }
  return fail(ErrorCode::LinkLost, QStringLiteral("The connection to %1 was closed.").arg(peer_));
}

Result<QByteArray> TcpLink::read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    if (socket_.bytesAvailable() > 0) {
      return socket_.read(maxBytes);
    }
    SEALIFT_CHECK(checkStillThere());
    if (!socket_.waitForReadyRead(deadline.sliceMs()) && deadline.passed() && socket_.bytesAvailable() == 0) {
      SEALIFT_CHECK(checkStillThere());
      return deadline.timeout();
    }
  }
}

Status TcpLink::write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  SEALIFT_CHECK(checkStillThere());
  if (socket_.write(bytes.data(), bytes.size()) != bytes.size()) {
    return fail(ErrorCode::LinkLost, QStringLiteral("The connection to %1 takes no more bytes.").arg(peer_));
  }
  while (socket_.bytesToWrite() > 0) {
    if (socket_.waitForBytesWritten(deadline.sliceMs())) {
      continue;
    }
    SEALIFT_CHECK(checkStillThere());
    // Half a message was sent: the stream can't be used for another one.
    if (cancel.isCancelled() || deadline.passed()) {
      socket_.abort();
      return cancel.isCancelled() ? cancel.check() : Status(deadline.timeout());
    }
  }
  return {};
}

Status TcpLink::discardInput() {
  do {
    socket_.skip(socket_.bytesAvailable());
  } while (socket_.waitForReadyRead(0));
  return checkStillThere();
}

QString TcpLink::description() const {
  return QStringLiteral("TCP %1").arg(peer_);
}

}  // namespace sealift
