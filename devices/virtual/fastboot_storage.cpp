#include "devices/virtual/fastboot_storage.h"

#include "app/base/byte_reader.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kWriteSize = 4;
constexpr qsizetype kOperationBytes = 64 * 1024;  // programmed at once

qsizetype sum(const QList<std::pair<QByteArray, qsizetype>>& partitions) {
  qsizetype all = 0;
  for (const auto& [name, size] : partitions) {
    all += size;
  }
  return all;
}

tl::unexpected<Error> refuse(const char* why) {
  return fail(ErrorCode::ProtocolRefused, QString::fromLatin1(why));
}

}  // namespace

FastbootStorage::FastbootStorage(const QList<std::pair<QByteArray, qsizetype>>& partitions, qsizetype sectorSize,
                                 quint32 seed)
    : flash_({sum(partitions), sectorSize, kWriteSize}, seed) {
  qsizetype at = 0;
  for (const auto& [name, size] : partitions) {
    partitions_.append({name, at, size});
    at += size;
  }
}

const FastbootPartition* FastbootStorage::find(const QByteArray& name) const {
  const auto found = std::find_if(partitions_.begin(), partitions_.end(),
                                  [&](const FastbootPartition& partition) { return partition.name == name; });
  return found == partitions_.end() ? nullptr : &*found;
}

QByteArray FastbootStorage::read(const FastbootPartition& partition, qsizetype at, qsizetype size) const {
  if (at < 0 || size < 0 || at > partition.size || size > partition.size - at) {
    return {};
  }
  return flash_.read(partition.offset + at, size).value_or(QByteArray());
}

Status FastbootStorage::erase(const FastbootPartition& partition) {
  return flash_.erase(partition.offset, partition.size);
}

Status FastbootStorage::write(const FastbootPartition& partition, QByteArrayView image) {
  constexpr quint32 kSparse = 0xED26FF3A;
  if (ByteReader(image).le32() == kSparse) {
    return writeSparse(partition, image);
  }
  if (image.size() > partition.size) {
    return refuse("image is larger than the partition");
  }
  return writeArea(partition, 0, image);
}

// `at` is at the beginning of a sector.
Status FastbootStorage::writeArea(const FastbootPartition& partition, qsizetype at, QByteArrayView bytes) {
  const qsizetype sector = flash_.geometry().sectorSize;
  if (at % sector != 0) {
    return refuse("block does not begin a sector");
  }
  SEALIFT_CHECK(flash_.erase(partition.offset + at, (bytes.size() + sector - 1) / sector * sector));
  for (qsizetype done = 0; done < bytes.size();) {
    const qsizetype size = std::min(kOperationBytes, bytes.size() - done);
    QByteArray padded;
    QByteArrayView piece = bytes.sliced(done, size);
    if (size % kWriteSize != 0) {
      padded = piece.toByteArray();
      padded.append(kWriteSize - size % kWriteSize, '\xff');
      piece = padded;
    }
    SEALIFT_CHECK(flash_.program(partition.offset + at + done, piece));
    done += size;
  }
  return {};
}

Status FastbootStorage::writeSparse(const FastbootPartition& partition, QByteArrayView image) {
  ByteReader reader(image);
  reader.skip(4);
  const quint16 major = reader.le16();
  reader.skip(2);
  const quint16 headerSize = reader.le16();
  const quint16 chunkHeaderSize = reader.le16();
  const qsizetype block = reader.le32();
  const qsizetype blocks = reader.le32();
  const quint32 chunks = reader.le32();
  reader.skip(4);
  if (reader.failed() || major != 1 || headerSize != 28 || chunkHeaderSize != 12) {
    return refuse("sparse header is wrong");
  }
  if (block == 0 || block % flash_.geometry().sectorSize != 0 || blocks > partition.size / block) {
    return refuse("sparse image does not fit the partition");
  }
  qsizetype at = 0;
  for (quint32 i = 0; i < chunks; ++i) {
    const quint16 type = reader.le16();
    reader.skip(2);
    const qsizetype count = reader.le32();
    const qsizetype total = reader.le32();
    const QByteArrayView data = reader.take(total - 12);
    if (reader.failed() || count > blocks - at) {
      return refuse("sparse chunk is too long");
    }
    if (type == 0xCAC1) {
      if (data.size() != count * block) {
        return refuse("raw chunk has a wrong size");
      }
      SEALIFT_CHECK(writeArea(partition, at * block, data));
    } else if (type == 0xCAC2) {
      if (data.size() != 4) {
        return refuse("fill chunk has a wrong size");
      }
      QByteArray filled;
      filled.reserve(block);
      while (filled.size() < block) {
        filled.append(data);
      }
      for (qsizetype n = 0; n < count; ++n) {
        SEALIFT_CHECK(writeArea(partition, (at + n) * block, filled));
      }
    } else if (type == 0xCAC4) {  // a checksum, which bootloaders pass over
      if (count != 0 || data.size() != 4) {
        return refuse("checksum chunk has a wrong size");
      }
    } else if (type != 0xCAC3 || !data.isEmpty()) {
      return refuse("sparse chunk of unknown type");
    }
    at += count;
  }
  if (at != blocks || reader.remaining() != 0) {
    return refuse("sparse image is incomplete");
  }
  return {};
}

}  // namespace sealift
