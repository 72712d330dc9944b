// What a device's fastboot says of itself, and what that means for its slots.
#pragma once

#include "devices/core/device.h"
#include "devices/drivers/fastboot_connection.h"
#include "devices/drivers/fastboot_settings.h"

#include <array>
#include <optional>

namespace sealift {

// What stays the same of a unit.
struct FastbootUnit {
  QString product;
  QString serial;

  bool operator==(const FastbootUnit&) const = default;
};

struct FastbootSlot {
  bool successful = false;
  bool unbootable = false;
  int retries = 0;
  std::optional<Version> version;
  QByteArray digest;  // raw; empty when untold
};

struct FastbootState {
  FastbootUnit unit;
  QString revision;
  QString bootloader;
  bool runs = false;  // the firmware answers, not the bootloader
  std::optional<bool> secure;
  std::optional<bool> unlocked;
  std::optional<quint32> securityVersion;
  std::array<FastbootSlot, 2> slots;  // only the first one counts without slots
  int current = 0;                    // the slot that runs, or that the next start tries
  qint64 partitionBytes = 0;          // 0: untold
  qint64 maxDownload = 0;
  qint64 maxFetch = 0;  // 0: partitions can't be read back

  const FastbootSlot& slot(int index) const { return slots[static_cast<std::size_t>(index)]; }
  // The slot whose firmware is the device's: the running one; in the bootloader the current one, unless that is only
  // on trial and the other one has been successful.
  int standing() const;
  bool isOnTrial() const {
    return !runs && current != standing() && !slot(current).unbootable && slot(current).retries > 0;
  }
};

// How much is asked for: each variable is a round trip.
enum class FastbootDetail {
  Writing,  // what steps need: whether it runs, its slots' states, sizes
  All,      // also the unit, versions and digests, security
};

class FastbootInspector {
 public:
  FastbootInspector(FastbootConnection& connection, const FastbootSettings& settings)
      : connection_(connection), session_(connection.session()), settings_(settings) {}

  Result<FastbootUnit> unit(const CancelToken& cancel);
  // Errors: the session's; DeviceNotRecognised when it has not the slots that the model says.
  Result<FastbootState> state(FastbootDetail detail, const CancelToken& cancel);
  Result<FastbootSlot> slotState(int index, const CancelToken& cancel);
  Result<int> currentSlot(const CancelToken& cancel);
  // Names of the variables that the device knows, for whoever wrote a wrong one into the model.
  Result<QString> knownVariables(const CancelToken& cancel);

 private:
  Result<QString> text(const QByteArray& variable, const CancelToken& cancel);
  Result<std::optional<bool>> flag(const QByteArray& variable, const CancelToken& cancel);
  Result<qint64> size(const QByteArray& variable, int plainBase, const CancelToken& cancel);
  Status readIdentity(FastbootState& state, const CancelToken& cancel);
  Status readSlots(FastbootState& state, FastbootDetail detail, const CancelToken& cancel);
  Status readFirmware(FastbootSlot& slot, int index, const CancelToken& cancel);

  FastbootConnection& connection_;
  FastbootSession& session_;
  const FastbootSettings& settings_;
};

// As the rest of Sealift sees it.
DeviceSnapshot toSnapshot(const FastbootState& state, const FastbootSettings& settings);

}  // namespace sealift
