#include "transports/protocols/fastboot/fastboot_udp.h"

#include "app/base/byte_reader.h"
#include "transports/protocols/fastboot/fastboot_reply.h"

#include <algorithm>
#include <utility>

namespace sealift {
namespace {

using Id = FastbootUdpPacket::Id;

// "If the host does not receive a response in 500ms it will re-transmit."
constexpr std::chrono::milliseconds kRetransmit{500};
// As AOSP's own host: larger than an Ethernet frame, which IP then cuts; devices say what they can reassemble.
constexpr qsizetype kHostPacket = 8192;
// Unanswered transmissions until the device is asked whether it still is where we are.
constexpr int kCheckEvery = 3;

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ProtocolMalformed, what);
}

}  // namespace

// "Query", then "Init": the device gives up whatever an earlier session left.
Status FastbootUdp::begin(const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_TRY(const FastbootUdpPacket query, exchange(Id::Query, false, {}, deadline, cancel));
  ByteReader reader(query.data);
  sequence_ = reader.be16();
  if (reader.failed()) {
    return malformed(QStringLiteral("The device did not tell its next sequence number."));
  }
  const FastbootUdpInit ours{FastbootUdpPacket::kVersion,
                             static_cast<quint16>(std::min(kHostPacket, link_.maxDatagram()))};
  SEALIFT_TRY(const FastbootUdpPacket answer, exchange(Id::Init, false, ours.encode(), deadline, cancel));
  SEALIFT_TRY(const FastbootUdpInit theirs, FastbootUdpInit::parse(answer.data));
  packetSize_ = std::min(ours.packetSize, theirs.packetSize);
  return {};
}

Result<std::optional<FastbootUdpPacket>> FastbootUdp::awaitReply(Id id, const Deadline& answer,
                                                                 const CancelToken& cancel) {
  do {
    const Result<QByteArray> datagram = link_.receive(answer, cancel);
    if (!datagram && datagram.error().code == ErrorCode::Timeout) {
      break;
    }
    if (!datagram) {
      return fail(datagram.error());
    }
    // Anything else is late, doubled or damaged: the packet is sent again.
    Result<FastbootUdpPacket> reply = FastbootUdpPacket::parse(*datagram);
    if (reply && reply->sequence == sequence_ && (reply->id == id || reply->id == Id::Error)) {
      return std::optional(std::move(*reply));
    }
  } while (!answer.passed());  // also of a flood of what nobody asked for
  return std::optional<FastbootUdpPacket>();
}

// "The device must respond to all query packets regardless of sequence number", unless it is busy.
Status FastbootUdp::checkInStep(const Deadline& deadline, const CancelToken& cancel) {
  const FastbootUdpPacket query{Id::Query, false, sequence_, {}};
  SEALIFT_CHECK(link_.send(query.encode(), deadline, cancel));
  SEALIFT_TRY(const auto reply, awaitReply(Id::Query, deadline.sooner(kRetransmit, deadline.name()), cancel));
  if (!reply || reply->id != Id::Query) {
    return {};
  }
  ByteReader reader(reply->data);
  const quint16 expected = reader.be16();
  const bool inStep = expected == sequence_ || expected == static_cast<quint16>(sequence_ + 1);
  if (reader.failed() || !inStep) {
    return fail(ErrorCode::LinkLost, QStringLiteral("The device restarted in the middle of a command."));
  }
  return {};
}

Result<FastbootUdpPacket> FastbootUdp::exchange(Id id, bool continues, QByteArrayView data, const Deadline& deadline,
                                                const CancelToken& cancel) {
  const FastbootUdpPacket packet{id, continues, sequence_, data.toByteArray()};
  const QByteArray bytes = packet.encode();
  for (int sent = 1; !deadline.passed(); ++sent) {
    SEALIFT_CHECK(link_.send(bytes, deadline, cancel));
    SEALIFT_TRY(auto reply, awaitReply(id, deadline.sooner(kRetransmit, deadline.name()), cancel));
    if (!reply) {
      if (id == Id::Fastboot && sent % kCheckEvery == 0) {
        SEALIFT_CHECK(checkInStep(deadline, cancel));
      }
      continue;
    }
    ++sequence_;  // modulo 65536
    if (reply->id == Id::Error) {
      const QByteArrayView words = QByteArrayView(reply->data).first(std::min(reply->data.size(), kFastbootMaxReply));
      return fail(ErrorCode::ProtocolRefused,
                  QStringLiteral("The device reports an error: \"%1\".").arg(fastbootText(words)));
    }
    return std::move(*reply);
  }
  return deadline.timeout();
}

// "To write, the host will send a packet with fastboot data, and the device will reply with an empty packet."
Status FastbootUdp::send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) {
  const qsizetype most = packetSize_ - FastbootUdpPacket::kHeaderBytes;
  for (qsizetype at = 0; at < packet.size();) {
    const qsizetype size = std::min(most, packet.size() - at);
    const bool continues = at + size < packet.size();
    SEALIFT_TRY(const FastbootUdpPacket ack,
                exchange(Id::Fastboot, continues, packet.sliced(at, size), deadline, cancel));
    if (!ack.data.isEmpty()) {
      return malformed(QStringLiteral("The device sent data out of turn."));
    }
    at += size;
  }
  return {};
}

Status FastbootUdp::sendData(QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) {
  return send(data, deadline, cancel);
}

// "To read, the host will send an empty packet, and the device will reply with fastboot data."
Result<QByteArray> FastbootUdp::pull(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  QByteArray all;
  for (;;) {
    SEALIFT_TRY(const FastbootUdpPacket part, exchange(Id::Fastboot, false, {}, deadline, cancel));
    all += part.data;
    if (all.size() > maxBytes) {
      return malformed(QStringLiteral("The device sent more than the %1 bytes that are allowed here.").arg(maxBytes));
    }
    if (!part.continues) {
      return all;
    }
    if (part.data.isEmpty()) {
      return malformed(QStringLiteral("The device announced data and sent none."));
    }
  }
}

Result<QByteArray> FastbootUdp::receive(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  return pull(maxBytes, deadline, cancel);
}

Result<QByteArray> FastbootUdp::receiveData(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_TRY(QByteArray bytes, pull(maxBytes, deadline, cancel));
  if (bytes.isEmpty()) {
    return malformed(QStringLiteral("The device announced data and sent none."));
  }
  return bytes;
}

}  // namespace sealift
