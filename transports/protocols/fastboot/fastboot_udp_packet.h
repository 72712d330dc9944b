// One packet of fastboot over UDP.
// Source: AOSP, system/core/fastboot/README.md, "UDP Protocol v1".
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

namespace sealift {

struct FastbootUdpPacket {
  enum class Id : quint8 { Error = 0, Query = 1, Init = 2, Fastboot = 3 };

  Id id = Id::Error;
  bool continues = false;  // flag C: the data goes on in the next packet
  quint16 sequence = 0;
  QByteArray data;

  static constexpr qsizetype kHeaderBytes = 4;
  static constexpr quint16 kVersion = 1;
  static constexpr quint16 kLeastSize = 512;  // of packets, that every device must support

  QByteArray encode() const;
  // Reserved flags are passed over. Errors: ProtocolMalformed.
  static Result<FastbootUdpPacket> parse(QByteArrayView datagram);
};

// The data of an Init packet, both ways.
struct FastbootUdpInit {
  quint16 version = FastbootUdpPacket::kVersion;
  quint16 packetSize = FastbootUdpPacket::kLeastSize;  // largest UDP payload, header included

  QByteArray encode() const;
  static Result<FastbootUdpInit> parse(QByteArrayView data);
};

}  // namespace sealift
