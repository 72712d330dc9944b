// sealiftctl vendor set: how a vendor's server is reached.
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::unique_ptr<Command> makeVendorSetCommand();

}  // namespace sealift
