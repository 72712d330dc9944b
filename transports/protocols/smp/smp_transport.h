// How SMP packets travel. A transport takes its link by reference; the link outlives it.
// Thread: that of the link.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/deadline.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <chrono>

namespace sealift {

class SmpTransport {
 public:
  virtual ~SmpTransport() = default;

  // One whole packet, at most maxPacket() bytes.
  virtual Status send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) = 0;
  // The next whole packet that passed the transport's own checks; what did not is skipped.
  virtual Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) = 0;

  // The largest packet, header included, that may be sent.
  virtual qsizetype maxPacket() const = 0;
  // Bytes that a packet takes in the device's buffer beside itself.
  virtual qsizetype bufferOverhead() const = 0;
  // True when packets can't overtake one another: a later one answered means that an earlier one is lost.
  virtual bool keepsOrder() const = 0;
  // How long a packet of that size is on the wire; 0 where that does not matter.
  virtual std::chrono::milliseconds wireTime(qsizetype packetSize) const = 0;
  virtual QString description() const = 0;
};

}  // namespace sealift
