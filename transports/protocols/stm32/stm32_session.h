// A conversation with an STM32's bootloader over its USART, command by command.
// Source: STMicroelectronics AN3155, chapters 1 to 3 (README.md).
//
// Threads and cancelling: as the link. A line with noise, or whose other end was left in the middle of a command, is
// brought back into step and the command is repeated; what is written is read before it is written again. An ACK only
// says that a message was understood: sectors under write protection are "erased" and "written" with an ACK, too.
//
// Errors of all commands: Timeout (silent), ProtocolMalformed (something else answers), NotSupported (this bootloader
// has no such command), DeviceProtected (read-out protection refuses it), LinkLost (also: the device was reset
// meanwhile).
#pragma once

#include "app/base/progress.h"
#include "transports/links/link.h"
#include "transports/protocols/stm32/stm32_codec.h"

#include <chrono>

namespace sealift {

// AN3155 names no times; these are several times what the chips' data sheets give as maximum.
struct Stm32Patience {
  std::chrono::milliseconds start{200};         // until 0x7F is answered
  std::chrono::milliseconds answer{1'000};      // to a command or an address
  std::chrono::milliseconds block{5'000};       // for 256 bytes: at 1200 baud they take 2.4 s
  std::chrono::milliseconds page{5'000};        // for erasing each page: 4 s for 128 KiB of an STM32F4 at x8
  std::chrono::milliseconds massErase{64'000};  // twice 32 s: 1 MiB of an STM32F4 at x8
  std::chrono::milliseconds quiet{30};          // a line on which nothing more is coming
};

class Stm32Session {
 public:
  // The link (8 data bits, even parity, 1 stop bit) is used, not owned.
  explicit Stm32Session(ByteLink& link, const Stm32Patience& patience = {}) : link_(link), patience_(patience) {}

  // Whether a bootloader answers that is fresh from reset or waits for a command. Two bytes are sent, 0x7F.
  Result<bool> isThere(const CancelToken& cancel);
  // From wherever the bootloader is: fresh from reset, waiting for a command, or in the middle of one. When this
  // succeeds it has answered Get. Error DeviceNotRecognised: what answers is no such bootloader.
  Status connect(const CancelToken& cancel);
  const Stm32BootloaderInfo& info() const { return info_; }

  Result<quint16> productId(const CancelToken& cancel);  // 3.3
  // 3.4. Exactly `count` bytes. ProtocolRefused where there is no such memory.
  Result<QByteArray> read(quint32 address, qsizetype count, Progress& progress, const CancelToken& cancel);
  // 3.6. Flash must have been erased; the last block is filled up with 0xFF to a multiple of kStm32WriteUnit.
  // DeviceWriteFailed, ProtocolRefused (no such memory). `address`: a multiple of 4.
  Status write(quint32 address, QByteArrayView data, Progress& progress, const CancelToken& cancel);
  // 3.7 or 3.8, whichever the bootloader has. DeviceWriteFailed.
  Status erasePages(const QList<quint16>& pages, Progress& progress, const CancelToken& cancel);
  Status massErase(const CancelToken& cancel);
  // 3.5. The bootloader is gone afterwards.
  Status go(quint32 address, const CancelToken& cancel);
  // 3.11, 3.12: the device is reset afterwards. Taking protection off erases all of it.
  Status readoutProtect(const CancelToken& cancel);
  Status readoutUnprotect(const CancelToken& cancel);

 private:
  enum class Heard { Nothing, Ack, Nack, Noise };

  Result<Heard> poke(const QByteArray& bytes, std::chrono::milliseconds time, const CancelToken& cancel);
  Result<Heard> pokeUntilHeard(char first, std::chrono::milliseconds time, qsizetype most, const CancelToken& cancel);
  Status drain(const CancelToken& cancel);
  Status greet(const CancelToken& cancel);
  Status resynchronise(const CancelToken& cancel);
  template <class Call>
  auto repeated(const CancelToken& cancel, Call call);

  Status send(const QByteArray& bytes, const CancelToken& cancel);
  Result<QByteArray> receive(qsizetype count, const Deadline& deadline, const CancelToken& cancel);
  Result<bool> acknowledged(const Deadline& deadline, const CancelToken& cancel);
  Status begin(Stm32Command command, const CancelToken& cancel);
  Status sendAddress(Stm32Command command, quint32 address, const CancelToken& cancel);
  Status finish(Stm32Command command, std::chrono::milliseconds time, const CancelToken& cancel);
  Result<QByteArray> askList(Stm32Command command, const CancelToken& cancel);
  Result<QByteArray> readBlock(quint32 address, qsizetype count, const CancelToken& cancel);
  Status writeBlock(quint32 address, const QByteArray& data, const CancelToken& cancel);
  Status putBlock(quint32 address, const QByteArray& data, const CancelToken& cancel);
  Status sendErase(const QByteArray& list, const CancelToken& cancel);
  Status eraseSome(const QList<quint16>& pages, const CancelToken& cancel);
  Status protectionCommand(Stm32Command command, const CancelToken& cancel);
  bool isExtended() const { return info_.has(Stm32Command::ExtendedErase); }
  Stm32Command eraseCommand() const { return isExtended() ? Stm32Command::ExtendedErase : Stm32Command::Erase; }

  ByteLink& link_;
  Stm32Patience patience_;
  Stm32BootloaderInfo info_;
};

}  // namespace sealift
