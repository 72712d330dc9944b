#include "transports/protocols/tftp/tftp_server.h"

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kIdleSlice{1'000};
// How long a new request of the client's may wait while a transfer runs.
constexpr std::chrono::milliseconds kTransferSlice{50};
// Packets handled on one port before the other one is looked at: a flood on one starves neither.
constexpr int kBurst = 64;

// A wait that ended without a datagram is what most waits of a server are.
template <class T>
bool isQuiet(const Result<T>& result) {
  return !result && result.error().code == ErrorCode::Timeout;
}

}  // namespace

TftpServer::TftpServer(DatagramPort& listener, OpenPort openPort, TftpOffer offer, TftpCounters& counters)
    : listener_(listener), openPort_(std::move(openPort)), offer_(std::move(offer)), counters_(counters) {}

Status TftpServer::serve(const CancelToken& cancel) {
  while (!cancel.isCancelled()) {
    const Status served = session_ ? advance(cancel) : Status();
    const bool idle = !session_;
    const Status listened =
        served ? listen(Deadline::in(idle ? kIdleSlice : std::chrono::milliseconds(0), QStringLiteral("TFTP requests")),
                        cancel)
               : served;
    if (!listened && listened.error().code != ErrorCode::Cancelled) {
      return listened;
    }
  }
  return {};
}

// Takes the requests that are there; with none, waits for one as long as `deadline` says.
Status TftpServer::listen(const Deadline& deadline, const CancelToken& cancel) {
  const Deadline now = Deadline::in(std::chrono::milliseconds(0), deadline.name());
  for (int i = 0; i < kBurst; ++i) {
    const Result<Datagram> datagram = listener_.receive(i == 0 ? deadline : now, cancel);
    if (isQuiet(datagram)) {
      return {};
    }
    if (!datagram) {
      return tl::unexpected<Error>(datagram.error());
    }
    SEALIFT_CHECK(answer(*datagram));
  }
  return {};
}

// A packet to the well-known port. RFC 1350 section 2: it should be a request.
Status TftpServer::answer(const Datagram& datagram) {
  if (datagram.sender.address != offer_.client) {
    ++counters_.strangers;
    return {};
  }
  const std::optional<TftpRequest> request = TftpRequest::parse(datagram.bytes);
  if (!request) {
    ++counters_.refused;
    if (tftpOpcode(datagram.bytes) == TftpOpcode::Error) {
      return {};  // section 7: never answered
    }
    return refuse(listener_, datagram.sender, TftpErrorCode::IllegalOperation, "Not a request");
  }
  if (request->opcode == TftpOpcode::WriteRequest) {
    ++counters_.refused;
    return refuse(listener_, datagram.sender, TftpErrorCode::AccessViolation, "Read only");
  }
  if (request->mode != "octet") {
    ++counters_.refused;
    return refuse(listener_, datagram.sender, TftpErrorCode::IllegalOperation, "Only mode octet");
  }
  if (request->fileName != offer_.fileName) {
    ++counters_.refused;
    return refuse(listener_, datagram.sender, TftpErrorCode::FileNotFound, "File not found");
  }
  if (session_ && session_->client == datagram.sender) {
    // The same request once more: its answer was lost. Later on it is an old copy.
    return session_->transfer.acknowledgedBytes() == 0 ? send(session_->transfer.begin()) : Status();
  }
  return begin(datagram.sender, *request);
}

Status TftpServer::begin(const DatagramPeer& client, const TftpRequest& request) {
  TftpTransfer transfer(offer_.file, TftpTerms::agree(request.options, offer_.file.size()));
  SEALIFT_TRY(std::unique_ptr<DatagramPort> port, openPort_());
  const Deadline answer = Deadline::in(transfer.timeout(), QStringLiteral("the client's acknowledgement"));
  session_.reset();
  session_.emplace(Session{std::move(port), client, std::move(transfer), answer});
  ++counters_.requests;
  counters_.acknowledgedBytes = 0;
  return send(session_->transfer.begin());
}

// Goes on with the transfer for a while: until it ends, the client is silent, or it is time to look at the listener.
Status TftpServer::advance(const CancelToken& cancel) {
  TftpTransfer& transfer = session_->transfer;
  for (int i = 0; i < kBurst && transfer.state() == TftpTransfer::State::Running; ++i) {
    const Result<Datagram> datagram =
        session_->port->receive(session_->answer.sooner(kTransferSlice, session_->answer.name()), cancel);
    if (!datagram && !isQuiet(datagram)) {
      return tl::unexpected<Error>(datagram.error());
    }
    if (datagram) {
      SEALIFT_CHECK(take(*datagram));
    }
    // Looked at each time: packets that are not due must not put it off.
    if (transfer.state() == TftpTransfer::State::Running && session_->answer.passed()) {
      SEALIFT_CHECK(send(transfer.timedOut()));
    }
    if (!datagram) {
      break;
    }
  }
  if (transfer.state() != TftpTransfer::State::Running) {
    counters_.completed += transfer.state() == TftpTransfer::State::Done ? 1 : 0;
    session_.reset();
  }
  return {};
}

// A packet to the transfer's port.
Status TftpServer::take(const Datagram& datagram) {
  if (datagram.sender.address != offer_.client) {
    ++counters_.strangers;
    return {};
  }
  if (datagram.sender.port != session_->client.port) {
    // Section 4: another transfer identifier; the sender is told, the transfer goes on.
    ++counters_.strangers;
    const bool isError = tftpOpcode(datagram.bytes) == TftpOpcode::Error;
    return isError ? Status()
                   : refuse(*session_->port, datagram.sender, TftpErrorCode::UnknownTransferId, "Unknown transfer");
  }
  const QList<QByteArray> packets = session_->transfer.take(datagram.bytes);
  counters_.acknowledgedBytes = session_->transfer.acknowledgedBytes();
  return packets.isEmpty() ? Status() : send(packets);
}

// Only what was sent begins the wait anew.
Status TftpServer::send(const QList<QByteArray>& packets) {
  for (const QByteArray& packet : packets) {
    SEALIFT_CHECK(session_->port->send(session_->client, packet));
  }
  session_->answer = Deadline::in(session_->transfer.timeout(), session_->answer.name());
  return {};
}

Status TftpServer::refuse(DatagramPort& port, const DatagramPeer& to, TftpErrorCode code, const char* message) {
  return port.send(to, tftpErrorPacket(code, message));
}

}  // namespace sealift
