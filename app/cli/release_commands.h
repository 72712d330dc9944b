// sealiftctl release …
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::vector<std::unique_ptr<Command>> makeReleaseCommands();

}  // namespace sealift
