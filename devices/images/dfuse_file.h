// DfuSe files: firmware with the addresses at which it goes into an STM32.
// Source: STMicroelectronics UM0391, "DfuSe File Format Specification" (DFU file format revision 1.1A).
//
//   prefix (11 bytes) | target prefix (274) | element prefix (8) | data … | … | DFU suffix (16)
//
// Any thread. Nothing in it is signed.
#pragma once

#include "app/base/result.h"
#include "devices/images/dfu_suffix.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>

namespace sealift {

struct DfuseElement {
  quint32 address = 0;  // dwElementAddress
  QByteArray data;      // at least one byte, ends within the 32-bit address space

  quint64 end() const { return quint64{address} + static_cast<quint64>(data.size()); }
  bool operator==(const DfuseElement&) const = default;
};

// What goes to one alternate setting, that is, to one memory.
struct DfuseTarget {
  quint8 alternate = 0;  // bAlternateSetting
  QString name;          // szTargetName, for people; empty when bTargetNamed is 0
  QList<DfuseElement> elements;

  bool operator==(const DfuseTarget&) const = default;
};

struct DfuseFile {
  DfuSuffix suffix;
  QList<DfuseTarget> targets;  // in the file's order; no two elements of one alternate setting overlap

  qint64 dataBytes() const;
};

// Errors: ImageMalformed, ImageHashMismatch (dwCRC), ImageFormatRefused (a plain DFU file).
Result<DfuseFile> parseDfuseFile(QByteArrayView bytes);

// For publishers and tests. suffix.version is set to 1.1A.
QByteArray buildDfuseFile(const QList<DfuseTarget>& targets, const DfuSuffix& suffix);

// SHA-256 over what the targets put where: for each element in their order the alternate setting (one byte), the
// address and the size (32 bits each, little-endian) and the data. Whoever reads a device back computes it over the
// same places and gets the same digest from the same content; names and padding don't count.
QByteArray dfuseDigest(const QList<DfuseTarget>& targets);

// A whole DfuSe file (format "dfuse", not signed). facts.digest: dfuseDigest(); facts.version stays empty, as for
// "dfu".
Result<ImageFacts> verifyDfuseFile(QByteArrayView bytes, const QList<QByteArray>& keys);

}  // namespace sealift
