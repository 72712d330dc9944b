#include "app/cli/interrupt.h"

#include <QSocketNotifier>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace sealift {
namespace {

// A handler may touch little (signal-safety(7)): these, write() and _exit().
volatile std::sig_atomic_t writeEnd = -1;
volatile std::sig_atomic_t statusAtOnce = -1;
volatile std::sig_atomic_t unanswered = 0;  // a signal was written down that the event loop has not seen yet

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

extern "C" void onSignal(int /*number*/) {
  const int before = errno;
  if (statusAtOnce >= 0) {
    _exit(statusAtOnce);
  }
  unanswered = 1;
  if (writeEnd >= 0) {
    const char byte = 1;
    // A full pipe holds a request already.
    [[maybe_unused]] const ssize_t written = write(writeEnd, &byte, 1);
  }
  errno = before;
}

}  // namespace

struct Interrupt::State {
  int ends[2] = {-1, -1};
  struct sigaction before[std::size(kSignals)] = {};
  std::unique_ptr<QSocketNotifier> notifier;
};

Interrupt::Interrupt(std::function<void()> asked) : state_(std::make_unique<State>()) {
  if (pipe2(state_->ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return;  // without it the signals end the program as they always do
  }
  state_->notifier = std::make_unique<QSocketNotifier>(state_->ends[0], QSocketNotifier::Read);
  QObject::connect(state_->notifier.get(), &QSocketNotifier::activated, state_->notifier.get(),
                   [end = state_->ends[0], asked = std::move(asked)] {
                     unanswered = 0;
                     char bytes[16];
                     while (read(end, bytes, sizeof bytes) > 0) {
                     }
                     asked();
                   });
  writeEnd = state_->ends[1];
  struct sigaction action = {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &state_->before[i]);
    if (state_->before[i].sa_handler != SIG_IGN) {  // nohup(1), and shells that run things in the background
      sigaction(kSignals[i], &action, nullptr);
    }
  }
}

Interrupt::~Interrupt() {
  if (!state_->notifier) {
    return;
  }
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], &state_->before[i], nullptr);
  }
  writeEnd = -1;
  state_->notifier.reset();
  close(state_->ends[0]);
  close(state_->ends[1]);
}

Interrupt::EndsAtOnce::EndsAtOnce(int status) {
  statusAtOnce = status;
  if (unanswered != 0) {  // came a moment before: the event loop, which would see it, is about to stand still
    _exit(status);
  }
}

Interrupt::EndsAtOnce::~EndsAtOnce() {
  statusAtOnce = -1;
}

}  // namespace sealift
