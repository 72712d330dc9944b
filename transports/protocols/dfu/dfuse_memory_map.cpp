#include "transports/protocols/dfu/dfuse_memory_map.h"

#include <QStringList>

#include <algorithm>

namespace sealift {

namespace {

constexpr quint64 kAddressSpace = 1ULL << 32;
constexpr qsizetype kMostText = 1024;  // a string descriptor has 126 characters
constexpr qsizetype kMostDigits = 6;

tl::unexpected<Error> malformed(QStringView text) {
  return fail(ErrorCode::ProtocolMalformed,
              QStringLiteral("The device's memory map can't be read: \"%1\".").arg(text.left(200)));
}

// Decimal digits at the beginning of the text, which is cut by them.
std::optional<quint32> takeNumber(QStringView& text) {
  qsizetype digits = 0;
  while (digits < text.size() && text[digits] >= u'0' && text[digits] <= u'9') {
    ++digits;
  }
  if (digits == 0 || digits > kMostDigits) {
    return std::nullopt;
  }
  const quint32 value = text.first(digits).toUInt();
  text = text.sliced(digits);
  return value;
}

// "04*016Kg" or "01*016 e". The size's unit: B or a blank, K, M. The type's three low bits: readable, erasable,
// writable.
std::optional<DfuseSectors> readSectors(QStringView text, quint64 begin) {
  text = text.trimmed();
  const auto count = takeNumber(text);
  if (!count || !text.startsWith(u'*')) {
    return std::nullopt;
  }
  text = text.sliced(1);
  const auto size = takeNumber(text);
  if (!size || text.isEmpty() || text.size() > 2) {
    return std::nullopt;
  }
  const char16_t unit = text.size() == 2 ? text[0].unicode() : u'B';
  const char16_t type = text.back().unicode();
  const quint64 factor = unit == u'K' ? 1024 : unit == u'M' ? 1024 * 1024 : unit == u'B' || unit == u' ' ? 1 : 0;
  if (factor == 0 || type < u'a' || type > u'g') {
    return std::nullopt;
  }
  const quint64 bytes = *size * factor;
  if (*count == 0 || bytes == 0 || bytes >= kAddressSpace || begin + bytes * *count > kAddressSpace) {
    return std::nullopt;
  }
  DfuseSectors sectors;
  sectors.begin = static_cast<quint32>(begin);
  sectors.size = static_cast<quint32>(bytes);
  sectors.count = *count;
  sectors.readable = (type & 1U) != 0;
  sectors.erasable = (type & 2U) != 0;
  sectors.writable = (type & 4U) != 0;
  return sectors;
}

std::optional<quint64> readAddress(QStringView text) {
  text = text.trimmed();
  bool ok = false;
  if (!text.startsWith(QLatin1String("0x"), Qt::CaseInsensitive) || text.size() > 10) {
    return std::nullopt;
  }
  const quint64 address = text.sliced(2).toULongLong(&ok, 16);
  return ok ? std::optional(address) : std::nullopt;
}

}  // namespace

Result<DfuseMemoryMap> DfuseMemoryMap::parse(const QString& text) {
  const QStringList parts = text.split(QLatin1Char('/'));
  if (!text.startsWith(QLatin1Char('@')) || text.size() > kMostText || parts.size() < 3 || parts.size() % 2 == 0) {
    return malformed(text);
  }
  DfuseMemoryMap map;
  map.name_ = parts[0].mid(1).trimmed();
  for (qsizetype i = 1; i < parts.size(); i += 2) {
    const auto start = readAddress(parts[i]);
    if (!start) {
      return malformed(text);
    }
    quint64 at = *start;
    const QStringList runs = parts[i + 1].split(QLatin1Char(','));
    for (const QString& run : runs) {
      const auto sectors = readSectors(run, at);
      if (!sectors) {
        return malformed(text);
      }
      at = sectors->end();
      map.sectors_.append(*sectors);
    }
  }
  std::sort(map.sectors_.begin(), map.sectors_.end(),
            [](const DfuseSectors& a, const DfuseSectors& b) { return a.begin < b.begin; });
  for (qsizetype i = 1; i < map.sectors_.size(); ++i) {
    if (map.sectors_[i].begin < map.sectors_[i - 1].end()) {
      return malformed(text);
    }
  }
  return map;
}

qint64 DfuseMemoryMap::writableBytes() const {
  qint64 bytes = 0;
  for (const DfuseSectors& run : sectors_) {
    if (run.writable) {
      bytes += static_cast<qint64>(run.end() - run.begin);
    }
  }
  return bytes;
}

bool DfuseMemoryMap::covers(quint64 begin, quint64 end, bool DfuseSectors::*property) const {
  quint64 at = begin;
  for (const DfuseSectors& run : sectors_) {
    if (at >= end) {
      break;
    }
    if (run.*property && run.begin <= at && at < run.end()) {
      at = run.end();
    }
  }
  return at >= end;
}

QList<quint32> DfuseMemoryMap::sectorsToErase(quint64 begin, quint64 end) const {
  QList<quint32> starts;
  for (const DfuseSectors& run : sectors_) {
    const quint64 from = std::max<quint64>(begin, run.begin);
    const quint64 to = std::min(end, run.end());
    if (!run.erasable || from >= to) {
      continue;
    }
    const quint64 first = run.begin + (from - run.begin) / run.size * run.size;
    for (quint64 sector = first; sector < to; sector += run.size) {
      starts.append(static_cast<quint32>(sector));
    }
  }
  return starts;
}

quint64 DfuseMemoryMap::sectorEnd(quint32 address) const {
  for (const DfuseSectors& run : sectors_) {
    if (address >= run.begin && address < run.end()) {
      return run.begin + ((address - run.begin) / run.size + 1) * quint64{run.size};
    }
  }
  return address;
}

}  // namespace sealift
