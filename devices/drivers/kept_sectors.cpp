#include "devices/drivers/kept_sectors.h"

#include <algorithm>

namespace sealift {
namespace {

// The part of `part` within the range; empty when there is none.
MemoryPart within(const MemoryPart& part, const MemoryRange& range) {
  const quint64 begin = std::max(part.address, range.begin);
  const quint64 end = std::min(part.end(), range.end);
  if (begin >= end) {
    return {};
  }
  return {begin, part.bytes.sliced(static_cast<qsizetype>(begin - part.address), static_cast<qsizetype>(end - begin))};
}

Result<bool> holds(const MemoryPart& wanted, qsizetype pieceBytes, const KeptSectors::Read& read,
                   const CancelToken& cancel) {
  for (qsizetype at = 0; at < wanted.bytes.size(); at += pieceBytes) {
    SEALIFT_CHECK(cancel.check());
    const QByteArrayView piece = wanted.bytes.sliced(at, std::min(pieceBytes, wanted.bytes.size() - at));
    SEALIFT_TRY(const QByteArray there, read(wanted.address + static_cast<quint64>(at), piece.size()));
    if (there != piece) {
      return false;
    }
  }
  return true;
}

}  // namespace

qint64 totalBytes(const QList<MemoryPart>& parts) {
  qint64 bytes = 0;
  for (const MemoryPart& part : parts) {
    bytes += part.bytes.size();
  }
  return bytes;
}

Result<KeptSectors> KeptSectors::find(const QList<MemoryRange>& sectors, const QList<MemoryPart>& wanted,
                                      qsizetype pieceBytes, const Read& read, Progress& progress,
                                      const CancelToken& cancel) {
  KeptSectors found;
  for (qsizetype i = 0; i < sectors.size(); ++i) {
    bool isKept = true;
    for (const MemoryPart& part : wanted) {
      SEALIFT_TRY(isKept, holds(within(part, sectors[i]), pieceBytes, read, cancel));
      if (!isKept) {
        break;
      }
    }
    if (isKept) {
      found.kept_ << sectors[i];
    }
    progress.setFraction(static_cast<double>(i + 1) / static_cast<double>(sectors.size()));
  }
  progress.finish();
  return found;
}

bool KeptSectors::contains(quint64 sectorBegin) const {
  return std::any_of(kept_.cbegin(), kept_.cend(),
                     [&](const MemoryRange& sector) { return sector.begin == sectorBegin; });
}

QList<MemoryPart> KeptSectors::remainder(const QList<MemoryPart>& parts) const {
  QList<MemoryPart> left;
  for (const MemoryPart& part : parts) {
    quint64 at = part.address;
    for (const MemoryRange& sector : kept_) {  // by address
      if (sector.end <= at || sector.begin >= part.end()) {
        continue;
      }
      if (sector.begin > at) {
        left << within(part, {at, sector.begin});
      }
      at = sector.end;
    }
    if (at < part.end()) {
      left << within(part, {at, part.end()});
    }
  }
  return left;
}

}  // namespace sealift
