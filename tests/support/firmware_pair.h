// The old and the new firmware of a device that replaces it in place.
#pragma once

#include "devices/virtual/usb_firmware.h"

namespace sealift::test {

// Alike: of the new one's sectors, only the first and the last differ from the old one's. What lies between is neither
// erased nor written.
enum class FirmwarePair { Unlike, Alike };

inline QByteArray oldUsbFirmware(qsizetype bytes) {
  return makeUsbFirmware(0x0100, bytes, 1);
}

inline QByteArray newUsbFirmware(qsizetype bytes, FirmwarePair pair) {
  constexpr quint16 kRelease = 0x0213;
  if (pair == FirmwarePair::Unlike) {
    return makeUsbFirmware(kRelease, bytes, 2);
  }
  QByteArray content = oldUsbFirmware(bytes).sliced(kUsbFirmwareHeaderBytes);
  content.back() = static_cast<char>(~content.back());
  return sealUsbFirmware(kRelease, content);
}

}  // namespace sealift::test
