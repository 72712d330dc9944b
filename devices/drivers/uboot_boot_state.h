// The boot state: which slot boots, whether on trial. Two copies, each an `env export -c` block with its
// CRC-32; the one of the higher sequence number counts, and always the other one is written. A power
// cut leaves at least the older copy valid.
//
// Variables: slot (name), upgrade_available (0, 1: the slot is on trial), tries_left (of the trial), security_version
// (hex, lowest that the boot script boots), state_seq (hex).
#pragma once

#include "devices/drivers/uboot_settings.h"
#include "transports/protocols/uboot/console.h"

#include <optional>

namespace sealift {

struct UbootBootState {
  int slot = 0;  // index of the slot that boots next
  bool onTrial = false;
  int triesLeft = 0;
  quint32 securityVersion = 0;
  quint32 sequence = 0;
  bool stored = false;  // false: no valid copy, these are the defaults of the boot script

  int confirmedSlot() const { return onTrial ? 1 - slot : slot; }
  int otherSlot() const { return 1 - confirmedSlot(); }  // the one that may be written
};

class UbootBootStateStore {
 public:
  UbootBootStateStore(UbootConsole& console, const UbootSettings& settings) : console_(console), settings_(settings) {}

  Result<UbootBootState> load(const CancelToken& cancel);
  // Writes `state` with the next sequence number over the older copy and reads it back.
  // Errors: DeviceWriteFailed when the device does not hold it afterwards.
  Status store(const UbootBootState& state, const CancelToken& cancel);

 private:
  Result<std::optional<UbootBootState>> loadCopy(int copy, const CancelToken& cancel);
  std::optional<UbootBootState> decode(const QMap<QByteArray, QByteArray>& values) const;

  UbootConsole& console_;
  const UbootSettings& settings_;
};

}  // namespace sealift
