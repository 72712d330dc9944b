#include "app/base/process_hardening.h"

#include <sys/resource.h>
#include <sys/stat.h>
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
  (void)umask(077);
}

bool isTerminal(std::FILE* stream) {
  return isatty(fileno(stream)) == 1;
}

}  // namespace sealift
