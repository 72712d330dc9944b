#include "app/base/process_hardening.h"

#include <io.h>
#include <windows.h>

namespace sealift {

void hardenProcess() {
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
}

bool isTerminal(std::FILE* stream) {
  return _isatty(_fileno(stream)) != 0;
}

}  // namespace sealift
