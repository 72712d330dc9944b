// The program as a process of its operating system. One file for each.
#pragma once

#include <cstdio>

namespace sealift {

// No core dumps: they would hold keys.
void hardenProcess();
// The most memory that was resident at once so far, in KiB; 0 where it can't be told.
long peakMemoryKib();
// Whether somebody sits at the other end of this stream.
bool isTerminal(std::FILE* stream);

}  // namespace sealift
