// Cuts an image into sparse images that each fit into a bootloader's memory. Together they write what the whole
// one writes; each is a sparse image of the whole partition area that cares for its own part only, which is how
// bootloaders expect them ("flash" of a partition, piece by piece).
// Source: AOSP, system/core/libsparse/sparse_format.h; fastboot's use of max-download-size.
#pragma once

#include "devices/images/sparse_image.h"

namespace sealift {

class SparseSplitter {
 public:
  // `image`, and the bytes behind it, must outlive the splitter. `maxBytes`: of each piece.
  // Errors: NotSupported when not even one block fits.
  static Result<SparseSplitter> make(const SparseImage& image, qint64 maxBytes);

  qsizetype count() const { return static_cast<qsizetype>(pieces_.size()); }
  qint64 totalBytes() const;  // of all pieces
  // The bytes of one piece, made when asked for: only one of them needs to be in memory.
  QByteArray piece(qsizetype index) const;

 private:
  std::vector<SparseChunk> chunksOf(qsizetype index) const;  // of one piece, what it leaves alone included
  explicit SparseSplitter(const SparseImage& image) : image_(&image) {}

  const SparseImage* image_;
  std::vector<std::vector<SparseChunk>> pieces_;  // in order; of each what it writes
};

}  // namespace sealift
