#include "devices/drivers/stm32_flash_layout.h"

#include <QRegularExpression>
#include <QStringList>

#include <algorithm>
#include <array>

namespace sealift {

namespace {

constexpr qint64 kMostBytes = 2 * 1024 * 1024;
constexpr int kMostPages = 1024;

struct Product {
  quint16 id;
  const char* name;
  const char* sectors;
};

// Numbers: STMicroelectronics AN2606, "Device-dependent bootloader parameters". Pages and sectors: the chapter
// "Embedded Flash memory" of each line's reference manual; of flash in two banks only the first one, since where the
// second begins and how it is numbered depends on the product. Not here: lines that erase to zeros (STM32L0, L1). A
// model of such a line has to say "sectors" itself.
constexpr std::array<Product, 34> kProducts{{
    {0x410, "STM32F10x medium-density", "128*1K"},
    {0x411, "STM32F2", "4*16K,1*64K,7*128K"},
    {0x412, "STM32F10x low-density", "32*1K"},
    {0x413, "STM32F405/407/415/417", "4*16K,1*64K,7*128K"},
    {0x414, "STM32F10x high-density", "256*2K"},
    {0x415, "STM32L47x/48x", "256*2K"},
    {0x418, "STM32F105/107", "128*2K"},
    {0x419, "STM32F42x/43x", "4*16K,1*64K,7*128K"},
    {0x420, "STM32F100 medium-density", "128*1K"},
    {0x421, "STM32F446", "4*16K,1*64K,3*128K"},
    {0x422, "STM32F302xB/C, F303xB/C, F358", "128*2K"},
    {0x423, "STM32F401xB/C", "4*16K,1*64K,1*128K"},
    {0x428, "STM32F100 high-density", "256*2K"},
    {0x431, "STM32F411", "4*16K,1*64K,3*128K"},
    {0x432, "STM32F373/378", "128*2K"},
    {0x433, "STM32F401xD/E", "4*16K,1*64K,3*128K"},
    {0x435, "STM32L43x/44x", "128*2K"},
    {0x438, "STM32F303x6/8, F328, F334", "32*2K"},
    {0x439, "STM32F301, F302x6/8, F318", "32*2K"},
    {0x440, "STM32F05x, F030x8", "64*1K"},
    {0x442, "STM32F09x, F030xC", "128*2K"},
    {0x444, "STM32F03x", "32*1K"},
    {0x445, "STM32F04x, F070x6", "32*1K"},
    {0x446, "STM32F302xD/E, F303xD/E, F398", "256*2K"},
    {0x448, "STM32F07x, F070xB", "64*2K"},
    {0x449, "STM32F74x/75x", "4*32K,1*128K,3*256K"},
    {0x452, "STM32F72x/73x", "4*16K,1*64K,3*128K"},
    {0x458, "STM32F410", "4*16K,1*64K"},
    {0x460, "STM32G07x/08x", "64*2K"},
    {0x462, "STM32L45x/46x", "256*2K"},
    {0x464, "STM32L412/422", "64*2K"},
    {0x466, "STM32G03x/04x", "32*2K"},
    {0x468, "STM32G431/441", "64*2K"},
    {0x497, "STM32WLEx/WL5x", "128*2K"},
}};

const Product* find(quint16 id) {
  const auto* found =
      std::find_if(kProducts.begin(), kProducts.end(), [&](const Product& product) { return product.id == id; });
  return found == kProducts.end() ? nullptr : found;
}

}  // namespace

std::optional<Stm32FlashLayout> Stm32FlashLayout::parse(const QString& text) {
  static const QRegularExpression form(QStringLiteral("\\A([0-9]{1,4})\\*([0-9]{1,4})K\\z"));
  Stm32FlashLayout layout;
  int pages = 0;
  for (const QString& part : text.split(u',')) {
    const QRegularExpressionMatch match = form.match(part);
    const int count = match.captured(1).toInt();
    const qint64 bytes = match.captured(2).toLongLong() * 1024;
    pages += count;
    if (count == 0 || bytes == 0 || pages > kMostPages) {
      return std::nullopt;
    }
    layout.runs_.append({count, bytes});
  }
  return layout.bytes() <= kMostBytes ? std::optional(layout) : std::nullopt;
}

std::optional<Stm32FlashLayout> Stm32FlashLayout::ofProduct(quint16 id) {
  const Product* product = find(id);
  return product == nullptr ? std::nullopt : parse(QString::fromLatin1(product->sectors));
}

qint64 Stm32FlashLayout::bytes() const {
  qint64 sum = 0;
  for (const Run& run : runs_) {
    sum += run.count * run.bytes;
  }
  return sum;
}

bool Stm32FlashLayout::isPageBegin(qint64 offset) const {
  for (const Run& run : runs_) {
    if (offset < run.count * run.bytes) {
      return offset >= 0 && offset % run.bytes == 0;
    }
    offset -= run.count * run.bytes;
  }
  return false;
}

QList<Stm32FlashLayout::Page> Stm32FlashLayout::pagesOf(qint64 begin, qint64 end) const {
  QList<Page> found;
  quint16 number = 0;
  qint64 at = 0;
  for (const Run& run : runs_) {
    for (int i = 0; i < run.count; ++i, ++number, at += run.bytes) {
      if (at < end && at + run.bytes > begin) {
        found << Page{number, at, at + run.bytes};
      }
    }
  }
  return found;
}

QList<quint16> Stm32FlashLayout::pages(qint64 begin, qint64 end) const {
  QList<quint16> numbers;
  for (const Page& page : pagesOf(begin, end)) {
    numbers << page.number;
  }
  return numbers;
}

QString stm32ProductName(quint16 id) {
  const Product* product = find(id);
  return product == nullptr ? QStringLiteral("STM32 product 0x%1").arg(id, 3, 16, QLatin1Char('0'))
                            : QString::fromLatin1(product->name);
}

}  // namespace sealift
