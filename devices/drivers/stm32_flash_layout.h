// How an STM32's main flash is divided into what Erase Memory counts: pages or sectors, from its beginning on.
#pragma once

#include "app/base/result.h"

#include <QList>
#include <QString>

#include <optional>

namespace sealift {

inline constexpr quint32 kStm32FlashBase = 0x08000000;

class Stm32FlashLayout {
 public:
  // Runs of equal pages: "4*16K,1*64K,7*128K" (KiB), at most 2 MiB and 1024 pages. Nothing when it isn't.
  static std::optional<Stm32FlashLayout> parse(const QString& text);
  // The largest product of the line with this number (Get ID). Nothing for lines that the table does not have.
  static std::optional<Stm32FlashLayout> ofProduct(quint16 id);

  qint64 bytes() const;
  bool isPageBegin(qint64 offset) const;
  struct Page {
    quint16 number = 0;
    qint64 begin = 0;  // offsets
    qint64 end = 0;
  };
  // The pages on which the bytes from `begin` to before `end` (offsets) lie.
  QList<Page> pagesOf(qint64 begin, qint64 end) const;
  QList<quint16> pages(qint64 begin, qint64 end) const;  // their numbers

 private:
  struct Run {
    int count;
    qint64 bytes;
  };
  QList<Run> runs_;
};

// For people: "STM32F405/407/415/417", or "STM32 product 0x999".
QString stm32ProductName(quint16 id);

}  // namespace sealift
