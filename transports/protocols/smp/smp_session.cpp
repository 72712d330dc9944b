#include "transports/protocols/smp/smp_session.h"

#include <QRandomGenerator>

#include <vector>

namespace sealift {

namespace {

constexpr auto kSendDeadline = std::chrono::seconds(10);

SmpOp responseTo(SmpOp op) {
  return op == SmpOp::Read ? SmpOp::ReadResponse : SmpOp::WriteResponse;
}

}  // namespace

SmpSession::SmpSession(SmpTransport& transport)
    : SmpSession(transport, static_cast<std::uint8_t>(QRandomGenerator::global()->bounded(256))) {}

SmpSession::SmpSession(SmpTransport& transport, std::uint8_t firstSequence)
    : transport_(transport), nextSequence_(firstSequence) {}

qsizetype SmpSession::packetSize(const SmpRequest& request) {
  return encodeSmpMessage({SmpHeader{}, request.body}).size();
}

Result<std::uint8_t> SmpSession::post(const SmpRequest& request, const CancelToken& cancel) {
  SmpMessage message;
  message.header.op = request.op;
  message.header.version = version_;
  message.header.group = request.group;
  message.header.command = request.command;
  if (open_.size() >= 255) {
    return fail(ErrorCode::Internal, QStringLiteral("Too many SMP requests are open."));
  }
  while (open_.count(nextSequence_) != 0) {
    ++nextSequence_;
  }
  message.header.sequence = nextSequence_++;
  message.body = request.body;
  const QByteArray packet = encodeSmpMessage(message);
  if (packet.size() > transport_.maxPacket()) {
    return fail(
        ErrorCode::InvalidArgument,
        QStringLiteral("The request '%1' does not fit a packet of %2.").arg(request.name).arg(transport_.maxPacket()));
  }
  const Deadline deadline = Deadline::in(kSendDeadline, QStringLiteral("sending '%1'").arg(request.name));
  SEALIFT_CHECK(transport_.send(packet, deadline, cancel));
  open_.emplace(message.header.sequence, message.header);
  return message.header.sequence;
}

std::optional<SmpAnswer> SmpSession::match(const SmpMessage& message) {
  const SmpHeader& header = message.header;
  const auto request = open_.find(header.sequence);
  if (request == open_.end() || header.op != responseTo(request->second.op) || header.group != request->second.group ||
      header.command != request->second.command) {
    return std::nullopt;
  }
  open_.erase(request);
  // A server of version 1 answers in its own version, whatever it was asked in: speak that from now on.
  if (header.version == SmpVersion::V1) {
    version_ = SmpVersion::V1;
  }
  return SmpAnswer{header.sequence, message.body, smpRefusal(message.body)};
}

Result<SmpAnswer> SmpSession::nextAnswer(const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    SEALIFT_CHECK(cancel.check());
    if (deadline.passed()) {
      return deadline.timeout();  // also when strangers' packets never cease
    }
    SEALIFT_TRY(const QByteArray packet, transport_.receive(deadline, cancel));
    const Result<SmpMessage> message = decodeSmpMessage(packet);
    if (!message) {
      ++malformed_;
      continue;
    }
    if (auto answer = match(*message)) {
      return *std::move(answer);
    }
    ++skipped_;
  }
}

Result<SmpAnswer> SmpSession::callOnce(const SmpRequest& request, const SmpPatience& patience,
                                       const CancelToken& cancel) {
  const std::uint64_t malformedBefore = malformed_;
  std::vector<std::uint8_t> sent;
  Result<SmpAnswer> answer = fail(ErrorCode::Internal, QStringLiteral("A request was never sent."));
  for (int transmission = 0; transmission < patience.transmissions; ++transmission) {
    const auto sequence = post(request, cancel);
    if (!sequence) {
      answer = tl::unexpected(sequence.error());
      break;
    }
    sent.push_back(*sequence);  // an answer to an earlier transmission is as good
    const Deadline deadline = Deadline::in(patience.answer + transport_.wireTime(packetSize(request)) * 2,
                                           QStringLiteral("the answer to '%1'").arg(request.name));
    // Answers to other open requests do not belong here: call() is not mixed with post().
    answer = nextAnswer(deadline, cancel);
    if (answer || answer.error().code != ErrorCode::Timeout) {
      break;
    }
  }
  for (const std::uint8_t sequence : sent) {
    forget(sequence);
  }
  if (!answer && answer.error().code == ErrorCode::Timeout && malformed_ > malformedBefore) {
    return failBecause(ErrorCode::ProtocolMalformed,
                       QStringLiteral("What answered '%1' does not speak SMP.").arg(request.name), answer.error());
  }
  return answer;
}

Result<SmpAnswer> SmpSession::call(const SmpRequest& request, const SmpPatience& patience, const CancelToken& cancel) {
  const SmpVersion asked = version_;
  SEALIFT_TRY(SmpAnswer answer, callOnce(request, patience, cancel));
  if (asked == SmpVersion::V2 && answer.refusal && answer.refusal->is(SmpStatus::TooNew)) {
    version_ = SmpVersion::V1;
    return callOnce(request, patience, cancel);
  }
  return answer;
}

}  // namespace sealift
