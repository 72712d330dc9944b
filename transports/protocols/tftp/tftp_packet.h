// TFTP packets, as a server reads and writes them. Sources: RFC 1350 section 5, RFC 2347 (options).
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>

namespace sealift {

// RFC 1350 section 5, RFC 2347.
enum class TftpOpcode : quint16 {
  ReadRequest = 1,
  WriteRequest = 2,
  Data = 3,
  Acknowledgement = 4,
  Error = 5,
  OptionAcknowledgement = 6,
};

// RFC 1350, appendix, "Error Codes"; the last one: RFC 2347.
enum class TftpErrorCode : quint16 {
  Undefined = 0,
  FileNotFound = 1,
  AccessViolation = 2,
  DiskFull = 3,
  IllegalOperation = 4,
  UnknownTransferId = 5,
  FileAlreadyExists = 6,
  NoSuchUser = 7,
  OptionsRefused = 8,
};

struct TftpOption {
  QByteArray name;  // lower case
  QByteArray value;

  bool operator==(const TftpOption&) const = default;
};

// RRQ or WRQ.
struct TftpRequest {
  TftpOpcode opcode = TftpOpcode::ReadRequest;
  QByteArray fileName;
  QByteArray mode;            // lower case
  QList<TftpOption> options;  // each name once: the first one counts

  static constexpr qsizetype kMaxBytes = 512;  // RFC 2347, "Packet Formats"
  // Nothing when it is no request, too long, or not made of texts that end with a zero byte.
  static std::optional<TftpRequest> parse(QByteArrayView packet);
};

struct TftpError {
  quint16 code = 0;
  QByteArray message;  // printable, at most 120 characters: whatever the other side sent is made harmless

  static std::optional<TftpError> parse(QByteArrayView packet);
};

// The packet's first two bytes; nothing when there are no such, or they are no opcode.
std::optional<TftpOpcode> tftpOpcode(QByteArrayView packet);
// The block number of an ACK of exactly four bytes.
std::optional<quint16> tftpAcknowledged(QByteArrayView packet);

QByteArray tftpDataPacket(quint16 block, QByteArrayView data);
QByteArray tftpErrorPacket(TftpErrorCode code, QByteArrayView message);
QByteArray tftpOptionPacket(const QList<TftpOption>& options);

}  // namespace sealift
