// What a program that holds secrets does first. One file an operating system.
#pragma once

#include <cstdio>

namespace sealift {

// No core dumps: they would hold keys. New files are the owner's alone unless said otherwise.
void hardenProcess();
// Whether somebody sits at the other end of this stream.
bool isTerminal(std::FILE* stream);

}  // namespace sealift
