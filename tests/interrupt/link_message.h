// What goes between a Sealift in a process of its own and the process that holds its device: one request, one answer.
#pragma once

#include "app/base/result.h"
#include "transports/links/usb_link.h"

#include <QByteArray>
#include <QDataStream>
#include <QIODevice>

namespace sealift::test {

enum class LinkCall : quint8 {
  UsbDevices,
  OpenUsb,
  Claim,
  ControlIn,
  ControlOut,
  BulkIn,
  BulkOut,
  UsbReset,
  OpenBytes,
  Read,
  Write,
  Discard,
  SetDtr,
  SetRts,
  OpenDatagrams,
  Send,
  Receive,
  Close,     // from here on: no operations on a link
  Entering,  // a step of the driver
  Leaving,
  Ended,  // the job's report
};

// Whole messages over a stream socket. False when the other end is gone.
bool writeMessage(int socket, const QByteArray& message);
bool readMessage(int socket, QByteArray& message);

QDataStream& operator<<(QDataStream& stream, const UsbDeviceInfo& info);
QDataStream& operator>>(QDataStream& stream, UsbDeviceInfo& info);

}  // namespace sealift::test
