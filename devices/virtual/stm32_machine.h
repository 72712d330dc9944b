// An STM32 with its bootloader's USART protocol, byte by byte, on the strict flash model.
// Sources: STMicroelectronics AN3155 Rev 14 (protocol), AN2606 (boot configuration, memories, read-out protection).
//
// What goes against the protocol is answered by NACK, as AN3155's device side says, or not at all: a first byte other
// than 0x7F after reset leaves a bootloader that measured a wrong baud rate and hears nothing more. Flash that is not
// erased is not programmed (NACK); sectors under write protection are erased and written with an ACK and without effect
// (3.6 to 3.8). Read-out protection leaves Get, Get Version, Get ID and Readout Unprotect. BOOT0 is looked at in reset.
//
// The application runs when the firmware where it was started is whole (usb_firmware.h); then it answers the line
// "version". Blank flash starts the bootloader (AN2606, "empty check"). No thread of its own; not thread-safe.
#pragma once

#include "devices/virtual/flash_model.h"

#include <QList>
#include <QSet>

#include <chrono>
#include <functional>
#include <optional>

namespace sealift {

struct Stm32Sectors {
  int count = 0;
  qsizetype size = 0;
};

// An STM32F407, unless said otherwise.
struct Stm32MachineConfig {
  quint16 productId = 0x413;
  quint8 bootloaderVersion = 0x31;
  bool extendedErase = true;  // false: Erase Memory, with 8-bit page numbers
  quint32 flashBase = 0x08000000;
  QList<Stm32Sectors> sectors{{4, 16 * 1024}, {1, 64 * 1024}, {7, 128 * 1024}};
  qsizetype writeUnit = 4;
  quint32 ramBase = 0x20000000;
  qsizetype ramSize = 128 * 1024;
  qsizetype ramReserved = 0x2000;  // of it, by the bootloader
  quint32 uniqueIdAddress = 0x1FFF7A10;
  QByteArray uniqueId = QByteArray::fromHex("3500280012473231334d3930");
  quint32 optionBase = 0x1FFFC000;
  QByteArray firmware;  // at delivery; empty: blank
  bool readProtected = false;
  QSet<int> writeProtectedSectors;
  bool boot0 = true;                       // the jumper, as long as no line drives it
  std::chrono::microseconds eraseTime{0};  // of a sector
  std::chrono::microseconds writeTime{0};  // of a block
};

class Stm32Machine {
 public:
  enum class Phase { Off, Held, Measuring, Ready, Application, Hung };
  // What the device sends, and how long it was busy before.
  struct Part {
    std::chrono::microseconds after{0};
    QByteArray bytes;
  };
  using Reaction = QList<Part>;

  explicit Stm32Machine(const Stm32MachineConfig& config);

  // One byte from the host.
  Reaction feed(quint8 byte);

  // The pins, and power.
  void setBoot0(bool high) { boot0_ = high; }
  void setReset(bool held);
  void powerOff();
  void powerOn();

  Phase phase() const { return phase_; }
  std::optional<quint16> runningRelease() const { return running_; }
  bool isReadProtected() const { return readProtected_; }
  QByteArray content(qsizetype at, qsizetype size) const;  // of the flash, whatever protects it
  qsizetype flashSize() const { return flash_.geometry().size; }
  quint64 resets() const { return resets_; }
  quint64 refusals() const { return refusals_; }  // NACKs so far
  FlashModel& flash() { return flash_; }

  // Faults. Each answer on its way out, counted from 1; what it returns is sent instead.
  std::function<QByteArray(quint64 nth, const QByteArray& answer)> tamper;
  bool storesWrongly = false;

 private:
  using Handler = Reaction (Stm32Machine::*)();

  void reset();
  void start(quint32 address);
  void expect(qsizetype count, Handler then);
  void expectCommand() { expect(2, &Stm32Machine::takeCommand); }
  Reaction answer(const QByteArray& bytes, std::chrono::microseconds after = {});
  Reaction ack(std::chrono::microseconds after = {});
  Reaction nack();
  Reaction takeCommand();
  Reaction takeAddress();
  Reaction takeReadCount();
  Reaction takeWriteCount();
  Reaction takeWriteData();
  Reaction takeEraseCount();
  Reaction takeMassErase();
  Reaction takePages();
  Reaction takeProtectCount();
  Reaction takeProtectSectors();
  Reaction unprotectReading();
  Reaction talk(quint8 byte);
  bool hasCommand(quint8 code) const;
  QByteArray commands() const;
  bool checksumHolds() const;
  quint8 at(qsizetype index) const { return static_cast<quint8>(collected_[index]); }
  std::optional<QByteArray> memory(quint32 address, qsizetype size) const;
  bool inFlash(quint32 address, qsizetype size) const;
  bool inFreeRam(quint32 address, qsizetype size) const;
  QByteArray optionBytes() const;
  std::pair<qsizetype, qsizetype> sector(int number) const;  // offset and size; size 0: there is none
  int sectorCount() const;
  bool writesProtected(qsizetype offset) const;
  Status eraseSectors(const QList<int>& numbers);
  Status programFlash(qsizetype offset, const QByteArray& data);

  const Stm32MachineConfig config_;
  FlashModel flash_;
  QByteArray ram_;
  bool readProtected_;
  QSet<int> writeProtected_;
  bool boot0_;
  bool held_ = false;
  Phase phase_ = Phase::Off;
  std::optional<quint16> running_;
  quint64 resets_ = 0;
  quint64 refusals_ = 0;
  quint64 answers_ = 0;

  QByteArray collected_;
  qsizetype wanted_ = 0;
  Handler then_ = nullptr;
  quint8 command_ = 0;
  quint32 address_ = 0;
};

}  // namespace sealift
