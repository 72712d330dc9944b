// sealiftctl operator …
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::vector<std::unique_ptr<Command>> makeOperatorCommands();

}  // namespace sealift
