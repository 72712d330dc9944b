#include "devices/virtual/usbip_message.h"

#include "app/base/byte_reader.h"

namespace sealift::usbip {

namespace {

constexpr quint32 kCmdSubmit = 1;
constexpr quint32 kCmdUnlink = 2;
constexpr quint32 kRetSubmit = 3;
constexpr quint32 kRetUnlink = 4;
constexpr quint32 kDirectionIn = 1;
constexpr quint32 kMaxEndpoint = 15;

void put(QByteArray& bytes, quint32 value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.append(static_cast<char>((value >> shift) & 0xff));
  }
}

// usbip_header_basic of an answer: what the host knows from the sequence number stays 0.
QByteArray header(quint32 command, quint32 sequence, qint32 status) {
  QByteArray bytes;
  put(bytes, command);
  put(bytes, sequence);
  put(bytes, 0);  // devid
  put(bytes, 0);  // direction
  put(bytes, 0);  // ep
  put(bytes, static_cast<quint32>(status));
  return bytes;
}

UsbSetup readSetup(ByteReader& reader) {
  UsbSetup setup;
  setup.request.requestType = reader.u8();
  setup.request.request = reader.u8();
  setup.request.value = reader.le16();
  setup.request.index = reader.le16();
  setup.length = reader.le16();
  return setup;
}

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ProtocolMalformed, QStringLiteral("This is not USB/IP: %1.").arg(what));
}

}  // namespace

Result<std::optional<Command>> takeCommand(QByteArray& received) {
  if (received.size() < kHeaderSize) {
    return std::optional<Command>();
  }
  ByteReader reader(received);
  Command command;
  const quint32 kind = reader.be32();
  command.sequence = reader.be32();
  reader.skip(4);  // devid: there is one device
  command.toHost = reader.be32() == kDirectionIn;
  const quint32 endpoint = reader.be32();
  if (kind == kCmdUnlink) {
    command.kind = Command::Kind::Unlink;
    command.unlinks = reader.be32();
    received.remove(0, kHeaderSize);
    return std::optional(command);
  }
  if (kind != kCmdSubmit || endpoint > kMaxEndpoint) {
    return malformed(QStringLiteral("command %1 to endpoint %2").arg(kind).arg(endpoint));
  }
  command.endpoint = static_cast<quint8>(endpoint | (command.toHost && endpoint != 0 ? 0x80U : 0U));
  command.flags = reader.be32();
  command.length = reader.be32();
  reader.skip(12);  // start_frame, number_of_packets, interval: isochronous and interrupt transfers
  command.setup = readSetup(reader);
  if (command.length > kMaxTransfer) {
    return malformed(QStringLiteral("a transfer of %1 bytes").arg(command.length));
  }
  const qsizetype data = command.toHost ? 0 : static_cast<qsizetype>(command.length);
  if (received.size() < kHeaderSize + data) {
    return std::optional<Command>();
  }
  command.data = received.mid(kHeaderSize, data);
  received.remove(0, kHeaderSize + data);
  return std::optional(command);
}

QByteArray returnOfSubmit(quint32 sequence, qint32 status, qsizetype actualLength, const QByteArray& data) {
  QByteArray bytes = header(kRetSubmit, sequence, status);
  put(bytes, static_cast<quint32>(actualLength));
  put(bytes, 0);  // start_frame
  put(bytes, 0);  // number_of_packets
  put(bytes, 0);  // error_count
  bytes.append(kHeaderSize - bytes.size(), '\0');
  return bytes + data;
}

QByteArray returnOfUnlink(quint32 sequence, qint32 status) {
  QByteArray bytes = header(kRetUnlink, sequence, status);
  bytes.append(kHeaderSize - bytes.size(), '\0');
  return bytes;
}

}  // namespace sealift::usbip
