#include "transports/protocols/smp/smp_upload.h"

#include "transports/protocols/smp/smp_cbor.h"
#include "transports/protocols/smp/smp_commands.h"

#include <algorithm>

namespace sealift {

namespace {

using namespace std::chrono_literals;

// The first chunk makes many servers erase the slot before they answer; sent again it is answered with the offset.
constexpr auto kFirstAnswer = 3s;
constexpr int kFirstTransmissions = 20;
// Before round trips were measured, and the least and most that is waited for an answer afterwards.
constexpr auto kInitialAnswer = 2500ms;
constexpr auto kLeastAnswer = 400ms;
constexpr auto kMostAnswer = 10s;
constexpr int kMaxSilences = 6;
constexpr auto kBusyPause = 200ms;
constexpr int kMaxSetbacks = 12;
constexpr int kMaxRestarts = 4;

constexpr int kMaxWindow = 16;
// A datagram may be overtaken by one other; by two, it is taken for lost.
constexpr int kOvertakenOnDatagrams = 2;
// CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE's default, for servers without "MCUmgr parameters".
constexpr qint64 kDefaultBuffer = 384;
// Servers write whole flash words only and answer a smaller offset otherwise: chunks are a multiple of the largest
// write block in use (CONFIG_MCUBOOT_BOOT_MAX_ALIGN is 8 … 32).
constexpr qsizetype kAlignment = 32;

}  // namespace

SmpUpload::SmpUpload(SmpClient& client, const QByteArray& bytes, const QByteArray& sha256,
                     const SmpUploadOptions& options)
    : client_(client), session_(client.session()), bytes_(bytes), sha256_(sha256), options_(options) {}

Result<SmpUploadResult> SmpUpload::run(Progress& progress, const CancelToken& cancel) {
  if (bytes_.isEmpty() || sha256_.size() != 32) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("There is no image to upload."));
  }
  SEALIFT_CHECK(plan(cancel));
  while (furthest_ < bytes_.size()) {
    SEALIFT_CHECK(cancel.check());
    while (mayPost()) {
      SEALIFT_CHECK(sendNext(cancel));
    }
    SEALIFT_CHECK(awaitAnswer(cancel));
    progress.setBytes(furthest_, bytes_.size());
  }
  forgetAll();
  if (result_.match == false) {
    return fail(ErrorCode::DeviceVerifyFailed,
                QStringLiteral("The device says that the image it stored has another hash than the one sent."));
  }
  return result_;
}

// Chunk size and window from the device's announced buffers.
Status SmpUpload::plan(const CancelToken& cancel) {
  SEALIFT_TRY(const auto parameters, client_.parameters(cancel));
  const qint64 buffer = parameters ? parameters->bufferSize : kDefaultBuffer;
  packetLimit_ = std::min<qint64>(buffer - session_.transport().bufferOverhead(), session_.transport().maxPacket());
  if (options_.packetLimit > 0) {
    packetLimit_ = std::min<qsizetype>(packetLimit_, options_.packetLimit);
  }
  // The answer needs a buffer, too.
  const qint64 buffers = parameters ? std::max<qint64>(parameters->bufferCount - 1, 1) : 1;
  result_.window = static_cast<int>(std::min<qint64>(buffers, kMaxWindow));
  if (options_.window > 0) {
    result_.window = std::min(result_.window, options_.window);
  }
  result_.chunkSize = packetLimit_ - SmpSession::packetSize(request(bytes_.size(), 0)) - 2;  // "data"'s own length
  if (sizeAt(0) <= 0 || result_.chunkSize < kAlignment) {
    return fail(ErrorCode::ProtocolUnexpected,
                QStringLiteral("The device's buffers of %1 bytes are too small for an upload.").arg(buffer));
  }
  result_.chunkSize -= result_.chunkSize % kAlignment;
  return {};
}

SmpRequest SmpUpload::request(qint64 offset, qint64 size) const {
  QCborMap body;
  if (offset == 0) {  // these "should only be present when off is 0"
    body.insert(QStringLiteral("image"), options_.image);
    body.insert(QStringLiteral("len"), bytes_.size());
    body.insert(QStringLiteral("sha"), sha256_);
  }
  body.insert(QStringLiteral("off"), offset);
  body.insert(QStringLiteral("data"), bytes_.mid(offset, size));
  return {SmpOp::Write, smp::kImageGroup, smp::kImageUpload, body,
          QStringLiteral("image upload at offset %1").arg(offset)};
}

