// Somebody wants the program to end: Ctrl-C, or the system's request to terminate. One file an operating system.
#pragma once

#include <functional>
#include <memory>

namespace sealift {

// While it lives, such a request calls `asked` from the event loop of the thread that made this; the
// program itself goes on, so that what runs can be ended safely. At most one lives at a time.
class Interrupt {
 public:
  explicit Interrupt(std::function<void()> asked);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // While it lives, a request ends the program at once, with `status`: for questions, when nothing runs and
  // no event loop does.
  class EndsAtOnce {
   public:
    explicit EndsAtOnce(int status);
    ~EndsAtOnce();
    EndsAtOnce(const EndsAtOnce&) = delete;
    EndsAtOnce& operator=(const EndsAtOnce&) = delete;
  };

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sealift
