// One stay of a virtual device on a host's bus: USB/IP over a connected stream socket, from the device's end. POSIX.
#pragma once

#include "devices/virtual/usb_device_core.h"
#include "devices/virtual/usbip_message.h"

#include <QList>

#include <atomic>
#include <chrono>

namespace sealift {

class UsbipSession {
 public:
  enum class End {
    Left,      // the device disconnected; away() says for how long
    HostGone,  // the host closed the connection, or sent what is not USB/IP
    Stopped,   // as was asked
  };

  // Owns neither. `socket` and `stopper` (readable: stop) stay open while it runs.
  UsbipSession(UsbDeviceCore& core, int socket, int stopper) : core_(core), socket_(socket), stopper_(stopper) {}

  // Serves the device until one of the ends. Blocks.
  End run();
  std::chrono::milliseconds away() const { return away_; }

  // The transfer of this number (bulk, or class and vendor requests; from 1) finds the plug pulled: Stopped.
  void stopAtTransfer(const std::atomic<quint64>* number, std::atomic<quint64>* count) {
    stopAt_ = number;
    count_ = count;
  }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Transfer {
    usbip::Command command;
    TimePoint next;         // when to offer it to the device, or to send its answer
    bool begun = false;     // it was counted
    bool answered = false;  // `answer` waits to be sent
    UsbAnswer answer;
  };

  bool receive();
  bool takeCommands();
  void unlink(const usbip::Command& command);
  // The first transfer of each endpoint gets its turn. False: the stay ended.
  bool advance();
  bool serve(Transfer& transfer);
  bool count(Transfer& transfer);
  UsbAnswer offer(const usbip::Command& command);
  bool answer(const Transfer& transfer);
  bool send(const QByteArray& bytes);
  int waitMs() const;
  void end(End how, std::chrono::milliseconds away = UsbAnswer::kForGood);

  UsbDeviceCore& core_;
  int socket_;
  int stopper_;
  QByteArray received_;
  QList<Transfer> transfers_;  // in the order of their arrival
  bool configured_ = false;
  End end_ = End::HostGone;
  std::chrono::milliseconds away_{-1};
  const std::atomic<quint64>* stopAt_ = nullptr;
  std::atomic<quint64>* count_ = nullptr;
};

}  // namespace sealift
