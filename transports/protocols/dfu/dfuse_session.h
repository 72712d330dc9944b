// ST's extension of DFU: commands in block 0, data from block 2 on, addresses.
// Sources: STMicroelectronics AN3156, "USB DFU protocol used in the STM32 bootloader", chapters 4 to 6; UM0424.
//
// Threads and errors: as in transports/links/link.h. Where the device's read-out protection is on it answers with
// errVENDOR (AN3156, 4.1 and 5.1 to 5.4): DeviceProtected.
#pragma once

#include "transports/protocols/dfu/dfu_session.h"
#include "transports/protocols/dfu/dfuse_memory_map.h"

namespace sealift {

// AN3156, table 3.
enum class DfuseCommand : quint8 { GetCommands = 0x00, SetAddress = 0x21, Erase = 0x41, ReadUnprotect = 0x92 };

class DfuseSession {
 public:
  // `dfu` outlives this session and has claimed the alternate setting of the memory.
  explicit DfuseSession(DfuSession& dfu) : dfu_(dfu) {}

  // The codes of the commands that this bootloader has (4.2). From dfuIDLE, ends in dfuIDLE.
  Result<QByteArray> getCommands(const CancelToken& cancel);
  Status setAddress(quint32 address, const CancelToken& cancel);   // 5.2
  Status eraseSector(quint32 address, const CancelToken& cancel);  // 5.3
  // 5.3: everything in this memory. Only for somebody who was asked.
  Status massErase(const CancelToken& cancel);
  // 5.4: takes read-out protection off, which erases everything; the device then resets and leaves the bus.
  // Only for somebody who was asked.
  Status readUnprotect(const CancelToken& cancel);

  // 5.1: memory that was erased where it has to be. `progress` in bytes.
  Status write(quint32 address, QByteArrayView data, Progress& progress, const CancelToken& cancel);
  // 4.1; ends in dfuIDLE. Fewer bytes when the memory ends before.
  Result<QByteArray> read(quint32 address, qsizetype bytes, Progress& progress, const CancelToken& cancel);
  // 6: the bootloader jumps to the application that begins there; the device is gone then.
  Status leave(quint32 address, const CancelToken& cancel);

 private:
  Status command(DfuseCommand code, std::optional<quint32> address, const Deadline& deadline,
                 const CancelToken& cancel);
  Error protectedOr(const Error& error) const;
  bool addressesBlocks() const;  // block numbers count in the device's own block size

  DfuSession& dfu_;
};

}  // namespace sealift
