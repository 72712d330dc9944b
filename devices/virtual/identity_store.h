// What a virtual device keeps of its identity, in two areas of flash of which one holds: a change is written whole into
// the other area, and its header last. Whenever the power goes, the old or the new state is there, never a mixture;
// what was replaced is erased, so that no old key stays behind. Not thread-safe.
#pragma once

#include "devices/virtual/flash_model.h"

#include <QByteArray>

#include <optional>

namespace sealift {

struct IdentityRecord {
  QByteArray keyPem;       // PKCS#8; empty: no key
  QByteArray certificate;  // DER; empty: none
  QByteArray serial;       // as the factory set it; empty: as the unit was built
  bool locked = false;

  bool operator==(const IdentityRecord&) const = default;
};

class IdentityStore {
 public:
  static constexpr qsizetype kAreaBytes = 8192;
  // How much flash it takes, in whole sectors.
  static qsizetype flashSize(qsizetype sectorSize);

  // In [begin, begin + flashSize()). Nothing is read or written yet.
  IdentityStore(FlashModel& flash, qsizetype begin) : flash_(&flash), begin_(begin) {}

  // At each start: finds the newest whole record and erases what else is there. LinkLost when the power goes.
  Status load();
  const IdentityRecord& record() const { return record_; }
  // Errors: InvalidArgument (too long), LinkLost; after an error the next load() tells which of the two holds.
  Status save(const IdentityRecord& record);

 private:
  qsizetype areaSize() const { return flashSize(flash_->geometry().sectorSize) / 2; }
  qsizetype areaBegin(int area) const { return begin_ + area * areaSize(); }
  Status eraseUnlessBlank(int area);

  FlashModel* flash_;
  qsizetype begin_;
  IdentityRecord record_;
  quint32 sequence_ = 0;
  int current_ = -1;  // the area that holds; none yet
};

}  // namespace sealift
