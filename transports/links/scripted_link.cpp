#include "transports/links/scripted_link.h"

#include <limits>

namespace sealift {

Result<QByteArray> ScriptedByteLink::read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  bool timedOut = false;
  SEALIFT_TRY(const QByteArray bytes, script_.takeReply(maxBytes, &timedOut));
  return timedOut ? Result<QByteArray>(deadline.timeout()) : bytes;
}

Status ScriptedByteLink::write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) {
  Q_UNUSED(deadline)
  SEALIFT_CHECK(cancel.check());
  return script_.takeSent(bytes, false);
}

Result<QByteArray> ScriptedDatagramLink::receive(const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  bool timedOut = false;
  SEALIFT_TRY(const QByteArray bytes, script_.takeReply(std::numeric_limits<qsizetype>::max(), &timedOut));
  return timedOut ? Result<QByteArray>(deadline.timeout()) : bytes;
}

Status ScriptedDatagramLink::send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) {
  Q_UNUSED(deadline)
  SEALIFT_CHECK(cancel.check());
  return script_.takeSent(datagram, true);
}

}  // namespace sealift
