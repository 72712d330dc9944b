#include "transports/protocols/smp/smp_datagram_transport.h"

#include <algorithm>

namespace sealift {

namespace {

// What fits an Ethernet frame behind IPv6 and UDP headers (1500 - 40 - 8): small devices do not reassemble fragments.
constexpr qsizetype kUnfragmented = 1452;

}  // namespace

Status SmpDatagramTransport::send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) {
  return link_.send(packet, deadline, cancel);
}

Result<QByteArray> SmpDatagramTransport::receive(const Deadline& deadline, const CancelToken& cancel) {
  return link_.receive(deadline, cancel);
}

qsizetype SmpDatagramTransport::maxPacket() const {
  return std::min(link_.maxDatagram(), kUnfragmented);
}

}  // namespace sealift
