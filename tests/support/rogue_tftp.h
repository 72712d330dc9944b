// Another TFTP server that gives its own bytes to whoever asks for anything: what somebody in a device's network can
// run.
#pragma once

#include "tests/support/tftp_reader.h"

#include <QThread>

#include <atomic>
#include <memory>

namespace sealift::test {

class RogueTftp {
 public:
  // Listens when it returns; `works` is false when the port could not be had.
  RogueTftp(const QString& address, quint16 port, QByteArray bytes) : bytes_(std::move(bytes)) {
    thread_.reset(QThread::create([this, address, port] { serve(QHostAddress(address), port); }));
    thread_->start();
    while (!ready_) {
      QThread::msleep(1);
    }
  }
  ~RogueTftp() {
    stop_ = true;
    thread_->wait();
  }
  bool works() const { return works_; }
  int served() const { return served_; }

 private:
  // Blocks of 512 bytes, no options: the least that RFC 1350 asks for.
  void serve(const QHostAddress& address, quint16 port) {
    QUdpSocket socket;
    works_ = socket.bind(address, port);
    ready_ = true;
    while (!stop_ && works_) {
      if (!socket.waitForReadyRead(20)) {
        continue;
      }
      QByteArray packet(2000, '\0');
      QHostAddress from;
      quint16 fromPort = 0;
      packet.resize(std::max<qint64>(socket.readDatagram(packet.data(), packet.size(), &from, &fromPort), 0));
      const int opcode = tftpRead16(packet, 0);
      const int next = opcode == 1 ? 1 : opcode == 4 ? tftpRead16(packet, 2) + 1 : 0;
      if (next > 0 && (next - 1) * 512 <= bytes_.size()) {
        socket.writeDatagram(tftp16(3) + tftp16(next) + bytes_.mid((next - 1) * 512, 512), from, fromPort);
      } else if (next > 0) {
        ++served_;
      }
    }
  }

  QByteArray bytes_;
  std::unique_ptr<QThread> thread_;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> works_ = false;
  std::atomic<bool> stop_ = false;
  std::atomic<int> served_ = 0;
};

}  // namespace sealift::test
