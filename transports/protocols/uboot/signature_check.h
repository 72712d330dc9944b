// U-Boot's own check of a FIT image's signature in its memory, without starting it: `bootm start` (U-Boot
// documentation, "bootm", sub-commands) finds the image's parts and verifies what the control device tree requires.
#pragma once

#include "transports/protocols/uboot/console.h"

namespace sealift {

class UbootSignatureCheck {
 public:
  explicit UbootSignatureCheck(UbootConsole& console) : console_(console) {}

  // True when U-Boot accepts the FIT image at `address`. It proves something only on a device that requires its
  // configurations to be signed (requiresSignedConfiguration()), and then covers the root's properties, too.
  Result<bool> accepts(quint64 address, const CancelToken& cancel);

 private:
  UbootConsole& console_;
};

}  // namespace sealift
