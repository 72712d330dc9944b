// Fastboot over UDP, the device's end. Source: AOSP, system/core/fastboot/README.md, "UDP Protocol v1", "Summary".
#include "devices/virtual/fastboot_board.h"

#include <QNetworkDatagram>
#include <QUdpSocket>
#include <QtEndian>

#include <algorithm>

namespace sealift {

namespace {

constexpr qsizetype kHeader = 4;
constexpr qsizetype kMaxCommand = 4096;
enum PacketId : quint8 { kError = 0, kQuery = 1, kInit = 2, kFastboot = 3 };

QByteArray be16(quint16 value) {
  QByteArray bytes(2, '\0');
  qToBigEndian(value, bytes.data());
  return bytes;
}

bool takeOne(int& count) {
  if (count == 0) {
    return false;
  }
  --count;
  return true;
}

class UdpPort final : public FastbootPort {
 public:
  UdpPort(FastbootBoard& board, quint16 packetSize) : board_(board), ownSize_(packetSize) {}

  Result<LinkAddress> open() override {
    if (!socket_.bind(QHostAddress::LocalHost, 0)) {
      return fail(ErrorCode::LinkOpen,
                  QStringLiteral("The virtual device got no UDP port: %1.").arg(socket_.errorString()));
    }
    return LinkAddress{LinkKind::Udp, QStringLiteral("127.0.0.1"), socket_.localPort(), {}};
  }

  void poll(int timeoutMs) override {
    if (!socket_.hasPendingDatagrams()) {
      (void)socket_.waitForReadyRead(timeoutMs);
    }
    const std::scoped_lock lock(board_.mutex);
    board_.advance();
    if (board_.device.starts() != starts_) {  // a new start knows nothing of the old session
      starts_ = board_.device.starts();
      expected_ = static_cast<quint16>(0xFFF0 + starts_ * 7);
      saved_.clear();
    }
    while (socket_.hasPendingDatagrams()) {
      const QNetworkDatagram datagram = socket_.receiveDatagram();
      if (!board_.device.answers() || takeOne(board_.dropRequests)) {
        continue;
      }
      const QByteArray response = handle(datagram.data());
      if (response.isEmpty() || takeOne(board_.dropResponses)) {
        continue;
      }
      (void)socket_.writeDatagram(response, datagram.senderAddress(), static_cast<quint16>(datagram.senderPort()));
      if (takeOne(board_.duplicateResponses)) {
        (void)socket_.writeDatagram(response, datagram.senderAddress(), static_cast<quint16>(datagram.senderPort()));
      }
    }
    board_.change.notify_all();
  }

 private:
  QByteArray packet(quint8 id, bool continues, quint16 sequence, const QByteArray& data) const {
    return QByteArray(1, static_cast<char>(id)) + (continues ? '\x01' : '\x00') + be16(sequence) + data;
  }

  QByteArray handle(const QByteArray& request) {
    if (request.size() < kHeader) {
      return {};
    }
    const auto id = static_cast<quint8>(request[0]);
    const bool continues = (request[1] & 1) != 0;
    const auto sequence = qFromBigEndian<quint16>(request.constData() + 2);
    const QByteArray data = request.mid(kHeader);
    if (id == kQuery) {
      return packet(kQuery, false, sequence, be16(expected_));
    }
    if (sequence == static_cast<quint16>(expected_ - 1)) {
      return saved_;
    }
    if (sequence != expected_) {
      return {};
    }
    const QByteArray response = act(id, continues, sequence, data);
    if (!response.isEmpty()) {
      saved_ = response;
      ++expected_;
    }
    return response;
  }

  // Empty: not yet, the host will ask again.
  QByteArray act(quint8 id, bool continues, quint16 sequence, const QByteArray& data) {
    FastbootDevice& device = board_.device;
    if (id == kInit && data.size() >= 4) {
      const auto theirs = qFromBigEndian<quint16>(data.constData() + 2);
      packetSize_ = std::min(ownSize_, theirs);
      command_.clear();
      rest_.clear();
      device.beginSession();
      return packet(kInit, false, sequence, be16(1) + be16(ownSize_));
    }
    if (id != kFastboot || isTooLong(data)) {
      return packet(kError, false, sequence, "not a packet of this protocol");
    }
    if (data.isEmpty()) {
      return giveReply(sequence);
    }
    if (device.wantedBytes() > 0) {
      if (data.size() > device.wantedBytes()) {
        return packet(kError, false, sequence, "more data than announced");
      }
      device.takeData(data);
      return device.answers() ? packet(kFastboot, false, sequence, {}) : QByteArray();
    }
    command_ += data;
    if (!continues) {
      device.takeCommand(command_);
      command_.clear();
    }
    return packet(kFastboot, false, sequence, {});
  }

  bool isTooLong(const QByteArray& data) const {
    return data.size() + kHeader > packetSize_ || command_.size() + data.size() > kMaxCommand + packetSize_;
  }

  QByteArray giveReply(quint16 sequence) {
    if (rest_.isEmpty()) {
      const std::optional<FastbootDevice::Output> output = board_.device.nextOutput();
      if (!output) {
        return {};
      }
      rest_ = output->bytes;
    }
    const QByteArray part = rest_.left(packetSize_ - kHeader);
    rest_ = rest_.mid(part.size());
    return packet(kFastboot, !rest_.isEmpty(), sequence, part);
  }

  FastbootBoard& board_;
  QUdpSocket socket_;
  quint16 ownSize_;
  quint16 packetSize_ = 512;
  quint16 expected_ = 0;
  quint32 starts_ = 0;
  QByteArray saved_;    // the last response
  QByteArray command_;  // so far
  QByteArray rest_;     // of a reply that takes several packets
};

}  // namespace

std::unique_ptr<FastbootPort> makeFastbootUdpPort(FastbootBoard& board, quint16 packetSize) {
  return std::make_unique<UdpPort>(board, packetSize);
}

}  // namespace sealift
