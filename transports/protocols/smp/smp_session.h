// Requests and their answers over one transport: sequence numbers, matching, retransmission,
// the protocol's version. Source: Zephyr, "SMP Protocol Specification".
// Thread: that of the transport, which outlives the session.
#pragma once

#include "transports/protocols/smp/smp_error.h"
#include "transports/protocols/smp/smp_message.h"
#include "transports/protocols/smp/smp_transport.h"

#include <QCborMap>
#include <QString>

#include <chrono>
#include <map>
#include <optional>

namespace sealift {

struct SmpRequest {
  SmpOp op = SmpOp::Read;
  std::uint16_t group = 0;
  std::uint8_t command = 0;
  QCborMap body;
  QString name;  // for errors and deadlines, e.g. "image state"
};

// How long one transmission of a request is waited for, and how often it is transmitted.
// More than one only for requests that may be carried out twice without harm.
struct SmpPatience {
  std::chrono::milliseconds answer{1500};
  int transmissions = 4;
};

struct SmpAnswer {
  std::uint8_t sequence = 0;
  QCborMap body;
  std::optional<SmpRefusal> refusal;  // set: the device did not do it
};

class SmpSession {
 public:
  // Numbering starts at a random place, so that late answers to an earlier session are strangers.
  explicit SmpSession(SmpTransport& transport);
  SmpSession(SmpTransport& transport, std::uint8_t firstSequence);

  // One request, retransmitted as `patience` allows, and its answer. The device's refusal is an answer, not an error.
  // Errors: the link's; Timeout with the request's name; ProtocolMalformed when all that came was not SMP.
  Result<SmpAnswer> call(const SmpRequest& request, const SmpPatience& patience, const CancelToken& cancel);

  // For several requests in flight: sends and does not wait. The sequence number stands for the request until it was
  // answered or forgotten; at most 255 may stand open.
  Result<std::uint8_t> post(const SmpRequest& request, const CancelToken& cancel);
  // The next answer to any open request. Late, doubled and foreign packets are skipped. Timeout at the deadline.
  Result<SmpAnswer> nextAnswer(const Deadline& deadline, const CancelToken& cancel);
  void forget(std::uint8_t sequence) { open_.erase(sequence); }

  // Size of the packet that the request becomes.
  static qsizetype packetSize(const SmpRequest& request);

  SmpVersion version() const { return version_; }
  SmpTransport& transport() { return transport_; }
  std::uint64_t skippedPackets() const { return skipped_; }

 private:
  Result<SmpAnswer> callOnce(const SmpRequest& request, const SmpPatience& patience, const CancelToken& cancel);
  std::optional<SmpAnswer> match(const SmpMessage& message);

  SmpTransport& transport_;
  SmpVersion version_ = SmpVersion::V2;
  std::uint8_t nextSequence_;
  std::map<std::uint8_t, SmpHeader> open_;
  std::uint64_t skipped_ = 0;
  std::uint64_t malformed_ = 0;
};

}  // namespace sealift
