#include "devices/virtual/flash_model.h"

#include <algorithm>

namespace sealift {

namespace {

tl::unexpected<Error> powerIsOff() {
  return fail(ErrorCode::LinkLost, QStringLiteral("The device's power is off."));
}

tl::unexpected<Error> fault(const QString& what) {
  return fail(ErrorCode::DeviceWriteFailed, what);
}

}  // namespace

FlashModel::FlashModel(const FlashGeometry& geometry, quint32 seed)
    : geometry_(geometry),
      content_(geometry.size, '\xff'),
      wear_(static_cast<std::size_t>(geometry.size / geometry.sectorSize), 0),
      random_(seed) {}

Status FlashModel::checkRange(qsizetype at, qsizetype size) const {
  if (!powered_) {
    return powerIsOff();
  }
  if (at < 0 || size < 0 || at > content_.size() || size > content_.size() - at) {
    return fault(QStringLiteral("Flash has no bytes %1 to %2.").arg(at).arg(at + size));
  }
  return {};
}

bool FlashModel::cutNow() {
  if (++operations_ == cutAt_) {
    cutAt_ = 0;
    powered_ = false;
  }
  return !powered_;
}

Status FlashModel::erase(qsizetype at, qsizetype size) {
  SEALIFT_CHECK(checkRange(at, size));
  if (at % geometry_.sectorSize != 0 || size % geometry_.sectorSize != 0) {
    return fault(QStringLiteral("Erasing at %1 does not fit the flash's sectors.").arg(at));
  }
  for (qsizetype sector = at; sector < at + size; sector += geometry_.sectorSize) {
    ++wear_[static_cast<std::size_t>(sector / geometry_.sectorSize)];
    ++erased_;
    if (cutNow()) {
      // Charge has left some cells and not others. Erasing only ever sets bits.
      for (qsizetype i = sector; i < sector + geometry_.sectorSize; ++i) {
        const auto draw = random_();
        const int set = (draw & 3) == 0 ? 0xff : (draw & 3) == 1 ? static_cast<int>((draw >> 8) & 0xff) : 0;
        content_[i] = static_cast<char>(static_cast<quint8>(content_[i]) | set);
      }
      return powerIsOff();
    }
    std::fill_n(content_.begin() + sector, geometry_.sectorSize, '\xff');
  }
  return {};
}

Status FlashModel::program(qsizetype at, QByteArrayView bytes) {
  SEALIFT_CHECK(checkRange(at, bytes.size()));
  if (at % geometry_.writeSize != 0 || bytes.size() % geometry_.writeSize != 0) {
    return fault(QStringLiteral("Programming %1 bytes at %2 does not fit the write size of %3.")
                     .arg(bytes.size())
                     .arg(at)
                     .arg(geometry_.writeSize));
  }
  if (!isErased(at, bytes.size())) {
    return fault(QStringLiteral("Programming at %1 meets bytes that were not erased.").arg(at));
  }
  programmed_ += static_cast<quint64>(bytes.size());
  if (cutNow()) {
    const qsizetype units = bytes.size() / geometry_.writeSize;
    const qsizetype done = static_cast<qsizetype>(random_() % static_cast<quint32>(units + 1)) * geometry_.writeSize;
    std::copy_n(bytes.begin(), done, content_.begin() + at);
    for (qsizetype i = done; i < std::min(done + geometry_.writeSize, bytes.size()); ++i) {
      // Torn: some of the bits that should become 0 did. Programming only ever clears bits.
      content_[at + i] = static_cast<char>(static_cast<quint8>(bytes[i]) | (random_() & 0xff));
    }
    return powerIsOff();
  }
  std::copy(bytes.begin(), bytes.end(), content_.begin() + at);
  return {};
}

Result<QByteArray> FlashModel::read(qsizetype at, qsizetype size) const {
  SEALIFT_CHECK(checkRange(at, size));
  return content_.mid(at, size);
}

bool FlashModel::isErased(qsizetype at, qsizetype size) const {
  const QByteArrayView view = QByteArrayView(content_).sliced(at, size);
  return std::all_of(view.begin(), view.end(), [](char c) { return c == '\xff'; });
}

}  // namespace sealift
