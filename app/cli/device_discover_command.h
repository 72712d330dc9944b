// sealiftctl device discover
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::unique_ptr<Command> makeDeviceDiscoverCommand();

}  // namespace sealift
