// The flash of a virtual fastboot device, in partitions. Takes raw and sparse images.
// Source of the sparse format: AOSP, system/core/libsparse/sparse_format.h; read here apart from devices/images, so
// that a mistake there is found here. Stricter than bootloaders are: everything must fit exactly.
#pragma once

#include "devices/virtual/flash_model.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>

namespace sealift {

struct FastbootPartition {
  QByteArray name;
  qsizetype offset = 0;
  qsizetype size = 0;
};

class FastbootStorage {
 public:
  // One after the other; sizes are whole sectors.
  FastbootStorage(const QList<std::pair<QByteArray, qsizetype>>& partitions, qsizetype sectorSize, quint32 seed);

  const FastbootPartition* find(const QByteArray& name) const;
  const QList<FastbootPartition>& partitions() const { return partitions_; }
  FlashModel& flash() { return flash_; }
  const FlashModel& flash() const { return flash_; }

  // The reason of a refusal is in the error's text: it becomes the device's FAIL.
  Status write(const FastbootPartition& partition, QByteArrayView image);
  Status erase(const FastbootPartition& partition);
  // Empty without power or beyond the partition.
  QByteArray read(const FastbootPartition& partition, qsizetype at, qsizetype size) const;

 private:
  Status writeArea(const FastbootPartition& partition, qsizetype at, QByteArrayView bytes);
  Status writeSparse(const FastbootPartition& partition, QByteArrayView image);

  QList<FastbootPartition> partitions_;
  FlashModel flash_;
};

}  // namespace sealift
