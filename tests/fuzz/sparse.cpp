// Android sparse images: read, and what was read is cut into pieces and read again.
#include "app/base/byte_reader.h"
#include "devices/images/sparse_image.h"
#include "devices/images/sparse_split.h"
#include "tests/fuzz/fuzz_target.h"

using namespace sealift;

namespace {

constexpr quint64 kMaxExpanded = 4 * 1024 * 1024;  // more only costs time here

// What the header announces.
quint64 announcedBytes(QByteArrayView bytes) {
  ByteReader reader(bytes);
  reader.skip(12);
  const quint64 block = reader.le32();
  return block * reader.le32();
}

qint64 writtenBytes(const SparseImage& image) {
  qint64 written = 0;
  (void)image.forEachWritten([&](qint64 offset, QByteArrayView piece) {
    fuzz::require(offset >= 0 && offset + piece.size() <= image.expandedBytes(), "nothing is written beyond the image");
    written += piece.size();
    return Status();
  });
  return written;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const QByteArray bytes = fuzz::toBytes(data, size);
  if (announcedBytes(bytes) > kMaxExpanded) {
    return 0;
  }
  const Result<SparseImage> image = SparseImage::parse(bytes);
  if (!image) {
    return 0;
  }
  fuzz::require(SparseImage::isSparse(bytes), "what was read begins as a sparse image");
  const qint64 written = writtenBytes(*image);
  const auto split = SparseSplitter::make(*image, image->blockSize + 100);
  fuzz::require(split.has_value(), "a piece has room for one block");
  qint64 inPieces = 0;
  for (qsizetype i = 0; i < split->count(); ++i) {
    const QByteArray piece = split->piece(i);
    fuzz::require(piece.size() <= image->blockSize + 100, "a piece fits");
    const Result<SparseImage> part = SparseImage::parse(piece);
    fuzz::require(part.has_value() && part->totalBlocks == image->totalBlocks,
                  "a piece is a sparse image of the whole");
    inPieces += writtenBytes(*part);
  }
  fuzz::require(inPieces == written, "the pieces write what the image writes");
  return 0;
}
