// sealiftctl update batch
#pragma once

#include "app/cli/command.h"

namespace sealift {

std::unique_ptr<Command> makeBatchCommand();

}  // namespace sealift
