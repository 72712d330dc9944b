// sealiftctl update downgrade
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::unique_ptr<Command> makeDowngradeCommand();

}  // namespace sealift
