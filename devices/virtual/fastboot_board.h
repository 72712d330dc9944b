// A FastbootDevice with a clock and a lock, and the ports through which others reach it.
#pragma once

#include "app/base/result.h"
#include "devices/virtual/fastboot_device.h"
#include "transports/links/link_address.h"

#include <QElapsedTimer>

#include <condition_variable>
#include <memory>
#include <mutex>

namespace sealift {

// Everything needs the mutex.
struct FastbootBoard {
  explicit FastbootBoard(const FastbootDeviceConfig& config) : device(config) { clock.start(); }

  void advance() { device.advance(clock.elapsed()); }

  std::mutex mutex;
  std::condition_variable change;
  QElapsedTimer clock;
  FastbootDevice device;
  int dropRequests = 0;        // UDP: the next ones never arrive
  int dropResponses = 0;       // UDP: the next ones are lost on their way
  int duplicateResponses = 0;  // UDP: the next ones arrive twice
};

// The device's end of a network. Used by one thread.
class FastbootPort {
 public:
  virtual ~FastbootPort() = default;
  virtual Result<LinkAddress> open() = 0;
  // Serves what is there, after waiting up to `timeoutMs` for something.
  virtual void poll(int timeoutMs) = 0;
};

// On 127.0.0.1, a port that the system chooses and that stays the same. The board outlives the port.
std::unique_ptr<FastbootPort> makeFastbootTcpPort(FastbootBoard& board);
// `packetSize`: the largest packet that the device takes, at least 512.
std::unique_ptr<FastbootPort> makeFastbootUdpPort(FastbootBoard& board, quint16 packetSize);

}  // namespace sealift
