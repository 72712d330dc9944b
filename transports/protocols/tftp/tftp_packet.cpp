#include "transports/protocols/tftp/tftp_packet.h"

#include "app/base/byte_reader.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kMaxMessage = 120;
constexpr qsizetype kAckBytes = 4;

void append16(QByteArray& packet, quint16 value) {
  packet.append(static_cast<char>(value >> 8));
  packet.append(static_cast<char>(value & 0xFF));
}

// A text up to its zero byte; nothing when that is missing.
std::optional<QByteArray> takeText(ByteReader& reader, QByteArrayView packet) {
  const qsizetype end = packet.indexOf('\0', reader.position());
  if (end < 0) {
    return std::nullopt;
  }
  const QByteArray text = reader.take(end - reader.position()).toByteArray();
  reader.skip(1);
  return text;
}

}  // namespace

std::optional<TftpOpcode> tftpOpcode(QByteArrayView packet) {
  ByteReader reader(packet);
  const quint16 opcode = reader.be16();
  if (reader.failed() || opcode < static_cast<quint16>(TftpOpcode::ReadRequest) ||
      opcode > static_cast<quint16>(TftpOpcode::OptionAcknowledgement)) {
    return std::nullopt;
  }
  return static_cast<TftpOpcode>(opcode);
}

std::optional<TftpRequest> TftpRequest::parse(QByteArrayView packet) {
  const std::optional<TftpOpcode> opcode = tftpOpcode(packet);
  const bool isRequest = opcode == TftpOpcode::ReadRequest || opcode == TftpOpcode::WriteRequest;
  if (!isRequest || packet.size() > kMaxBytes) {
    return std::nullopt;
  }
  ByteReader reader(packet);
  reader.skip(2);
  const std::optional<QByteArray> fileName = takeText(reader, packet);
  const std::optional<QByteArray> mode = fileName ? takeText(reader, packet) : std::nullopt;
  if (!mode || fileName->isEmpty()) {
    return std::nullopt;
  }
  TftpRequest request{*opcode, *fileName, mode->toLower(), {}};
  while (reader.remaining() > 0) {
    const std::optional<QByteArray> name = takeText(reader, packet);
    const std::optional<QByteArray> value = name ? takeText(reader, packet) : std::nullopt;
    if (!value) {
      return std::nullopt;
    }
    // RFC 2347: names are not case sensitive, and an option may be given once only.
    const TftpOption option{name->toLower(), *value};
    const bool known = std::any_of(request.options.cbegin(), request.options.cend(),
                                   [&](const TftpOption& other) { return other.name == option.name; });
    if (!known) {
      request.options << option;
    }
  }
  return request;
}

std::optional<TftpError> TftpError::parse(QByteArrayView packet) {
  if (tftpOpcode(packet) != TftpOpcode::Error) {
    return std::nullopt;
  }
  ByteReader reader(packet);
  reader.skip(2);
  TftpError error;
  error.code = reader.be16();
  if (reader.failed()) {
    return std::nullopt;
  }
  // The zero byte at the end is forgotten by some; what was meant is clear all the same.
  const QByteArrayView rest = reader.take(std::min(reader.remaining(), kMaxMessage));
  const qsizetype end = rest.indexOf('\0');
  error.message = (end < 0 ? rest : rest.first(end)).toByteArray();
  for (char& c : error.message) {
    if (c < 0x20 || c >= 0x7F) {
      c = '?';
    }
  }
  return error;
}

std::optional<quint16> tftpAcknowledged(QByteArrayView packet) {
  if (packet.size() != kAckBytes || tftpOpcode(packet) != TftpOpcode::Acknowledgement) {
    return std::nullopt;
  }
  ByteReader reader(packet);
  reader.skip(2);
  return reader.be16();
}

QByteArray tftpDataPacket(quint16 block, QByteArrayView data) {
  QByteArray packet;
  packet.reserve(data.size() + 4);
  append16(packet, static_cast<quint16>(TftpOpcode::Data));
  append16(packet, block);
  packet.append(data);
  return packet;
}

QByteArray tftpErrorPacket(TftpErrorCode code, QByteArrayView message) {
  QByteArray packet;
  append16(packet, static_cast<quint16>(TftpOpcode::Error));
  append16(packet, static_cast<quint16>(code));
  packet.append(message);
  packet.append('\0');
  return packet;
}

QByteArray tftpOptionPacket(const QList<TftpOption>& options) {
  QByteArray packet;
  append16(packet, static_cast<quint16>(TftpOpcode::OptionAcknowledgement));
  for (const TftpOption& option : options) {
    packet.append(option.name);
    packet.append('\0');
    packet.append(option.value);
    packet.append('\0');
  }
  return packet;
}

}  // namespace sealift
