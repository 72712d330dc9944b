// The suffix of DFU files: which device the firmware is for, and a checksum over the file.
// Source: USB Device Class Specification for Device Firmware Upgrade, version 1.1, appendix B.
//
// The suffix proves nothing against an attacker: it carries a CRC, not a signature. It keeps a file from the wrong
// device. What is sent to the device is the payload alone (appendix B: "the suffix is not sent to the device").
//
// Any thread.
#pragma once

#include "app/base/result.h"
#include "devices/images/image.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

namespace sealift {

inline constexpr quint16 kDfuAny = 0xFFFF;        // any vendor, product or release (appendix B.1, B.2)
inline constexpr quint16 kDfuFile = 0x0100;       // bcdDFU of DFU files: the suffix's version, 1.0 in DFU 1.1, too
inline constexpr quint16 kDfuseFile = 0x011A;     // bcdDFU of DfuSe files (UM0391)
inline constexpr qsizetype kDfuSuffixBytes = 16;  // the shortest suffix; a later version's is longer

struct DfuSuffix {
  quint16 device = kDfuAny;  // bcdDevice: release number of the firmware
  quint16 product = kDfuAny;
  quint16 vendor = kDfuAny;
  quint16 version = kDfuFile;  // bcdDFU

  // Whether the file is for the device with these identities.
  bool fits(quint16 vendorId, quint16 productId) const {
    return (vendor == kDfuAny || vendor == vendorId) && (product == kDfuAny || product == productId);
  }
  bool operator==(const DfuSuffix&) const = default;
};

struct DfuFile {
  DfuSuffix suffix;
  qsizetype payloadSize = 0;  // bytes before the suffix; more than 0
};

// Any file with a suffix, DfuSe's included. Errors: ImageMalformed (no suffix, lengths that contradict one another,
// nothing before it), ImageHashMismatch (dwCRC).
Result<DfuFile> parseDfuFile(QByteArrayView bytes);

// The payload with its suffix: for publishers and tests.
QByteArray appendDfuSuffix(QByteArrayView payload, const DfuSuffix& suffix);

// A whole DFU file (format "dfu", not signed). facts.digest: SHA-256 of the payload, the bytes that the device is sent
// and gives back when it is read. facts.version stays empty: that bcdDevice is a version is the specification's word,
// how its four digits are written as one is each vendor's own.
// Errors: as above, and ImageFormatRefused for a DfuSe file.
Result<ImageFacts> verifyDfuFile(QByteArrayView bytes, const QList<QByteArray>& keys);

}  // namespace sealift
