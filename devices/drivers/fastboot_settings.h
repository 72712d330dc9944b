// ModelDescription::driverSettings for the driver "fastboot". Shape (JSON; everything but "partition" is optional):
//
//   {
//     "partition": "firmware",                what is written; with slots its name goes on with "_a" or "_b"
//     "slots": true,                          two slots, a and b; default true
//     "version": "version-firmware:{slot}",   variable that tells the version of the firmware in a slot
//     "digest": "sha256:{partition}",         variable that tells the SHA-256 (hex) of the image in a partition,
//                                             computed by the device over what it stored
//     "fetch": true,                          partitions can be read back (`fetch`); default false: only if it says so
//     "revision": "hw-revision",              variable of the hardware's revision
//     "securityVersion": "anti-rollback",     variable of the anti-rollback counter, decimal
//     "running": "is-userspace",              variable that says "yes" when the firmware itself answers, not the
//                                             bootloader; without it a running device is taken for silent
//     "eraseFirst": false,                    erase the partition before it is written
//     "flashSeconds": 300                     the longest that writing one piece may take; 1 … 3600
//   }
//
// In names of variables {slot} stands for "a" or "b", {partition} for the partition's full name. A model must offer a
// way to see what became of an update: "digest", "fetch", or "version" together with slots or "running".
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QJsonObject>

#include <chrono>

namespace sealift {

struct FastbootSettings {
  QByteArray partition;
  bool slots = true;
  QByteArray version;
  QByteArray digest;
  bool fetch = false;
  QByteArray revision;
  QByteArray securityVersion;
  QByteArray running;
  bool eraseFirst = false;
  std::chrono::seconds flashTime{300};

  // `slot`: 0 or 1; passed over without slots.
  QByteArray partitionOf(int slot) const;
  QByteArray expand(const QByteArray& variable, int slot) const;
  static QByteArray slotLetter(int slot) { return slot == 0 ? "a" : "b"; }

  // Errors: CatalogMalformed, naming the field.
  static Result<FastbootSettings> fromJson(const QJsonObject& json);
};

}  // namespace sealift
