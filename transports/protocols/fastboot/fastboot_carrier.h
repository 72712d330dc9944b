// How fastboot's packets get to the device and back: TCP, UDP or USB.
//
// Threads and errors: as in link.h. The link is used, not owned, and outlives the carrier. After any error the carrier
// is of no more use: what the device had still to say can't be told from its next answer.
#pragma once

#include "transports/links/link.h"

namespace sealift {

class FastbootCarrier {
 public:
  virtual ~FastbootCarrier() = default;

  // Once, before everything else: both sides agree that this is fastboot.
  virtual Status begin(const Deadline& deadline, const CancelToken& cancel) = 0;
  // One packet to the device: a command.
  virtual Status send(QByteArrayView packet, const Deadline& deadline, const CancelToken& cancel) = 0;
  // One packet from the device. ProtocolMalformed when it is longer than maxBytes.
  virtual Result<QByteArray> receive(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) = 0;
  // A part of the data phase, in any division.
  virtual Status sendData(QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) = 0;
  // The next 1 to maxBytes bytes of the device's data phase. `maxBytes`: at most what is still to come.
  virtual Result<QByteArray> receiveData(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) = 0;
};

}  // namespace sealift
