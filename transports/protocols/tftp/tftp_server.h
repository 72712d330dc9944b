// A TFTP server for one file and one client: RFC 1350, 2347, 2348, 2349, 7440; octet, read only.
//
// It gives exactly the bytes it was made with, to requests for exactly their name from exactly one address, and says
// nothing at all to anybody else: it can't be used to send packets to third parties, and it tells nobody that it is
// there. One transfer at a time; a new request of the client's takes the place of the one before.
#pragma once

#include "transports/links/datagram_port.h"
#include "transports/protocols/tftp/tftp_transfer.h"

#include <QString>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

namespace sealift {

struct TftpOffer {
  QByteArray fileName;
  QByteArrayView file;  // outlives the server
  QHostAddress client;
};

// What happened so far; may be read from any thread while the server runs.
struct TftpCounters {
  std::atomic<qint64> acknowledgedBytes = 0;  // of the present transfer
  std::atomic<int> requests = 0;              // granted
  std::atomic<int> completed = 0;             // transfers whose last block was acknowledged
  std::atomic<int> refused = 0;               // requests of the client's that were not for this file
  std::atomic<int> strangers = 0;             // packets of other senders
};

class TftpServer {
 public:
  // A new port for each transfer: its number is the server's transfer identifier (RFC 1350 section 4).
  using OpenPort = std::function<Result<std::unique_ptr<DatagramPort>>()>;

  // `listener`: where requests come in; it and `counters` outlive the server.
  TftpServer(DatagramPort& listener, OpenPort openPort, TftpOffer offer, TftpCounters& counters);

  // Serves until it is cancelled, which is no error. Errors: LinkLost, LinkOpen.
  Status serve(const CancelToken& cancel);

 private:
  struct Session {
    std::unique_ptr<DatagramPort> port;
    DatagramPeer client;
    TftpTransfer transfer;
    Deadline answer;
  };

  Status listen(const Deadline& deadline, const CancelToken& cancel);
  Status answer(const Datagram& datagram);
  Status begin(const DatagramPeer& client, const TftpRequest& request);
  Status advance(const CancelToken& cancel);
  Status take(const Datagram& datagram);
  Status send(const QList<QByteArray>& packets);
  Status refuse(DatagramPort& port, const DatagramPeer& to, TftpErrorCode code, const char* message);

  DatagramPort& listener_;
  OpenPort openPort_;
  TftpOffer offer_;
  TftpCounters& counters_;
  std::optional<Session> session_;
};

}  // namespace sealift
