#include "app/base/process.h"

#include <io.h>
#include <windows.h>
// after windows.h
#include <psapi.h>

namespace sealift {

void hardenProcess() {
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
}

long peakMemoryKib() {
  PROCESS_MEMORY_COUNTERS counters{};
  if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) {
    return 0;
  }
  return static_cast<long>(counters.PeakWorkingSetSize / 1024);
}

bool isTerminal(std::FILE* stream) {
  return _isatty(_fileno(stream)) != 0;
}

}  // namespace sealift
