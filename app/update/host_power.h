// The power of the computer that Sealift runs on, and what a low battery means for an update.
#pragma once

#include "app/policy/check.h"

#include <QString>

#include <functional>
#include <optional>

namespace sealift {

struct HostPower {
  bool onBattery = false;  // nothing else feeds it now
  int percent = 0;         // of its batteries together
};

// Below the first an update is refused, below the second there is a warning; both only while the computer runs on its
// battery. An update takes minutes; what is left at 15 % on an old battery may be as little, and one that ends in the
// middle leaves devices without a second slot unusable until somebody comes back.
inline constexpr int kRefuseHostBattery = 15;
inline constexpr int kWarnHostBattery = 30;

// Linux: what sysfs tells (Documentation/ABI/testing/sysfs-class-power). Nothing without a battery of its own.
// `folder`: /sys/class/power_supply; a test has one of its own.
std::optional<HostPower> readPowerSupplies(const QString& folder);
// What this system tells; nothing where it has no battery or does not tell. Any thread.
std::optional<HostPower> systemPower();
using HostPowerSource = std::function<std::optional<HostPower>()>;

inline constexpr const char* kHostPowerCheck = "host-power";
// Nothing where there is nothing to ask.
std::optional<Check> checkHostPower(const std::optional<HostPower>& power);

}  // namespace sealift
