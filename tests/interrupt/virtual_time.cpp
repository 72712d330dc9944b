#include "tests/interrupt/virtual_time.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <new>
#include <pthread.h>
#include <sys/mman.h>

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::atomic<std::int64_t>* offsetNs = nullptr;  // in memory that forked processes share
thread_local bool isVirtual = false;

template <class Function>
Function systemFunction(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) {
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

bool isMonotonic(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE ||
         clock == CLOCK_BOOTTIME;
}

std::int64_t nsOf(const timespec& time) {
  return time.tv_sec * kNsPerSecond + time.tv_nsec;
}

void letPass(std::int64_t ns) {
  if (ns > 0) {
    *offsetNs += ns;
  }
}

std::int64_t nowNs(clockid_t clock) {
  timespec now{};
  (void)clock_gettime(clock, &now);
  return nsOf(now);
}

}  // namespace

// Their parameters have the C library's own, reserved names.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto system = systemFunction<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = system(clock, time);
  if (result == 0 && isVirtual && isMonotonic(clock)) {
    const std::int64_t shifted = nsOf(*time) + *offsetNs;
    time->tv_sec = shifted / kNsPerSecond;
    time->tv_nsec = shifted % kNsPerSecond;
  }
  return result;
}

int nanosleep(const timespec* time, timespec* left) {
  static const auto system = systemFunction<int (*)(const timespec*, timespec*)>("nanosleep");
  if (!isVirtual) {
    return system(time, left);
  }
  letPass(nsOf(*time));
  return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  static const auto system = systemFunction<int (*)(clockid_t, int, const timespec*, timespec*)>("clock_nanosleep");
  if (!isVirtual) {
    return system(clock, flags, time, left);
  }
  letPass((flags & TIMER_ABSTIME) != 0 ? nsOf(*time) - nowNs(clock) : nsOf(*time));
  return 0;
}

// Nobody is there to signal it.
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  static const auto system =
      systemFunction<int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>("pthread_cond_clockwait");
  if (!isVirtual) {
    return system(condition, mutex, clock, until);
  }
  letPass(nsOf(*until) - nowNs(clock));
  return ETIMEDOUT;
}
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

namespace sealift::test {

void VirtualTime::begin() {
  if (offsetNs == nullptr) {
    void* shared =
        mmap(nullptr, sizeof(std::atomic<std::int64_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
      std::abort();
    }
    offsetNs = new (shared) std::atomic<std::int64_t>(0);
  }
  isVirtual = true;
}

}  // namespace sealift::test