qint64 SmpUpload::sizeAt(qint64 offset) const {
  qint64 size = result_.chunkSize;
  if (offset == 0) {
    size = packetLimit_ - SmpSession::packetSize(request(0, 0)) - 2;
    size -= size % kAlignment;
  }
  return std::min<qint64>(size, bytes_.size() - offset);
}

bool SmpUpload::mayPost() const {
  // Until the device took up the upload, nothing but the first chunk makes sense to it.
  const std::size_t window = started_ ? static_cast<std::size_t>(openWindow_) : 1;
  return next_ < bytes_.size() && inFlight_.size() < window;
}

Status SmpUpload::sendNext(const CancelToken& cancel) {
  const qint64 size = sizeAt(next_);
  SEALIFT_TRY(const std::uint8_t sequence, session_.post(request(next_, size), cancel));
  inFlight_.push_back({sequence, next_, size, Clock::now(), false, 0});
  next_ += size;
  lastSent_ = lastSent_ || next_ == bytes_.size();
  ++result_.chunksSent;
  return {};
}

SmpUpload::Clock::duration SmpUpload::patience() const {
  if (!started_ && !inFlight_.front().abandoned) {
    return kFirstAnswer;
  }
  if (!smoothed_) {
    return kInitialAnswer + session_.transport().wireTime(packetLimit_) * static_cast<int>(inFlight_.size() + 1);
  }
  // RFC 6298, section 2: smoothed round trip plus four deviations, doubled after each silence (section 5.5).
  const auto time = std::clamp<Clock::duration>(*smoothed_ + 4 * deviation_, kLeastAnswer, kMostAnswer);
  return std::min<Clock::duration>(time * (1 << std::min(silences_, 4)), kMostAnswer);
}

void SmpUpload::noteRoundTrip(Clock::duration time) {
  if (!smoothed_) {
    smoothed_ = time;
    deviation_ = time / 2;
    return;
  }
  const Clock::duration error = time > *smoothed_ ? time - *smoothed_ : *smoothed_ - time;
  deviation_ = (3 * deviation_ + error) / 4;
  smoothed_ = (7 * *smoothed_ + time) / 8;
}

Status SmpUpload::awaitAnswer(const CancelToken& cancel) {
  if (inFlight_.empty()) {
    return goBack(QStringLiteral("Nothing is left to wait for."));
  }
  const Chunk& oldest = inFlight_.front();
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - oldest.sent);
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(patience());
  const Deadline deadline = Deadline::in(
      std::max(whole - waited, 0ms), QStringLiteral("the answer to 'image upload at offset %1'").arg(oldest.offset));
  const auto answer = session_.nextAnswer(deadline, cancel);
  if (answer) {
    return handleAnswer(*answer, cancel);
  }
  if (answer.error().code != ErrorCode::Timeout) {
    return tl::unexpected(answer.error());
  }
  if (oldest.abandoned) {
    session_.forget(oldest.sequence);
    inFlight_.pop_front();
    return {};
  }
  return goBack(answer.error().what);
}

// RFC 6298, sections 5.4 and 5.5: after a silence, back to the oldest byte that is not acknowledged, and slowly.
Status SmpUpload::goBack(const QString& why) {
  const int limit = started_ ? kMaxSilences : kFirstTransmissions;
  if (++silences_ >= limit) {
    return fail(
        ErrorCode::Timeout,
        QStringLiteral("The device stopped at %1 of %2 bytes. %3").arg(acknowledged_).arg(bytes_.size()).arg(why));
  }
  forgetAll();
  openWindow_ = 1;
  next_ = acknowledged_;
  return {};
}

void SmpUpload::forgetAll() {
  for (const Chunk& chunk : inFlight_) {
    session_.forget(chunk.sequence);
  }
  inFlight_.clear();
}

int SmpUpload::overtakenLimit() const {
  return session_.transport().keepsOrder() ? 1 : kOvertakenOnDatagrams;
}

// Chunks whose buffers the device has surely freed: their bytes are acknowledged, or they are lost.
void SmpUpload::clearProcessed(qint64 offset) {
  std::erase_if(inFlight_, [&](const Chunk& chunk) {
    const bool processed =
        chunk.offset + chunk.size <= offset || (chunk.abandoned && chunk.overtaken >= overtakenLimit());
    if (processed) {
      session_.forget(chunk.sequence);
    }
    return processed;
  });
}

