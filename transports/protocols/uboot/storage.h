// Raw blocks of one of the device's block devices: `virtio`, `mmc`, `scsi`, `usb`, `nvme` (they share their syntax:
// INTERFACE dev N; INTERFACE read|write ADDRESS BLOCK COUNT).
#pragma once

#include "transports/protocols/uboot/console.h"

namespace sealift {

class UbootStorage {
 public:
  // `interface`: U-Boot's command, lower-case letters; `device`: its number there.
  UbootStorage(UbootConsole& console, QByteArray interface, int device)
      : console_(console), interface_(std::move(interface)), device_(device) {}

  // From storage to memory. `blocks`: count, of the device's block size (512 unless it says otherwise).
  Status read(quint64 address, quint64 block, quint64 blocks, const CancelToken& cancel);
  // From memory to storage. Success is U-Boot's word only: read back and compare.
  Status write(quint64 address, quint64 block, quint64 blocks, const CancelToken& cancel);

 private:
  Status transfer(const QByteArray& direction, quint64 address, quint64 block, quint64 blocks,
                  const CancelToken& cancel);

  UbootConsole& console_;
  QByteArray interface_;
  int device_;
};

}  // namespace sealift
