// Firmware for virtual USB devices: what their bootloaders look for and what their applications do with it.
//
//   0   u32  initial stack pointer, 0x20004000    (the vector table of a Cortex-M, ARMv7-M, B1.5.3)
//   4   u32  reset vector
//   8   "SLFW" | u32 size of all | u16 bcdDevice that the application shows | u16 0 | u32 CRC-32 of what follows
#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <optional>

namespace sealift {

inline constexpr qsizetype kUsbFirmwareHeaderBytes = 24;

// `size` bytes in all, at least the header; the content is drawn from `seed`.
QByteArray makeUsbFirmware(quint16 release, qsizetype size, quint32 seed = 1, quint32 base = 0x08000000);
// Firmware around this content.
QByteArray sealUsbFirmware(quint16 release, QByteArrayView content, quint32 base = 0x08000000);

// The release that the firmware at the beginning of `memory` shows. Nothing when it is not whole.
std::optional<quint16> releaseOfUsbFirmware(QByteArrayView memory);

}  // namespace sealift
