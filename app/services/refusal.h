// Which errors mean that something was looked at and not accepted, apart from what could not be done.
#pragma once

#include "app/base/error_code.h"

namespace sealift {

// Consent, identity, image, trust and policy: an update that ends with one of them was refused.
bool isRefusal(ErrorCode code);

}  // namespace sealift
