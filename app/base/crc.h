// Checksums that protocols and bootloaders use against accidents. They prove nothing against an attacker.
#pragma once

#include <QByteArrayView>

#include <cstdint>

namespace sealift {

// CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected (ITU-T V.41; YMODEM, SMP serial framing).
// Pass the result so far as `start` to go on with more bytes.
std::uint16_t crc16Xmodem(QByteArrayView bytes, std::uint16_t start = 0);

// CRC-32/ISO-HDLC: reflected polynomial 0xEDB88320, as zlib and U-Boot's `crc32` compute it (RFC 1952, section 8).
std::uint32_t crc32(QByteArrayView bytes, std::uint32_t start = 0);

}  // namespace sealift