Status SmpUpload::handleAnswer(const SmpAnswer& answer, const CancelToken& cancel) {
  const auto found = std::find_if(inFlight_.begin(), inFlight_.end(),
                                  [&](const Chunk& chunk) { return chunk.sequence == answer.sequence; });
  if (found == inFlight_.end()) {
    return {};
  }
  const Chunk chunk = *found;
  for (auto earlier = inFlight_.begin(); earlier != found; ++earlier) {
    ++earlier->overtaken;
  }
  inFlight_.erase(found);
  if (chunk.abandoned) {
    return {};
  }
  if (answer.refusal) {
    // Short of buffers, or still busy with what it has: slower, not over.
    if (answer.refusal->is(SmpStatus::NoMemory) || answer.refusal->is(SmpStatus::Busy)) {
      SEALIFT_CHECK(goBack(QStringLiteral("It says: %1.").arg(answer.refusal->text())));
      // Nothing is open any more: this waits and skips what still arrives.
      const auto pause = session_.nextAnswer(Deadline::in(kBusyPause, QStringLiteral("the busy device")), cancel);
      return pause || pause.error().code == ErrorCode::Timeout ? Status() : tl::unexpected(pause.error());
    }
    return fail(smpRefusalError(*answer.refusal, QStringLiteral("image upload at offset %1").arg(chunk.offset)));
  }
  const auto offset = smpInteger(answer.body, QLatin1String("off"));
  if (!offset || *offset < 0 || *offset > bytes_.size()) {
    return fail(
        ErrorCode::ProtocolMalformed,
        QStringLiteral("The device's answer to the upload at offset %1 names no possible offset.").arg(chunk.offset));
  }
  const QCborValue match = answer.body.value(QLatin1String("match"));
  if (match.isBool() && *offset == bytes_.size()) {
    result_.match = match.toBool();
  }
  if (!started_) {
    started_ = true;
    if (*offset != chunk.offset + chunk.size) {
      result_.resumedAt = *offset;
    }
  } else {
    noteRoundTrip(Clock::now() - chunk.sent);
  }
  return obey(*offset, cancel);
}

// A chunk is in flight, and may still arrive, that starts where the device wants to go on.
bool SmpUpload::isExpected(qint64 offset) const {
  return std::any_of(inFlight_.begin(), inFlight_.end(), [&](const Chunk& chunk) {
    return !chunk.abandoned && chunk.offset == offset && chunk.overtaken < overtakenLimit();
  });
}

void SmpUpload::abandonAll() {
  for (Chunk& chunk : inFlight_) {
    chunk.abandoned = true;
  }
}

Status SmpUpload::obey(qint64 offset, const CancelToken& cancel) {
  furthest_ = std::max(furthest_, offset);
  if (offset > gained_) {
    gained_ = offset;
    setbacks_ = 0;
    silences_ = 0;
    openWindow_ = std::min(openWindow_ + 1, result_.window);
  }
  acknowledged_ = offset;
  for (Chunk& chunk : inFlight_) {
    chunk.abandoned = chunk.abandoned || chunk.offset < offset;
  }
  clearProcessed(offset);
  if (offset == next_ || isExpected(offset)) {
    return {};
  }
  if (offset < next_ && ++setbacks_ > kMaxSetbacks) {
    return fail(ErrorCode::ProtocolUnexpected,
                QStringLiteral("The device keeps asking for offset %1 and does not go on.").arg(offset));
  }
  abandonAll();
  next_ = offset;
  return offset == 0 ? beginAnew(cancel) : Status();
}

// "It is possible that a server will respond to an upload with off of 0": it restarted, another upload began, or it
// has completed this one and forgotten it. The first chunk goes again with all its fields.
Status SmpUpload::beginAnew(const CancelToken& cancel) {
  if (++restarts_ > kMaxRestarts) {
    return fail(ErrorCode::ProtocolUnexpected,
                QStringLiteral("The device began the upload anew %1 times.").arg(kMaxRestarts));
  }
  started_ = false;
  gained_ = 0;
  if (!lastSent_ || options_.digest.isEmpty()) {
    return {};
  }
  lastSent_ = false;
  forgetAll();
  SEALIFT_TRY(const QList<SmpImage> images, client_.imageState(cancel));
  for (const SmpImage& image : images) {
    if (image.image == options_.image && image.slot == 1 && image.hash == options_.digest) {
      furthest_ = bytes_.size();
    }
  }
  return {};
}

}  // namespace sealift
