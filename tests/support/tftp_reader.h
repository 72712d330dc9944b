// A TFTP client for tests, written from the RFCs with no code of the server's: reads one file and loses on purpose what
// a test wants lost. Loopback only.
#pragma once

#include <QByteArray>
#include <QElapsedTimer>
#include <QHostAddress>
#include <QList>
#include <QMap>
#include <QUdpSocket>
#include <QVariant>

#include <functional>
#include <utility>

namespace sealift::test {

inline QByteArray tftp16(int value) {
  return QByteArray(1, static_cast<char>((value >> 8) & 0xFF)) + static_cast<char>(value & 0xFF);
}
inline int tftpRead16(const QByteArray& packet, qsizetype at) {
  return packet.size() < at + 2 ? -1 : (static_cast<quint8>(packet[at]) << 8) | static_cast<quint8>(packet[at + 1]);
}
// RRQ (1) or WRQ (2), RFC 1350 figure 5-1 and RFC 2347.
inline QByteArray tftpRequest(int opcode, const QByteArray& name, const QByteArray& mode = "octet",
                              const QList<std::pair<QByteArray, QByteArray>>& options = {}) {
  QByteArray packet = tftp16(opcode) + name + '\0' + mode + '\0';
  for (const auto& [option, value] : options) {
    packet += option + '\0' + value + '\0';
  }
  return packet;
}
inline QByteArray tftpAck(int block) {
  return tftp16(4) + tftp16(block);
}
inline QByteArray tftpError(int code, const QByteArray& message) {
  return tftp16(5) + tftp16(code) + message + '\0';
}

class TftpClientSocket {
 public:
  explicit TftpClientSocket(const QHostAddress& address = QHostAddress(QHostAddress::LocalHost)) {
    socket_.bind(address, 0);
    socket_.setSocketOption(QAbstractSocket::ReceiveBufferSizeSocketOption, 1 << 20);
  }
  void send(const QByteArray& packet, quint16 port) {
    socket_.writeDatagram(packet, QHostAddress(QHostAddress::LocalHost), port);
  }
  // Empty when nothing came in time.
  QByteArray receive(int milliseconds = 10'000) {
    QElapsedTimer timer;
    timer.start();
    while (!socket_.hasPendingDatagrams()) {
      if (timer.elapsed() > milliseconds) {
        return {};
      }
      socket_.waitForReadyRead(20);
    }
    QByteArray packet(70'000, '\0');
    packet.resize(std::max<qint64>(socket_.readDatagram(packet.data(), packet.size(), nullptr, &from_), 0));
    return packet;
  }
  bool hasNothing() const { return !socket_.hasPendingDatagrams(); }
  quint16 from() const { return from_; }  // port of the last packet's sender

 private:
  QUdpSocket socket_;
  quint16 from_ = 0;
};

struct TftpReading {
  QByteArray bytes;
  QMap<QByteArray, QByteArray> agreed;  // the OACK
  QByteArray problem;                   // empty when the whole file came
  int received = 0;                     // data packets, also those that were lost on purpose
};

// `lost`: says of each data packet, counted from 0, whether it is to be lost.
inline TftpReading tftpReadFile(
    quint16 port, const QByteArray& name, const QList<std::pair<QByteArray, QByteArray>>& options = {},
    const std::function<bool(int)>& lost = [](int) { return false; }) {
  TftpClientSocket socket;
  TftpReading reading;
  socket.send(tftpRequest(1, name, "octet", options), port);
  qint64 last = 0;  // block in order, counted without end
  int blockBytes = 512;
  int window = 1;
  int inWindow = 0;
  int silences = 0;
  quint16 server = 0;
  for (;;) {
    const QByteArray packet = socket.receive(500);
    if (packet.isEmpty()) {
      if (++silences > 20) {
        reading.problem = "silence";
        return reading;
      }
      if (server != 0) {
        socket.send(tftpAck(static_cast<int>(last & 0xFFFF)), server);  // RFC 7440: says where it goes on
        inWindow = 0;
      }
      continue;
    }
    silences = 0;
    server = socket.from();
    const int opcode = tftpRead16(packet, 0);
    if (opcode == 5) {
      reading.problem = packet.mid(2);
      return reading;
    }
    if (opcode == 6) {
      QList<QByteArray> words = packet.mid(2).split('\0');
      for (qsizetype i = 0; i + 1 < words.size(); i += 2) {
        reading.agreed[words[i]] = words[i + 1];
      }
      blockBytes = reading.agreed.value("blksize", "512").toInt();
      window = reading.agreed.value("windowsize", "1").toInt();
      socket.send(tftpAck(0), server);
      continue;
    }
    if (opcode != 3) {
      reading.problem = "unexpected packet";
      return reading;
    }
    if (lost(reading.received++)) {
      continue;
    }
    if (tftpRead16(packet, 2) != static_cast<int>((last + 1) & 0xFFFF)) {
      if (window > 1 && inWindow >= 0) {
        socket.send(tftpAck(static_cast<int>(last & 0xFFFF)), server);
        inWindow = -1;  // said once for this window
      }
      continue;
    }
    ++last;
    inWindow = std::max(inWindow, 0) + 1;
    reading.bytes += packet.mid(4);
    const bool ended = packet.size() - 4 < blockBytes;
    if (ended || inWindow == window) {
      socket.send(tftpAck(static_cast<int>(last & 0xFFFF)), server);
      inWindow = 0;
    }
    if (ended) {
      return reading;
    }
  }
}

}  // namespace sealift::test
