// A TftpServer on a thread of its own, for as long as this object lives: nothing listens afterwards.
#pragma once

#include "transports/protocols/tftp/tftp_server.h"

#include <mutex>
#include <thread>

namespace sealift {

class TftpService {
 public:
  // Opens the port for requests; called once, on the service's thread.
  using OpenListener = TftpServer::OpenPort;

  // Returns when the port listens, or could not be opened: its error then. `offer.file` outlives the service.
  static Result<std::unique_ptr<TftpService>> start(OpenListener openListener, TftpServer::OpenPort openPort,
                                                    const TftpOffer& offer);
  // Stops within a few hundredths of a second.
  ~TftpService();
  TftpService(const TftpService&) = delete;
  TftpService& operator=(const TftpService&) = delete;

  const TftpCounters& counters() const { return counters_; }
  // Why it stopped serving by itself, if it did. Any thread.
  std::optional<Error> failure() const;

 private:
  TftpService() = default;

  CancelToken cancel_;
  TftpCounters counters_;
  mutable std::mutex mutex_;
  std::optional<Error> failure_;
  std::thread thread_;
};

}  // namespace sealift
