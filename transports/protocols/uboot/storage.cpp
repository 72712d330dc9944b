#include "transports/protocols/uboot/storage.h"

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kSelectTime{15'000};  // probing a card or disk may take seconds

}  // namespace

Status UbootStorage::transfer(const QByteArray& direction, quint64 address, quint64 block, quint64 blocks,
                              const CancelToken& cancel) {
  // Selected each time: whoever used the console before may have chosen another device.
  SEALIFT_CHECK(console_.runOk(interface_ + " dev " + QByteArray::number(device_), kSelectTime, cancel));
  const std::chrono::milliseconds time(10'000 + static_cast<qint64>(blocks));  // at least 0.5 MB/s
  SEALIFT_CHECK(console_.runOk(interface_ + " " + direction + " " + QByteArray::number(address, 16) + " " +
                                   QByteArray::number(block, 16) + " " + QByteArray::number(blocks, 16),
                               time, cancel));
  return {};
}

Status UbootStorage::read(quint64 address, quint64 block, quint64 blocks, const CancelToken& cancel) {
  return transfer("read", address, block, blocks, cancel);
}

Status UbootStorage::write(quint64 address, quint64 block, quint64 blocks, const CancelToken& cancel) {
  return transfer("write", address, block, blocks, cancel);
}

}  // namespace sealift
