// What sealiftctl's exit status means; stable, and in the manual page.
#pragma once

#include "app/base/result.h"
#include "app/services/views.h"

namespace sealift {

enum class ExitCode : int {
  Success = 0,
  Error = 1,     // something went wrong before any job began
  Usage = 2,     // the command line was not understood
  Refused = 3,   // a check or the person said no; nothing was written
  Failed = 4,    // the device still runs its old firmware
  Reverted = 5,  // the device went back by itself
  Unknown = 6,   // the device did not come back
  Cancelled = 7,
  Tampered = 8,  // audit verify found changes
  UpToDate = 9,  // there is no newer release: nothing to do
  Due = 10,      // repo status: something expires soon, or did
};

ExitCode exitCodeFor(Outcome outcome);
ExitCode exitCodeFor(const Error& error);

}  // namespace sealift
