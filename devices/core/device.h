// What a device says of itself at one moment. Everything here was told by the device:
// values are claims unless a field says how they were proven.
#pragma once

#include "devices/images/version.h"

#include <QByteArray>
#include <QList>
#include <QString>

#include <optional>

namespace sealift {

struct Slot {
  QString name;                    // as shown to people: "A", "B", "primary"
  int index = 0;                   // the driver's own number
  std::optional<Version> version;  // nothing: empty or unreadable
  QByteArray digest;               // what Driver::reportedDigest gives for the stored image; may be empty
  bool running = false;            // the device executes this slot's image now
  bool confirmed = false;          // stays the chosen one after a restart
  bool pending = false;            // will be tried at the next restart
  bool permanent = false;          // pending, and without trial
  bool bootable = false;

  bool operator==(const Slot&) const = default;
};

enum class TriState { Unknown, No, Yes };

struct DeviceSnapshot {
  QString deviceName;        // what the unit calls its own model; compared with ModelDescription::deviceNames
  QString serial;            // empty when the device has none
  QString hardwareRevision;  // empty when the device doesn't tell
  QString bootloader;        // e.g. "MCUboot, swap using move · SMP over UDP"
  QList<Slot> slots;
  TriState secureBoot = TriState::Unknown;
  QString secureBootDetail;                // e.g. "image signatures required by the bootloader"
  std::optional<quint32> securityVersion;  // the anti-rollback counter: lower ones are refused by the device
  QString securityVersionDetail;           // where the counter is kept, when that weakens it
  std::optional<int> batteryPercent;
  std::optional<bool> idle;    // it has nothing to do that an update would disturb; nothing: it does not tell
  QStringList deltaKinds;      // that this very device says it can apply itself
  bool inBootloader = false;   // no application is running
  bool readProtected = false;  // nothing can be written until everything was erased
  qint64 slotBytes = 0;        // capacity of one slot; 0 when unknown

  const Slot* runningSlot() const {
    for (const Slot& slot : slots) {
      if (slot.running) {
        return &slot;
      }
    }
    return nullptr;
  }
  // Compares everything that identifies the unit (name, serial, revision), nothing that changes with updates. What a
  // bootloader leaves untold says nothing: the place of the device, which is its address, holds then.
  bool sameUnit(const DeviceSnapshot& other) const {
    const auto untold = [&](const QString& mine, const QString& theirs) {
      return (mine.isEmpty() && inBootloader) || (theirs.isEmpty() && other.inBootloader);
    };
    const auto agree = [&](const QString& mine, const QString& theirs) {
      return mine == theirs || untold(mine, theirs);
    };
    return agree(deviceName, other.deviceName) && agree(serial, other.serial) &&
           agree(hardwareRevision, other.hardwareRevision);
  }
};

enum class IdentityState { CannotBeVerified, Verified, Refuted };

struct IdentityProof {
  IdentityState state = IdentityState::CannotBeVerified;
  QString detail;  // who certified it, or why it can't be verified
};

}  // namespace sealift
