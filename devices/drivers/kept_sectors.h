// Which sectors of a memory hold already what is to be there, so that they are neither erased nor written: what a
// release did not change, and what an interrupted transfer had written. All of it is verified afterwards, as always.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/progress.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <functional>

namespace sealift {

// From `begin` to before `end`; addresses.
struct MemoryRange {
  quint64 begin = 0;
  quint64 end = 0;

  bool operator==(const MemoryRange&) const = default;
};

// Some bytes of a memory, and where they go.
struct MemoryPart {
  quint64 address = 0;
  QByteArrayView bytes;

  quint64 end() const { return address + static_cast<quint64>(bytes.size()); }
};

qint64 totalBytes(const QList<MemoryPart>& parts);

class KeptSectors {
 public:
  using Read = std::function<Result<QByteArray>(quint64 address, qsizetype bytes)>;

  // Reads in pieces of `pieceBytes` and no further than to a sector's first difference, so that looking at a sector
  // that differs costs about one piece. `sectors` by address; `progress` is filled. Errors: those of `read`; Cancelled.
  static Result<KeptSectors> find(const QList<MemoryRange>& sectors, const QList<MemoryPart>& wanted,
                                  qsizetype pieceBytes, const Read& read, Progress& progress,
                                  const CancelToken& cancel);

  bool contains(quint64 sectorBegin) const;
  qsizetype count() const { return kept_.size(); }
  // What is left of the parts, in their order.
  QList<MemoryPart> remainder(const QList<MemoryPart>& parts) const;

 private:
  QList<MemoryRange> kept_;
};

}  // namespace sealift
