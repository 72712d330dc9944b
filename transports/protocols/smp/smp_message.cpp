#include "transports/protocols/smp/smp_message.h"

#include "app/base/byte_reader.h"
#include "transports/protocols/smp/smp_cbor.h"

#include <QCborValue>
#include <QtEndian>

namespace sealift {

namespace {

// The first byte: Res (3 bits), Ver (2 bits), OP (3 bits).
constexpr int kVersionShift = 3;
constexpr unsigned kVersionMask = 0x3;
constexpr unsigned kOpMask = 0x7;

}  // namespace

QByteArray encodeSmpMessage(const SmpMessage& message) {
  const QByteArray body = QCborValue(message.body).toCbor();
  QByteArray packet(kSmpHeaderSize, '\0');
  const SmpHeader& header = message.header;
  packet[0] =
      static_cast<char>((static_cast<unsigned>(header.version) << kVersionShift) | static_cast<unsigned>(header.op));
  qToBigEndian(static_cast<quint16>(body.size()), packet.data() + 2);  // byte 1: flags, none are defined
  qToBigEndian(header.group, packet.data() + 4);
  packet[6] = static_cast<char>(header.sequence);
  packet[7] = static_cast<char>(header.command);
  return packet + body;
}

Result<SmpMessage> decodeSmpMessage(QByteArrayView packet) {
  ByteReader reader(packet);
  const unsigned first = reader.u8();
  reader.skip(1);  // flags: none are defined, so a receiver ignores them
  const std::uint16_t length = reader.be16();
  SmpMessage message;
  message.header.group = reader.be16();
  message.header.sequence = reader.u8();
  message.header.command = reader.u8();
  if (reader.failed()) {
    return fail(ErrorCode::ProtocolMalformed, QStringLiteral("An SMP packet is shorter than its header."));
  }
  if (reader.remaining() != length) {
    return fail(
        ErrorCode::ProtocolMalformed,
        QStringLiteral("An SMP packet says %1 bytes of data and carries %2.").arg(length).arg(reader.remaining()));
  }
  const unsigned version = (first >> kVersionShift) & kVersionMask;
  const unsigned op = first & kOpMask;
  if (version > static_cast<unsigned>(SmpVersion::V2) || op > static_cast<unsigned>(SmpOp::WriteResponse)) {
    return fail(ErrorCode::ProtocolMalformed,
                QStringLiteral("An SMP packet has the unknown version or operation 0x%1.").arg(first, 2, 16));
  }
  message.header.version = static_cast<SmpVersion>(version);
  message.header.op = static_cast<SmpOp>(op);
  SEALIFT_TRY(message.body, decodeSmpBody(reader.take(length)));
  return message;
}

}  // namespace sealift
