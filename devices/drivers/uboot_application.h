// The firmware that runs on a U-Boot device, as far as it can be asked over the same console.
#pragma once

#include "devices/drivers/uboot_settings.h"
#include "transports/links/link.h"

#include <optional>

namespace sealift {

// What the application says of itself: claims.
struct ApplicationStatus {
  QString version;
  QString slot;
  QByteArray crc;  // 4 bytes, CRC-32 of the image that was booted
  bool onTrial = false;
  QString serial;
  QString board;
  QString revision;
  std::optional<quint32> securityVersion;
  std::optional<bool> verified;  // the bootloader required the image's signature
};

class UbootApplication {
 public:
  UbootApplication(ByteLink& link, const UbootSettings& settings) : link_(link), settings_(settings) {}

  // Types the status command and reads the answer. Nothing when no such answer comes within `time`.
  Result<std::optional<ApplicationStatus>> askStatus(std::chrono::milliseconds time, const CancelToken& cancel);
  // Types the reset command. What comes next is to be watched for.
  Status reset(const CancelToken& cancel);

  enum class Event { Banner, BootloaderStarted, Prompt, Silence };
  // Reads on, sending nothing, until something of this kind is seen; Silence after `time` without any byte.
  // Errors: Timeout (of `deadline`), Cancelled, LinkLost.
  Result<Event> watch(std::chrono::milliseconds silence, const Deadline& deadline, const CancelToken& cancel);

 private:
  Status type(const QByteArray& line, const CancelToken& cancel);

  ByteLink& link_;
  const UbootSettings& settings_;
  QByteArray watched_;
};

}  // namespace sealift
