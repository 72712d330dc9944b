// A bus that a test can plug devices into: the one within the program (virtual_test_bus.h) or the kernel's
// (kernel_test_bus.h).
#pragma once

#include "devices/virtual/usb_function.h"
#include "transports/links/link_opener.h"

#include <memory>

namespace sealift {

class UsbTestBus {
 public:
  virtual ~UsbTestBus() = default;
  virtual LinkOpener& opener() = 0;
  // Where it is; the bus may need a moment to notice.
  virtual QString plugIn(const std::shared_ptr<UsbFunction>& function) = 0;
  virtual void unplug(const QString& place) = 0;
  // Back into the same socket.
  virtual void plugInAgain(const QString& place) = 0;
  virtual void unplugAtTransfer(const QString& place, quint64 n) = 0;
  virtual void unplugAll() = 0;
};

}  // namespace sealift
