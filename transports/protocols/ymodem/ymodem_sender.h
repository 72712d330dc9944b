// Sends one file with YMODEM-1K: 1024-byte blocks with CRC-16, block 0 with name and size.
// Source: Chuck Forsberg, "XMODEM/YMODEM Protocol Reference", 1988 (see README.md).
//
// Success means that the receiver acknowledged everything. That is no proof of what it stored:
// whoever sends must ask the receiver for a checksum afterwards.
#pragma once

#include "app/base/progress.h"
#include "transports/links/link.h"

#include <QString>

#include <chrono>

namespace sealift {

struct YmodemOptions {
  std::chrono::milliseconds start{60'000};     // until the receiver asks for block 0 with 'C'
  std::chrono::milliseconds answer{10'000};    // until a block is acknowledged, before it is sent again
  std::chrono::milliseconds dataStart{1'000};  // after block 0, until 'C'; some receivers (U-Boot) never send it
  int retries = 10;                            // of each block
};

class YmodemSender {
 public:
  // The link is used, not owned; the receiver must be waiting (or come within options.start).
  // `arrived`: what was read from the link already and is the receiver's, e.g. its first 'C'.
  explicit YmodemSender(ByteLink& link, YmodemOptions options = {}, const QByteArray& arrived = {})
      : link_(link), options_(options), input_(arrived) {}

  // `name`: 1 to 100 printable ASCII characters without '/'. `bytes`: must outlive the call.
  // Before it returns with an error (other than LinkLost), it tells the receiver to give up (CAN).
  // Errors: InvalidArgument, Timeout, Cancelled, LinkLost, ProtocolRefused (the receiver gave up).
  Status send(const QString& name, QByteArrayView bytes, Progress& progress, const CancelToken& cancel);

 private:
  enum class Answer { Ack, Nak, WantCrc, Silence };

  Status sendFile(const QString& name, QByteArrayView bytes, Progress& progress, const CancelToken& cancel);
  Status waitForStart(const CancelToken& cancel);
  Status waitForDataStart(const CancelToken& cancel);
  Status sendBlock(int number, QByteArrayView payload, char filler, const CancelToken& cancel);
  Status sendEndOfFile(const CancelToken& cancel);
  Status sendEndOfBatch(const CancelToken& cancel);
  Status write(QByteArrayView bytes, const CancelToken& cancel);
  Result<Answer> readAnswer(const Deadline& deadline, const CancelToken& cancel);
  Status settle(const CancelToken& cancel);
  void abort();

  ByteLink& link_;
  YmodemOptions options_;
  QByteArray input_;  // came in and was not looked at yet
  int cansInARow_ = 0;
};

}  // namespace sealift
