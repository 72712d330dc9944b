// Messages of USB/IP after a device was imported. Source: Linux, Documentation/usb/usbip_protocol.rst, version 1.1.1.
// All numbers are big-endian, but for the setup packet, which stands as on the wire.
#pragma once

#include "devices/virtual/usb_function.h"

#include <optional>

namespace sealift::usbip {

// Negative errno values of Linux, as they stand in the messages whatever this is compiled for.
constexpr qint32 kStatusOk = 0;
constexpr qint32 kStatusStalled = -32;     // EPIPE
constexpr qint32 kStatusUnlinked = -104;   // ECONNRESET
constexpr qint32 kStatusOverflow = -75;    // EOVERFLOW: more than the host asked for
constexpr qint32 kStatusTooShort = -121;   // EREMOTEIO: less, where the host said that it minds
constexpr quint32 kFlagShortNotOk = 0x01;  // in transfer_flags
constexpr qsizetype kHeaderSize = 48;
constexpr quint32 kMaxTransfer = 64 * 1024 * 1024;

struct Command {
  enum class Kind { Submit, Unlink };
  Kind kind = Kind::Submit;
  quint32 sequence = 0;
  quint8 endpoint = 0;  // bEndpointAddress with its direction; 0 for control
  bool toHost = false;  // the direction of the data
  quint32 flags = 0;    // Submit
  quint32 length = 0;   // Submit: of the transfer
  UsbSetup setup;       // Submit to endpoint 0
  quint32 unlinks = 0;  // Unlink: sequence number of the transfer that is taken back
  QByteArray data;      // Submit from the host
};

// The next command at the begin of `received`, which it is taken from. Nothing: more has to come.
// ProtocolMalformed: this is no USB/IP.
Result<std::optional<Command>> takeCommand(QByteArray& received);

QByteArray returnOfSubmit(quint32 sequence, qint32 status, qsizetype actualLength, const QByteArray& data);
QByteArray returnOfUnlink(quint32 sequence, qint32 status);

}  // namespace sealift::usbip
