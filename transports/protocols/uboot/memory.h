// The device's memory, through U-Boot's crc32, hash, cmp.b, md.b and mw.b. Addresses and sizes are in bytes.
#pragma once

#include "transports/protocols/uboot/console.h"

namespace sealift {

class UbootMemory {
 public:
  explicit UbootMemory(UbootConsole& console) : console_(console) {}

  // CRC-32 as app/base/crc.h computes it, by U-Boot over its own memory. `bytes` above 0.
  Result<quint32> crc32(quint64 address, quint64 bytes, const CancelToken& cancel);
  // SHA-256 by U-Boot; nothing where it has no such command (CONFIG_CMD_HASH). `bytes` above 0.
  Result<std::optional<QByteArray>> sha256(quint64 address, quint64 bytes, const CancelToken& cancel);
  // True when both ranges hold the same.
  Result<bool> equal(quint64 first, quint64 second, quint64 bytes, const CancelToken& cancel);
  // At most kMaxRead bytes, as U-Boot prints them.
  Result<QByteArray> read(quint64 address, quint64 bytes, const CancelToken& cancel);
  Status fill(quint64 address, quint8 value, quint64 bytes, const CancelToken& cancel);

  static constexpr quint64 kMaxRead = 4096;

 private:
  UbootConsole& console_;
};

}  // namespace sealift
