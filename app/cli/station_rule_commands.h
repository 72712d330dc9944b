// sealiftctl station status | policy | mode
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::unique_ptr<Command> makeStationStatusCommand();
std::unique_ptr<Command> makeStationPolicyCommand();
std::unique_ptr<Command> makeStationModeCommand();

}  // namespace sealift
