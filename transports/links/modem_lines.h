// The output lines of a serial port, which many boards wire to the microcontroller's reset and boot mode pins.
// "On" is the asserted state of ITU-T V.24, in which an adapter with logic levels pulls its pin low. Opening a port
// asserts both on most systems.
#pragma once

#include "app/base/result.h"

namespace sealift {

class ModemLines {
 public:
  virtual ~ModemLines() = default;
  // At once, in the link's thread. Errors: NotSupported (this port has no such line), LinkLost.
  virtual Status setDtr(bool on) = 0;
  virtual Status setRts(bool on) = 0;
};

}  // namespace sealift
