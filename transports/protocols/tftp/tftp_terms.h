// What server and client agree on for one transfer: RFC 2347 (how), RFC 2348 (blksize), RFC 2349 (timeout, tsize),
// RFC 7440 (windowsize).
#pragma once

#include "transports/protocols/tftp/tftp_packet.h"

#include <chrono>

namespace sealift {

struct TftpTerms {
  qsizetype blockBytes = 512;  // RFC 1350
  int windowBlocks = 1;
  // Until blocks that nobody acknowledged are sent again. Doubled each time unless the client asked for it.
  std::chrono::milliseconds timeout{1'000};
  bool isTimeoutFixed = false;
  QList<TftpOption> acknowledged;  // for the OACK; empty: there is none, as RFC 1350 has it

  static constexpr qsizetype kLeastBlockBytes = 8;  // RFC 2348
  static constexpr qsizetype kMostBlockBytes = 65'464;
  // RFC 7440 allows 65535. More than this is never in flight: the receivers are bootloaders with a few buffers.
  static constexpr int kMostWindowBlocks = 64;

  // Options that are unknown, or whose value is none, are left out, as RFC 2347 says; a larger block or window than
  // the limits is answered with the limit.
  static TftpTerms agree(const QList<TftpOption>& asked, qint64 fileBytes);
};

}  // namespace sealift
