// Fastboot over UDP: one packet in flight, sent again until its answer is there.
// Source: AOSP, system/core/fastboot/README.md, "UDP Protocol v1".
#pragma once

#include "transports/protocols/fastboot/fastboot_carrier.h"
#include "transports/protocols/fastboot/fastboot_udp_packet.h"

#include <optional>

namespace sealift {

class FastbootUdp final : public FastbootCarrier {
 public:
  explicit FastbootUdp(DatagramLink& link) : link_(link) {}

  Status begin(const Deadline& deadline, const CancelToken& cancel) override;
  Status send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) override;
  Result<QByteArray> receive(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status sendData(QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) override;
  Result<QByteArray> receiveData(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;

  qsizetype packetSize() const { return packetSize_; }  // agreed on, header included

 private:
  // One packet and the answer to it, whatever gets lost, doubled or late in between.
  Result<FastbootUdpPacket> exchange(FastbootUdpPacket::Id id, bool continues, QByteArrayView data,
                                     const Deadline& deadline, const CancelToken& cancel);
  // Waits for one transmission's answer; nothing when none comes.
  Result<std::optional<FastbootUdpPacket>> awaitReply(FastbootUdpPacket::Id id, const Deadline& answer,
                                                      const CancelToken& cancel);
  // LinkLost when the device has another sequence number in mind: it restarted, and waits for nothing of ours.
  Status checkInStep(const Deadline& deadline, const CancelToken& cancel);
  Result<QByteArray> pull(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel);

  DatagramLink& link_;
  quint16 sequence_ = 0;  // of the next packet
  qsizetype packetSize_ = FastbootUdpPacket::kLeastSize;
};

}  // namespace sealift
