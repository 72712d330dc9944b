// SMP over UDP: one frame a datagram (Zephyr's mcumgr UDP transport).
#include "devices/virtual/device_channel.h"

#include <QNetworkDatagram>
#include <QUdpSocket>

namespace sealift {

namespace {

class UdpChannel final : public DeviceChannel {
 public:
  Result<LinkAddress> open() override {
    if (!socket_.bind(QHostAddress::LocalHost, 0)) {
      return fail(ErrorCode::LinkOpen,
                  QStringLiteral("The virtual device got no UDP port: %1.").arg(socket_.errorString()));
    }
    LinkAddress address;
    address.kind = LinkKind::Udp;
    address.target = QStringLiteral("127.0.0.1");
    address.port = socket_.localPort();
    return address;
  }

  QList<DevicePacket> receive(int timeoutMs) override {
    QList<DevicePacket> packets;
    if (!socket_.hasPendingDatagrams() && timeoutMs > 0) {
      (void)socket_.waitForReadyRead(timeoutMs);
    }
    while (socket_.hasPendingDatagrams()) {
      const QNetworkDatagram datagram = socket_.receiveDatagram();
      packets.append({datagram.data(), datagram.senderAddress(), static_cast<quint16>(datagram.senderPort())});
    }
    return packets;
  }

  void reply(const DevicePacket& request, const QByteArray& bytes) override {
    (void)socket_.writeDatagram(bytes, request.from, request.port);  // lost, as any datagram may be
  }

  void print(const QByteArray&) override {}

 private:
  QUdpSocket socket_;
};

}  // namespace

std::unique_ptr<DeviceChannel> makeUdpChannel() {
  return std::make_unique<UdpChannel>();
}

}  // namespace sealift
