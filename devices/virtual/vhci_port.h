// A port of the kernel's virtual USB host controller (Linux, vhci-hcd), through sysfs. Needs root.
#pragma once

#include "app/base/result.h"
#include "devices/virtual/usb_function.h"

namespace sealift {

class VhciPort {
 public:
  // The first free port for devices of full and high speed. NotSupported: there is no vhci-hcd.
  static Result<VhciPort> findFree();

  // The kernel takes the other end of USB/IP. `socket` may be closed afterwards.
  Status attach(int socket, UsbSpeed speed) const;
  // The kernel has let go of what was attached before.
  Result<bool> isFree() const;
  QString place() const { return place_; }  // e.g. "2-1"

 private:
  int number_ = 0;
  QString place_;
};

}  // namespace sealift
