#include "devices/virtual/usbip_server.h"

#include "devices/virtual/usbip_session.h"

#include <QDeadlineTimer>

#include <array>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace sealift {

namespace {

constexpr int kLetGoMs = 10'000;  // for the kernel to let go of a port; it takes some milliseconds
constexpr int kLookAgainMs = 5;

}  // namespace

UsbipServer::Descriptor& UsbipServer::Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

UsbipServer::Descriptor::~Descriptor() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

UsbipServer::UsbipServer(const std::shared_ptr<UsbFunction>& function) : function_(function), core_(*function) {}

UsbipServer::~UsbipServer() {
  unplug();
}

QString UsbipServer::place() const {
  const std::scoped_lock lock(mutex_);
  return port_ ? port_->place() : QString();
}

Status UsbipServer::plugIn() {
  unplug();
  const std::scoped_lock lock(mutex_);
  if (!port_) {
    SEALIFT_TRY(port_, VhciPort::findFree());
  }
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("The virtual device got no pipe."));
  }
  stopRead_ = Descriptor(pipe[0]);
  stopWrite_ = Descriptor(pipe[1]);
  stopping_ = false;
  SEALIFT_TRY(Descriptor socket, attach());
  thread_.reset(
      QThread::create([this, taken = std::make_shared<Descriptor>(std::move(socket))] { serve(std::move(*taken)); }));
  thread_->start();
  return {};
}

void UsbipServer::unplug() {
  std::unique_ptr<QThread> thread;
  {
    const std::scoped_lock lock(mutex_);
    thread = std::move(thread_);
    stopping_ = true;
    stopWrite_ = Descriptor();
    change_.notify_all();
  }
  if (thread) {
    thread->wait();
  }
}

// What the device is now comes onto the bus. Gives our end of the connection.
Result<UsbipServer::Descriptor> UsbipServer::attach() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(ErrorCode::LinkOpen, QStringLiteral("The virtual device got no socket."));
  }
  Descriptor ours(ends[0]);
  const Descriptor kernels(ends[1]);
  core_.attach();
  SEALIFT_CHECK(port_->attach(kernels.get(), core_.description().speed));
  return ours;
}

void UsbipServer::serve(Descriptor socket) {
  while (true) {
    UsbipSession session(core_, socket.get(), stopRead_.get());
    session.stopAtTransfer(&unplugAt_, &transfers_);
    const UsbipSession::End end = session.run();
    socket = Descriptor();
    waitUntilFree();
    if (end == UsbipSession::End::Stopped) {
      function_->unplug();
      return;
    }
    if (end != UsbipSession::End::Left || session.away().count() < 0 || !waitAway(session.away())) {
      return;
    }
    Result<Descriptor> again = attach();
    if (!again) {
      return;
    }
    socket = std::move(*again);
  }
}

// False: unplugged meanwhile.
bool UsbipServer::waitAway(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !change_.wait_for(lock, time, [this] { return stopping_; });
}

void UsbipServer::waitUntilFree() {
  const QDeadlineTimer deadline(kLetGoMs);
  while (!deadline.hasExpired() && !port_->isFree().value_or(true)) {
    QThread::msleep(kLookAgainMs);
  }
}

}  // namespace sealift
