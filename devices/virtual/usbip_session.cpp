#include "devices/virtual/usbip_session.h"

#include <QSet>

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace sealift {

namespace {

using std::chrono::steady_clock;

constexpr int kMaxWaitMs = 20;  // a device that falls off by itself is noticed so soon

bool isSetConfiguration(const UsbSetup& setup) {
  return setup.request.requestType == 0x00 && setup.request.request == 9;
}

// Linux asks for 64 bytes of the device descriptor after a port reset, and only then (hub_port_init).
bool beginsEnumeration(const UsbSetup& setup) {
  return setup.request.requestType == 0x80 && setup.request.request == 6 && setup.request.value == 0x0100 &&
         setup.length == 64;
}

// The bus's own housekeeping is no transfer that a person would count.
bool isStandardRequest(const usbip::Command& command) {
  return command.endpoint == 0 && (command.setup.request.requestType & 0x60) == 0;
}

}  // namespace

UsbipSession::End UsbipSession::run() {
  while (advance()) {
    pollfd entries[2] = {{socket_, POLLIN, 0}, {stopper_, POLLIN, 0}};
    if (::poll(entries, 2, waitMs()) < 0 && errno != EINTR) {
      return End::HostGone;
    }
    if (entries[1].revents != 0) {
      return End::Stopped;
    }
    if (entries[0].revents != 0 && !receive()) {
      return End::HostGone;
    }
  }
  return end_;
}

void UsbipSession::end(End how, std::chrono::milliseconds away) {
  end_ = how;
  away_ = away;
}

bool UsbipSession::receive() {
  char buffer[65536];
  const ssize_t count = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (count < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  received_.append(buffer, count);
  return count > 0 && takeCommands();
}

bool UsbipSession::takeCommands() {
  while (true) {
    Result<std::optional<usbip::Command>> command = usbip::takeCommand(received_);
    if (!command) {
      return false;
    }
    if (!*command) {
      return true;
    }
    if ((*command)->kind == usbip::Command::Kind::Unlink) {
      unlink(**command);
    } else {
      transfers_.append({**command, steady_clock::now(), false, false, {}});
    }
  }
}

// The host takes a transfer back: after its timeout, or because its program ended.
void UsbipSession::unlink(const usbip::Command& command) {
  const auto found = std::find_if(transfers_.begin(), transfers_.end(), [&](const Transfer& transfer) {
    return transfer.command.sequence == command.unlinks;
  });
  const bool waiting = found != transfers_.end();
  if (waiting) {
    transfers_.erase(found);
  }
  (void)send(usbip::returnOfUnlink(command.sequence, waiting ? usbip::kStatusUnlinked : usbip::kStatusOk));
}

bool UsbipSession::advance() {
  if (const std::optional<std::chrono::milliseconds> away = core_.fellOff()) {
    end(End::Left, *away);
    return false;
  }
  bool again = true;
  while (again) {
    again = false;
    QSet<quint8> busy;
    for (qsizetype i = 0; i < transfers_.size(); ++i) {
      Transfer& transfer = transfers_[i];
      const quint8 endpoint = transfer.command.endpoint;
      if (busy.contains(endpoint)) {
        continue;
      }
      busy.insert(endpoint);
      if (transfer.next > steady_clock::now()) {
        continue;
      }
      if (!transfer.answered && !serve(transfer)) {
        return false;
      }
      if (transfer.answered && transfer.next <= steady_clock::now()) {
        const Transfer done = transfers_.takeAt(i);
        if (!answer(done)) {
          return false;
        }
        again = true;  // the next one of this endpoint
        break;
      }
    }
  }
  return true;
}

bool UsbipSession::count(Transfer& transfer) {
  if (transfer.begun || count_ == nullptr || isStandardRequest(transfer.command)) {
    return true;
  }
  transfer.begun = true;
  return ++*count_ != stopAt_->load();
}

bool UsbipSession::serve(Transfer& transfer) {
  if (!count(transfer)) {
    end(End::Stopped);
    return false;
  }
  if (transfer.command.endpoint == 0) {
    const UsbSetup& setup = transfer.command.setup;
    if (configured_ && beginsEnumeration(setup)) {
      configured_ = false;
      (void)core_.reset();  // Linux reads the descriptors again, and sees for itself when they changed
    }
    configured_ = configured_ || isSetConfiguration(setup);
  }
  transfer.answer = offer(transfer.command);
  transfer.next = steady_clock::now() + transfer.answer.delay;
  if (transfer.answer.kind == UsbAnswer::Kind::Gone) {
    end(End::Left, transfer.answer.away);
    return false;
  }
  transfer.answered = transfer.answer.kind != UsbAnswer::Kind::Later;
  return true;
}

UsbAnswer UsbipSession::offer(const usbip::Command& command) {
  if (command.endpoint == 0) {
    return core_.control(command.setup, command.data);
  }
  return command.toHost ? core_.transferIn(command.endpoint, static_cast<qsizetype>(command.length))
                        : core_.transferOut(command.endpoint, command.data);
}

bool UsbipSession::answer(const Transfer& transfer) {
  const usbip::Command& command = transfer.command;
  qint32 status = usbip::kStatusOk;
  QByteArray data;
  if (transfer.answer.kind == UsbAnswer::Kind::Stall) {
    status = usbip::kStatusStalled;
  } else if (command.toHost) {
    data = transfer.answer.data;
    if (data.size() > static_cast<qsizetype>(command.length)) {
      status = usbip::kStatusOverflow;
      data.truncate(static_cast<qsizetype>(command.length));
    } else if (data.size() < static_cast<qsizetype>(command.length) && (command.flags & usbip::kFlagShortNotOk) != 0) {
      status = usbip::kStatusTooShort;
    }
  }
  const qsizetype actual = command.toHost ? data.size() : status == usbip::kStatusOk ? command.data.size() : 0;
  if (!send(usbip::returnOfSubmit(command.sequence, status, actual, data))) {
    end(End::HostGone);
    return false;
  }
  if (transfer.answer.leaves) {
    end(End::Left, transfer.answer.away);
    return false;
  }
  return true;
}

bool UsbipSession::send(const QByteArray& bytes) {
  qsizetype done = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        ::send(socket_, bytes.constData() + done, static_cast<std::size_t>(bytes.size() - done), MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR) {
      return false;
    }
    done += std::max<ssize_t>(count, 0);
  }
  return true;
}

// Until the first transfer of some endpoint wants its turn.
int UsbipSession::waitMs() const {
  int wait = kMaxWaitMs;
  QSet<quint8> busy;
  for (const Transfer& transfer : transfers_) {
    if (busy.contains(transfer.command.endpoint)) {
      continue;
    }
    busy.insert(transfer.command.endpoint);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(transfer.next - steady_clock::now()).count();
    wait = static_cast<int>(std::clamp<qint64>(left, 0, wait));
  }
  return wait;
}

}  // namespace sealift
