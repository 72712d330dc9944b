#include "transports/links/recording_link.h"

#include "transports/links/link_recording.h"

namespace sealift {

RecordingByteLink::RecordingByteLink(ByteLink& inner, RecordingSink sink) : inner_(inner), sink_(std::move(sink)) {
  sink_(recordingHeader(RecordingKind::Bytes));
}

Result<QByteArray> RecordingByteLink::read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray bytes, inner_.read(maxBytes, deadline, cancel));
  sink_(recordingLine('<', bytes));
  return bytes;
}

Status RecordingByteLink::write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) {
  if (!bytes.isEmpty()) {
    sink_(recordingLine('>', bytes));  // before: the answer may be quicker than the return
  }
  return inner_.write(bytes, deadline, cancel);
}

RecordingDatagramLink::RecordingDatagramLink(DatagramLink& inner, RecordingSink sink)
    : inner_(inner), sink_(std::move(sink)) {
  sink_(recordingHeader(RecordingKind::Datagrams));
}

Result<QByteArray> RecordingDatagramLink::receive(const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray datagram, inner_.receive(deadline, cancel));
  sink_(recordingLine('<', datagram));
  return datagram;
}

Status RecordingDatagramLink::send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) {
  sink_(recordingLine('>', datagram));
  return inner_.send(datagram, deadline, cancel);
}

}  // namespace sealift
