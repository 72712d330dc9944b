#include "app/base/process.h"

#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace sealift {

void hardenProcess() {
  const rlimit none{0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
  (void)prctl(PR_SET_DUMPABLE, 0);  // also keeps other processes of the same user from reading its memory
#endif
}

long peakMemoryKib() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) {
    return 0;
  }
#ifdef __APPLE__
  return usage.ru_maxrss / 1024;  // bytes there
#else
  return usage.ru_maxrss;
#endif
}

bool isTerminal(std::FILE* stream) {
  return isatty(fileno(stream)) == 1;
}

}  // namespace sealift
