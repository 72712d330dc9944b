// What this Sealift speaks.
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::vector<std::unique_ptr<Command>> makeDriverCommands();

}  // namespace sealift
