// SMP frames as a server reads and writes them.
// Source: Zephyr, doc/services/device_mgmt/smp_protocol.rst, "Frame: The envelope", and smp_transport.rst,
// "UART/serial and console". Written apart from the client's codec, so that the two check one another.
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QCborMap>
#include <QList>

#include <optional>

namespace sealift::virtual_smp {

enum Op : quint8 { kRead = 0, kReadResponse = 1, kWrite = 2, kWriteResponse = 3 };

inline constexpr qsizetype kHeaderBytes = 8;

struct Frame {
  quint8 version = 0;  // 0: SMP version 1, 1: SMP version 2
  quint8 op = kRead;
  quint16 group = 0;
  quint8 sequence = 0;
  quint8 command = 0;
  QCborMap body;

  // Nothing for what is no request: short, of another length than it says, or without a CBOR map.
  static std::optional<Frame> decodeRequest(QByteArrayView bytes);
  // `indefinite`: the map in CBOR's form without a length, as older servers wrote it.
  QByteArray encode(bool indefinite = false) const;
};

// CRC-16 with polynomial 0x1021 and initial value 0 ("CRC Details").
quint16 crc16(QByteArrayView bytes);

// Lines of at most 127 bytes (newline included) for one packet.
QList<QByteArray> encodeConsoleLines(QByteArrayView packet);

// Puts packets together from a console's bytes. Everything that is no frame (a shell, log lines) is skipped.
class ConsoleDecoder {
 public:
  explicit ConsoleDecoder(qsizetype maxPacket) : maxPacket_(maxPacket) {}
  QList<QByteArray> add(QByteArrayView bytes);

 private:
  std::optional<QByteArray> addLine(const QByteArray& line);

  qsizetype maxPacket_;
  QByteArray line_;
  QByteArray packet_;        // so far, without the length field
  qsizetype expected_ = -1;  // its size with the CRC; below 0: no packet is open
};

}  // namespace sealift::virtual_smp
