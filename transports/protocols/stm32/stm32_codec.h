// The messages of the STM32 bootloader's USART protocol. Pure functions; any thread.
// Source: STMicroelectronics AN3155, "USART protocol used in the STM32 bootloader", Rev 14, chapter 3.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>

namespace sealift {

// AN3155, table 2.
enum class Stm32Command : quint8 {
  Get = 0x00,
  GetVersion = 0x01,
  GetId = 0x02,
  ReadMemory = 0x11,
  Go = 0x21,
  WriteMemory = 0x31,
  Erase = 0x43,
  ExtendedErase = 0x44,
  ReadoutProtect = 0x82,
  ReadoutUnprotect = 0x92,
};
QString stm32CommandName(Stm32Command command);

inline constexpr quint8 kStm32Ack = 0x79;
inline constexpr quint8 kStm32Nack = 0x1F;
inline constexpr quint8 kStm32Start = 0x7F;       // chapter 1: measured by the bootloader to find the baud rate
inline constexpr qsizetype kStm32Block = 256;     // bytes in one Read or Write Memory
inline constexpr qsizetype kStm32WriteUnit = 32;  // a multiple of what any STM32's flash is programmed in (H7: 32)
inline constexpr int kStm32MostPages = 32;        // in one erase: what a broken conversation can leave pending is short

// Command and complement.
QByteArray encodeStm32Command(Stm32Command command);
// Most significant byte first, then the exclusive or of all four.
QByteArray encodeStm32Address(quint32 address);
// 3.4: number of bytes less one, and its complement. `count`: 1 … kStm32Block.
QByteArray encodeStm32Count(qsizetype count);
// 3.6: number of bytes less one, data, the exclusive or of all. `data`: 1 … kStm32Block bytes.
QByteArray encodeStm32Data(QByteArrayView data);
// 3.7, 3.8: number of pages less one, page numbers, the exclusive or of all; bytes or (extended) 16 bits each.
// `pages`: 1 … kStm32MostPages of them, each below 256 for the short form.
QByteArray encodeStm32Pages(const QList<quint16>& pages, bool extended);
// 3.7, 3.8: everything.
QByteArray encodeStm32MassErase(bool extended);

// What Get tells (3.1).
struct Stm32BootloaderInfo {
  quint8 version = 0;   // 0x31 is 3.1
  QByteArray commands;  // their codes

  bool has(Stm32Command command) const { return commands.contains(static_cast<char>(command)); }
  QString versionText() const;
};

// `rest`: what stands between the count of bytes and the last ACK. Errors: ProtocolMalformed.
Result<Stm32BootloaderInfo> parseStm32Get(QByteArrayView rest);
// 3.3: the product's number.
Result<quint16> parseStm32Id(QByteArrayView rest);

}  // namespace sealift
