// Keeps ModemManager away from a device for as long as this lives: it takes every serial port on the USB that comes up
// for a modem's and speaks AT commands to it, which can spoil a conversation or a bootloader's state.
//
// ModemManager only takes a device that it has seen, so this asks again and again until it was granted: also for a
// device whose serial port appears in the middle of a job. Whatever comes back at the same place stays inhibited.
// Without ModemManager, or for a device that is not on the USB, there is nothing to do, and nothing is done.
//
// Source: org.freedesktop.ModemManager1, method InhibitDevice (ModemManager 1.10 and later). Threads: the object
// belongs to one thread; it talks to the bus in one of its own.
#pragma once

#include "transports/links/link_opener.h"

#include <memory>
#include <optional>

namespace sealift {

class ModemInhibitor final : public LinkGuard {
 public:
  // Returns when it was tried for the first time, 2 s at the most.
  explicit ModemInhibitor(const LinkAddress& address);
  ~ModemInhibitor() override;

  bool isInhibited() const;

  // What ModemManager calls the device behind an address: the sysfs path of the USB device. Nothing when there is none.
  // `sysfs` is where sysfs is.
  static std::optional<QString> deviceUid(const LinkAddress& address, const QString& sysfs = QStringLiteral("/sys"));

 private:
  class Asker;
  std::unique_ptr<Asker> asker_;  // null: nothing to do
};

}  // namespace sealift
