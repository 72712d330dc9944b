#include "transports/links/faulty_link.h"

namespace sealift {

Result<QByteArray> FaultyByteLink::read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    SEALIFT_TRY(QByteArray bytes, inner_.read(maxBytes, deadline, cancel));
    if (faults_.receiving) {
      bytes = faults_.receiving->damageBytes(bytes);
    }
    if (!bytes.isEmpty()) {
      return bytes;
    }
  }
}

Status FaultyByteLink::write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) {
  if (!faults_.sending) {
    return inner_.write(bytes, deadline, cancel);
  }
  const QByteArray rest = faults_.sending->damageBytes(bytes);
  return rest.isEmpty() ? cancel.check() : inner_.write(rest, deadline, cancel);
}

Result<QByteArray> FaultyDatagramLink::receive(const Deadline& deadline, const CancelToken& cancel) {
  for (;;) {
    SEALIFT_TRY(const QByteArray datagram, inner_.receive(deadline, cancel));
    const auto rest = faults_.receiving ? faults_.receiving->damageDatagram(datagram) : std::optional(datagram);
    if (rest) {
      return *rest;
    }
  }
}

Status FaultyDatagramLink::send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) {
  const auto rest = faults_.sending ? faults_.sending->damageDatagram(datagram) : std::optional(datagram.toByteArray());
  return rest ? inner_.send(*rest, deadline, cancel) : cancel.check();
}

}  // namespace sealift
