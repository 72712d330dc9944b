// The two kinds of channel to a device. A protocol takes one by reference and
// never opens hardware itself.
//
// Threads: a link belongs to the thread that opened it (one worker owns one device
// for the length of a job). Every call blocks until done, deadline, cancel or loss:
// Timeout, Cancelled, LinkLost. Cancel is noticed within about 50 ms.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/deadline.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

namespace sealift {

class ModemLines;

// A stream of bytes without message borders: serial, pty, TCP.
class ByteLink {
 public:
  virtual ~ByteLink() = default;

  // Between 1 and maxBytes bytes as soon as there are any.
  virtual Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) = 0;
  // All of the bytes, handed over to the operating system (not proof that the device has them).
  virtual Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) = 0;
  // Throws away what came in and was not read.
  virtual Status discardInput() = 0;
  // For people and logs, e.g. "serial /dev/ttyUSB0, 115200 baud".
  virtual QString description() const = 0;
  // The port's own output lines (modem_lines.h), as long as the link lives; null where there are none.
  virtual ModemLines* modemLines() { return nullptr; }
};

// Messages that arrive whole or not at all, perhaps twice or out of order: UDP.
class DatagramLink {
 public:
  virtual ~DatagramLink() = default;

  virtual Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) = 0;
  virtual Status send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) = 0;
  // The largest payload in bytes that may be sent at once.
  virtual qsizetype maxDatagram() const = 0;
  virtual QString description() const = 0;
};

}  // namespace sealift
