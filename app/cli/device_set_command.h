// sealiftctl device set
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::unique_ptr<Command> makeDeviceSetCommand();

}  // namespace sealift
