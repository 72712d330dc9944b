// Android sparse images: what a partition shall hold, with the parts left out that nobody cares for.
// Source: AOSP, system/core/libsparse/sparse_format.h (version 1.0). All fields are little-endian.
//
// Hostile bytes: sizes that contradict one another, chunks beyond the image, a part that is missing and bytes
// after the last chunk are refused; so is an image that unpacks to more than kMaxExpanded. Any thread.
#pragma once

#include "app/base/result.h"
#include "devices/images/image.h"

#include <QByteArray>
#include <QByteArrayView>

#include <functional>
#include <vector>

namespace sealift {

inline constexpr quint32 kSparseBlock = 4096;  // bytes; what raw images are cut into

struct SparseChunk {
  enum class Kind { Raw, Fill, DontCare };

  Kind kind = Kind::DontCare;
  quint32 firstBlock = 0;
  quint32 blocks = 0;
  QByteArrayView data;     // Raw: the bytes, up to blocks × block size; a raw image's last block may be short
  QByteArrayView pattern;  // Fill: 4 bytes, as stored
};

// Views point into the parsed bytes, which must outlive it.
struct SparseImage {
  quint32 blockSize = 0;            // bytes, a multiple of 4
  quint32 totalBlocks = 0;          // of what it unpacks to
  std::vector<SparseChunk> chunks;  // in order, without gaps; CRC chunks are checked and left out

  static constexpr qint64 kMaxExpanded = 4LL * 1024 * 1024 * 1024;
  static constexpr quint32 kMaxBlockSize = 1024 * 1024;

  // Errors: ImageMalformed; ImageHashMismatch when a CRC-32 in it does not hold; ImageFormatRefused (another major
  // version); ImageTooLarge (above kMaxExpanded).
  static Result<SparseImage> parse(QByteArrayView bytes);
  // A raw image of at most kMaxExpanded bytes as chunks: blocks of one repeated word become Fill.
  static SparseImage fromRaw(QByteArrayView bytes);

  qint64 expandedBytes() const { return qint64{totalBlocks} * blockSize; }
  bool hasDontCare() const;
  // Everything that it writes, in order and in pieces of at most 64 KiB: offset in the partition, bytes. Ends early
  // when `take` returns an error.
  Status forEachWritten(const std::function<Status(qint64 offset, QByteArrayView bytes)>& take) const;
  // SHA-256 over what it unpacks to, areas that nobody cares for counted as zeros (as `image_checksum` counts them).
  QByteArray expandedDigest() const;

  static bool isSparse(QByteArrayView bytes);  // begins as one does
};

// "sparse" in the table of image formats: the digest is expandedDigest().
Result<ImageFacts> verifySparseImage(QByteArrayView bytes, const QList<QByteArray>& keys);
// "raw": any bytes at all, but not none. The digest is their SHA-256.
Result<ImageFacts> verifyRawImage(QByteArrayView bytes, const QList<QByteArray>& keys);

}  // namespace sealift
