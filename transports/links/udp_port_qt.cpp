// Where Qt's socket is all there is.
#include "transports/links/udp_port.h"

namespace sealift {

Result<Datagram> UdpPort::receive(const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    const bool last = deadline.passed();
    // The answer to what was sent is hardly ever there already: waiting first saves a look for nothing.
    if (last || socket_.waitForReadyRead(deadline.sliceMs())) {
      Datagram datagram;
      const qint64 size =
          socket_.readDatagram(buffer_.data(), buffer_.size(), &datagram.sender.address, &datagram.sender.port);
      if (size >= 0) {
        datagram.bytes = QByteArray(buffer_.constData(), size);
        return datagram;
      }
    }
    if (socket_.state() != QAbstractSocket::BoundState) {
      return fail(ErrorCode::LinkLost, QStringLiteral("The UDP port was closed: %1.").arg(socket_.errorString()));
    }
    if (last) {
      return deadline.timeout();
    }
  }
}

bool UdpPort::sendBack(const DatagramPeer&, QByteArrayView) {
  return false;
}

}  // namespace sealift
