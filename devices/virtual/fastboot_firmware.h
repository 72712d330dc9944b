// The firmware of virtual fastboot devices: what a partition must begin with to be booted. Made up for these devices:
//
//   sealift-virtual-fastboot\n          lines of text
//   version=2.0.0\n
//   behaviour=healthy\n                 healthy, hang, boot-loop or stay-on-trial (see fastboot_device.h)
//   payload=30000\n                     bytes behind the empty line
//   sha256=<64 hex digits of it>\n
//   \n
//   <payload>
#pragma once

#include "devices/images/version.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>

namespace sealift {

struct FastbootFirmware {
  Version version;
  QByteArray behaviour;
  qsizetype payloadAt = 0;
  qsizetype payloadSize = 0;
  QByteArray payloadDigest;  // SHA-256, as the firmware says

  qsizetype totalSize() const { return payloadAt + payloadSize; }
  // From the beginning of a partition, of which this is the first `available` bytes of `partitionBytes`.
  static std::optional<FastbootFirmware> parse(QByteArrayView begin, qsizetype partitionBytes);
};

// As large as `totalSize`, if the lines fit; the payload is the same for the same `version` and never repeats a word.
QByteArray makeFastbootFirmware(const Version& version, const QByteArray& behaviour, qsizetype totalSize);

}  // namespace sealift
