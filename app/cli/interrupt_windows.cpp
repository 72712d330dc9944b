#include "app/cli/interrupt.h"

#include <QObject>

#include <atomic>
#include <mutex>
#include <windows.h>

namespace sealift {
namespace {

std::mutex mutex;
QObject* receiver = nullptr;  // guarded by mutex
std::function<void()> askedNow;
std::atomic<int> statusAtOnce = -1;

// The system calls it in a thread of its own.
BOOL WINAPI onControl(DWORD kind) {
  if (kind != CTRL_C_EVENT && kind != CTRL_BREAK_EVENT && kind != CTRL_CLOSE_EVENT) {
    return FALSE;
  }
  if (const int status = statusAtOnce; status >= 0) {
    ExitProcess(static_cast<UINT>(status));
  }
  const std::scoped_lock lock(mutex);
  if (receiver == nullptr) {
    return FALSE;
  }
  QMetaObject::invokeMethod(receiver, askedNow, Qt::QueuedConnection);
  return TRUE;
}

}  // namespace

struct Interrupt::State {
  QObject receiver;
};

Interrupt::Interrupt(std::function<void()> asked) : state_(std::make_unique<State>()) {
  {
    const std::scoped_lock lock(mutex);
    receiver = &state_->receiver;
    askedNow = std::move(asked);
  }
  SetConsoleCtrlHandler(onControl, TRUE);
}

Interrupt::~Interrupt() {
  SetConsoleCtrlHandler(onControl, FALSE);
  const std::scoped_lock lock(mutex);
  receiver = nullptr;
  askedNow = nullptr;
}

Interrupt::EndsAtOnce::EndsAtOnce(int status) {
  statusAtOnce = status;
}

Interrupt::EndsAtOnce::~EndsAtOnce() {
  statusAtOnce = -1;
}

}  // namespace sealift
