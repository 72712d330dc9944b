// Fastboot over TCP, the device's end. Source: AOSP, system/core/fastboot/README.md, "TCP Protocol v1".
#include "devices/virtual/fastboot_board.h"

#include <QTcpServer>
#include <QTcpSocket>
#include <QThread>
#include <QtEndian>

#include <algorithm>

namespace sealift {

namespace {

constexpr qint64 kLengthBytes = 8;
constexpr qint64 kMaxCommandMessage = 4096;
constexpr int kRepliesAtOnce = 64;
constexpr int kWriteMs = 1000;

class TcpPort final : public FastbootPort {
 public:
  explicit TcpPort(FastbootBoard& board) : board_(board) {}

  Result<LinkAddress> open() override {
    if (!server_.listen(QHostAddress::LocalHost, 0)) {
      return fail(ErrorCode::LinkOpen,
                  QStringLiteral("The virtual device got no TCP port: %1.").arg(server_.errorString()));
    }
    port_ = server_.serverPort();
    return LinkAddress{LinkKind::Tcp, QStringLiteral("127.0.0.1"), port_, {}};
  }

  void poll(int timeoutMs) override {
    if (!isReachable()) {
      QThread::msleep(static_cast<unsigned long>(timeoutMs));
      return;
    }
    if (!client_) {
      accept(timeoutMs);
      return;
    }
    if (client_->bytesAvailable() == 0 && !client_->waitForReadyRead(timeoutMs) &&
        client_->state() != QAbstractSocket::ConnectedState) {
      close();
      return;
    }
    while (client_ && takeNext()) {
    }
    sendReplies();
  }

 private:
  // Whoever sees what the device is doing can reach it, too: the port follows under the lock.
  bool isReachable() {
    const std::scoped_lock lock(board_.mutex);
    board_.advance();
    if (!board_.device.answers()) {
      close();
      server_.close();
    } else if (!server_.isListening()) {
      server_.listen(QHostAddress::LocalHost, port_);
    }
    board_.change.notify_all();
    return server_.isListening();
  }

  void accept(int timeoutMs) {
    if (!server_.hasPendingConnections() && !server_.waitForNewConnection(timeoutMs)) {
      return;
    }
    client_.reset(server_.nextPendingConnection());
    client_->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    client_->write("FB01");
    isFastboot_ = false;
    messageLeft_ = 0;
    const std::scoped_lock lock(board_.mutex);
    board_.device.beginSession();
  }

  void close() {
    if (client_) {
      client_->abort();
      client_.reset();
    }
  }

  // One handshake, length, command or piece of data. False when more has to come first.
  bool takeNext() {
    if (!isFastboot_) {
      if (client_->bytesAvailable() < 4) {
        return false;
      }
      const QByteArray handshake = client_->read(4);
      isFastboot_ = handshake.startsWith("FB") && handshake != "FB00";
      if (!isFastboot_) {
        close();
      }
      return isFastboot_;
    }
    const std::scoped_lock lock(board_.mutex);
    FastbootDevice& device = board_.device;
    if (messageLeft_ == 0) {
      if (client_->bytesAvailable() < kLengthBytes) {
        return false;
      }
      messageLeft_ = qFromBigEndian<qint64>(client_->read(kLengthBytes).constData());
      if (messageLeft_ < 0 || messageLeft_ > std::max(device.wantedBytes(), kMaxCommandMessage)) {
        close();
      }
      return client_ != nullptr;
    }
    if (device.wantedBytes() > 0) {
      const QByteArray data = client_->read(std::min(messageLeft_, device.wantedBytes()));
      messageLeft_ -= data.size();
      if (!data.isEmpty()) {
        device.takeData(data);
      }
      return !data.isEmpty() && device.answers();
    }
    if (client_->bytesAvailable() < messageLeft_) {
      return false;
    }
    device.takeCommand(client_->read(messageLeft_));
    messageLeft_ = 0;
    board_.change.notify_all();
    return false;  // replies first
  }

  void sendReplies() {
    for (int i = 0; client_ && i < kRepliesAtOnce; ++i) {
      std::optional<FastbootDevice::Output> output;
      {
        const std::scoped_lock lock(board_.mutex);
        board_.advance();
        output = board_.device.nextOutput();
      }
      if (!output) {
        return;
      }
      QByteArray length(kLengthBytes, '\0');
      qToBigEndian<qint64>(output->bytes.size(), length.data());
      client_->write(length + output->bytes);
      while (client_->bytesToWrite() > 0) {
        if (!client_->waitForBytesWritten(kWriteMs)) {
          close();  // it does not read, or is gone
          break;
        }
      }
    }
  }

  FastbootBoard& board_;
  QTcpServer server_;
  std::unique_ptr<QTcpSocket> client_;
  quint16 port_ = 0;
  bool isFastboot_ = false;
  qint64 messageLeft_ = 0;
};

}  // namespace

std::unique_ptr<FastbootPort> makeFastbootTcpPort(FastbootBoard& board) {
  return std::make_unique<TcpPort>(board);
}

}  // namespace sealift
