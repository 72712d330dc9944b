// What an STM32's bootloader says of a memory in the name of its alternate setting, e.g.
//   @Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg
// name / start address / count * size and type of sectors, … (more start addresses may follow).
// Source: STMicroelectronics UM0424, "DfuSe USB device firmware upgrade", 10.3.2.
//
// Any thread. The text is the device's own: hostile.
#pragma once

#include "app/base/result.h"

#include <QList>
#include <QString>
#include <QStringView>

namespace sealift {

// Equal sectors in a row.
struct DfuseSectors {
  quint32 begin = 0;
  quint32 size = 0;   // bytes of one, more than 0
  quint32 count = 0;  // more than 0
  bool readable = false;
  bool erasable = false;
  bool writable = false;

  quint64 end() const { return begin + quint64{size} * count; }  // at most 2^32
  bool operator==(const DfuseSectors&) const = default;
};

class DfuseMemoryMap {
 public:
  // Errors: ProtocolMalformed.
  static Result<DfuseMemoryMap> parse(const QString& text);

  const QString& name() const { return name_; }
  const QList<DfuseSectors>& sectors() const { return sectors_; }  // by address, none overlap
  qint64 writableBytes() const;

  // Whether every byte of the range has the property. An empty range has it.
  bool isReadable(quint64 begin, quint64 end) const { return covers(begin, end, &DfuseSectors::readable); }
  bool isWritable(quint64 begin, quint64 end) const { return covers(begin, end, &DfuseSectors::writable); }
  // Where the sectors begin that must be erased before the range is written, in order: those that it touches and that
  // can be erased (memory that can't, such as RAM, needs none).
  QList<quint32> sectorsToErase(quint64 begin, quint64 end) const;
  quint64 sectorEnd(quint32 address) const;  // of the sector that the address lies in; the address where there is none

 private:
  bool covers(quint64 begin, quint64 end, bool DfuseSectors::*property) const;

  QString name_;
  QList<DfuseSectors> sectors_;
};

}  // namespace sealift
