// Time that passes only when somebody waits for it: in the thread that calls begin(), and in every process that it
// forks, sleeping ends at once and moves the clock of all of them. Thousands of updates with their restarts and
// deadlines take no longer than their work. Other threads keep the system's time; the time of day stays as it is.
//
// It stands in for clock_gettime (monotonic clocks), nanosleep, clock_nanosleep and pthread_cond_clockwait of the whole
// program, so it is for test programs alone. Whoever waits on a condition must not be waiting for another thread.
// Linux.
#pragma once

namespace sealift::test {

class VirtualTime {
 public:
  static void begin();
};

}  // namespace sealift::test
