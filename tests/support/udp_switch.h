// A UDP port that leads to one device after another: what a technician's adapter does when boards are swapped.
#pragma once

#include "transports/links/link_address.h"

#include <QNetworkDatagram>
#include <QThread>
#include <QUdpSocket>

#include <atomic>
#include <memory>
#include <semaphore>

namespace sealift::test {

class UdpSwitch {
 public:
  // `at`: one of this computer's addresses.
  explicit UdpSwitch(const QHostAddress& at = QHostAddress::LocalHost)
      : at_(at), thread_(QThread::create([this] { run(); })) {
    thread_->start();
    ready_.acquire();
  }
  ~UdpSwitch() {
    stopping_ = true;
    thread_->wait();
  }
  UdpSwitch(const UdpSwitch&) = delete;
  UdpSwitch& operator=(const UdpSwitch&) = delete;

  LinkAddress address() const {
    LinkAddress address;
    address.kind = LinkKind::Udp;
    address.target = at_.toString();
    address.port = port_;
    return address;
  }
  void leadTo(const LinkAddress& device) { target_ = device.port; }

 private:
  void run() {
    constexpr int kSliceMs = 5;
    QUdpSocket front;
    QUdpSocket back;
    if (front.bind(at_, 0) && back.bind(QHostAddress::LocalHost, 0)) {
      port_ = front.localPort();
    }
    ready_.release();
    QHostAddress client;
    quint16 clientPort = 0;
    while (!stopping_) {
      (void)front.waitForReadyRead(kSliceMs);
      while (front.hasPendingDatagrams()) {
        const QNetworkDatagram datagram = front.receiveDatagram();
        client = datagram.senderAddress();
        clientPort = static_cast<quint16>(datagram.senderPort());
        back.writeDatagram(datagram.data(), QHostAddress(QHostAddress::LocalHost), target_);
      }
      (void)back.waitForReadyRead(kSliceMs);
      while (back.hasPendingDatagrams()) {
        front.writeDatagram(back.receiveDatagram().data(), client, clientPort);
      }
    }
  }

  const QHostAddress at_;
  std::atomic<bool> stopping_ = false;
  std::atomic<quint16> target_ = 0;
  std::atomic<quint16> port_ = 0;
  std::binary_semaphore ready_{0};
  std::unique_ptr<QThread> thread_;
};

}  // namespace sealift::test
