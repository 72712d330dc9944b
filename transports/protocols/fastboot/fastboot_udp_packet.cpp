#include "transports/protocols/fastboot/fastboot_udp_packet.h"

#include "app/base/byte_reader.h"

namespace sealift {
namespace {

constexpr quint8 kContinuation = 0x01;
constexpr quint8 kLastId = static_cast<quint8>(FastbootUdpPacket::Id::Fastboot);

void appendBe16(QByteArray& bytes, quint16 value) {
  bytes.append(static_cast<char>(value >> 8));
  bytes.append(static_cast<char>(value & 0xFF));
}

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ProtocolMalformed, QStringLiteral("The device sent a damaged fastboot packet: %1.").arg(what));
}

}  // namespace

QByteArray FastbootUdpPacket::encode() const {
  QByteArray bytes;
  bytes.reserve(kHeaderBytes + data.size());
  bytes.append(static_cast<char>(id));
  bytes.append(static_cast<char>(continues ? kContinuation : 0));
  appendBe16(bytes, sequence);
  return bytes.append(data);
}

Result<FastbootUdpPacket> FastbootUdpPacket::parse(QByteArrayView datagram) {
  ByteReader reader(datagram);
  const quint8 id = reader.u8();
  const quint8 flags = reader.u8();
  const quint16 sequence = reader.be16();
  if (reader.failed()) {
    return malformed(QStringLiteral("it has %1 bytes").arg(datagram.size()));
  }
  if (id > kLastId) {
    return malformed(QStringLiteral("its kind %1 is unknown").arg(id));
  }
  return FastbootUdpPacket{static_cast<Id>(id), (flags & kContinuation) != 0, sequence,
                           reader.take(reader.remaining()).toByteArray()};
}

QByteArray FastbootUdpInit::encode() const {
  QByteArray bytes;
  appendBe16(bytes, version);
  appendBe16(bytes, packetSize);
  return bytes;
}

Result<FastbootUdpInit> FastbootUdpInit::parse(QByteArrayView data) {
  ByteReader reader(data);
  FastbootUdpInit init;
  init.version = reader.be16();
  init.packetSize = reader.be16();
  if (reader.failed() || init.version < FastbootUdpPacket::kVersion) {
    return malformed(QStringLiteral("the protocol's version is missing or 0"));
  }
  // "Devices must support at least 512-byte packets"
  if (init.packetSize < FastbootUdpPacket::kLeastSize) {
    return malformed(QStringLiteral("it allows packets of %1 bytes only").arg(init.packetSize));
  }
  return init;
}

}  // namespace sealift
