// Image upload with several chunks in flight (Zephyr, image management group, command 1).
//
// The server writes strictly in order and answers each chunk with the offset that it expects next ("off"). That
// word is obeyed exactly: it resumes an interrupted upload (the image's SHA-256 in the first chunk is the key), it
// tells of lost chunks, and it tells when the device has begun anew. README.md has the rules of the window.
#pragma once

#include "app/base/progress.h"
#include "transports/protocols/smp/smp_client.h"

#include <QByteArray>

#include <chrono>
#include <deque>
#include <optional>

namespace sealift {

struct SmpUploadOptions {
  int image = 0;        // image number; its secondary slot is written
  int window = 0;       // most chunks in flight; 0: as many as the device's buffers allow
  int packetLimit = 0;  // largest packet in bytes; 0: as the device's buffers and the transport allow
  // The image's hash TLV. When the answer to the last chunk is lost, a server has forgotten the upload and asks for
  // offset 0: with this, the image state tells that it was complete. Empty: it is then sent again.
  QByteArray digest;
};

struct SmpUploadResult {
  qint64 resumedAt = 0;       // the device had that much already
  std::optional<bool> match;  // what the device said of the SHA-256 of all that it stored; nothing: it did not say
  int window = 0;             // used
  qsizetype chunkSize = 0;    // used, in bytes of image
  qint64 chunksSent = 0;      // retransmissions included
};

class SmpUpload {
 public:
  // `bytes` (not empty) and the client outlive the upload; `sha256` is that of `bytes`, raw.
  SmpUpload(SmpClient& client, const QByteArray& bytes, const QByteArray& sha256, const SmpUploadOptions& options);

  // Until the device said that it has every byte. Errors: the link's; Timeout; ProtocolRefused in the device's words;
  // DeviceVerifyFailed when the device says that what it stored has another hash; ProtocolUnexpected when its offsets
  // lead nowhere. After a cancel or error the device keeps what it has: the same image resumes.
  Result<SmpUploadResult> run(Progress& progress, const CancelToken& cancel);

 private:
  using Clock = std::chrono::steady_clock;
  struct Chunk {
    std::uint8_t sequence = 0;
    qint64 offset = 0;
    qint64 size = 0;
    Clock::time_point sent;
    bool abandoned = false;  // fills a buffer of the device, but its answer no longer counts
    int overtaken = 0;       // chunks sent later and answered earlier
  };

  Status plan(const CancelToken& cancel);
  SmpRequest request(qint64 offset, qint64 size) const;
  qint64 sizeAt(qint64 offset) const;
  Status sendNext(const CancelToken& cancel);
  bool mayPost() const;
  Status awaitAnswer(const CancelToken& cancel);
  Status handleAnswer(const SmpAnswer& answer, const CancelToken& cancel);
  Status obey(qint64 offset, const CancelToken& cancel);
  Status beginAnew(const CancelToken& cancel);
  Status goBack(const QString& why);
  int overtakenLimit() const;
  void forgetAll();
  void clearProcessed(qint64 offset);
  void noteRoundTrip(Clock::duration time);
  Clock::duration patience() const;
  bool isExpected(qint64 offset) const;
  void abandonAll();

  SmpClient& client_;
  SmpSession& session_;
  const QByteArray& bytes_;
  const QByteArray& sha256_;
  SmpUploadOptions options_;
  SmpUploadResult result_;

  qsizetype packetLimit_ = 0;
  int openWindow_ = 1;          // grows to result_.window with each answer, falls to 1 when nothing is answered
  std::deque<Chunk> inFlight_;  // in the order of sending
  qint64 acknowledged_ = 0;     // the device's last word
  qint64 next_ = 0;             // where the next chunk starts
  qint64 furthest_ = 0;         // highest offset that the device acknowledged
  qint64 gained_ = 0;           // the same since the device began anew
  int setbacks_ = 0;            // times that the device pointed backwards since `gained_` grew
  int silences_ = 0;            // deadlines without an answer since `gained_` grew
  int restarts_ = 0;            // times that the device began anew
  bool started_ = false;        // the device took up this upload
  bool lastSent_ = false;       // the last chunk was sent at least once
  std::optional<Clock::duration> smoothed_;
  Clock::duration deviation_{};
};

}  // namespace sealift
