// NOR flash that forgives nothing.
//
// Programming a byte that is not erased is a fault, and so are unaligned and out-of-range accesses.
// Power can be cut at any operation: that operation then takes effect in part (programming: some units are
// done, one is torn; erasing: bits are back to 1 in some places only), and nothing works until powerOn().
// Contents outlive power cycles. Which part of a cut operation takes effect is decided by a seeded generator.
//
// Source: the constraints that MCUboot's docs/design.md ("IMAGE TRAILERS", "Swap Status") assume of flash.
// Not thread-safe: belongs to the thread of its device.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <random>
#include <vector>

namespace sealift {

struct FlashGeometry {
  qsizetype size = 0;
  qsizetype sectorSize = 4096;  // the unit of erasing
  qsizetype writeSize = 4;      // the unit of programming; a power of two up to 8
};

class FlashModel {
 public:
  explicit FlashModel(const FlashGeometry& geometry, quint32 seed = 1);

  const FlashGeometry& geometry() const { return geometry_; }

  // Errors: DeviceWriteFailed with the reason; while the power is off, LinkLost.
  Status erase(qsizetype at, qsizetype size);          // whole sectors; each is one operation
  Status program(qsizetype at, QByteArrayView bytes);  // whole write units, all erased; one operation
  Result<QByteArray> read(qsizetype at, qsizetype size) const;

  bool isErased(qsizetype at, qsizetype size) const;  // also true past a power cut: for models, not for devices

  // Power goes off at the nth operation from now (1: the next one). 0 takes it back.
  void cutPowerAtOperation(quint64 n) { cutAt_ = n == 0 ? 0 : operations_ + n; }
  bool hasPower() const { return powered_; }
  void powerOff() { powered_ = false; }
  void powerOn() { powered_ = true; }

  quint64 operations() const { return operations_; }  // erases and programs so far
  quint64 erasedSectors() const { return erased_; }
  quint64 programmedBytes() const { return programmed_; }
  quint32 wear(qsizetype sector) const { return wear_.at(static_cast<std::size_t>(sector)); }  // erases of it

 private:
  Status checkRange(qsizetype at, qsizetype size) const;
  bool cutNow();  // counts one operation

  FlashGeometry geometry_;
  QByteArray content_;
  std::vector<quint32> wear_;
  std::mt19937 random_;
  quint64 operations_ = 0;
  quint64 cutAt_ = 0;
  quint64 erased_ = 0;
  quint64 programmed_ = 0;
  bool powered_ = true;
};

}  // namespace sealift
