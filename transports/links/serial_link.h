// A serial port as a byte link with modem lines: 8 data bits, 1 stop bit, no flow control.
// The file behind it is chosen by CMake: serial_link_qt.cpp (QtSerialPort).
#pragma once

#include "transports/links/link.h"
#include "transports/links/link_address.h"

#include <memory>

namespace sealift {

// Opens the port for this program alone. `port` is a path or a name as the system knows it
// (/dev/ttyUSB0, COM3), `baud` in bit/s. To be used from a QThread or the main thread.
// On a pseudo terminal, which knows none, parity is passed over.
// Errors: LinkOpen (missing, busy, baud or parity not possible), LinkPermission (says which group owns the port).
Result<std::unique_ptr<ByteLink>> openSerialLink(const QString& port, int baud,
                                                 SerialParity parity = SerialParity::None);

}  // namespace sealift
