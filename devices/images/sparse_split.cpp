#include "devices/images/sparse_split.h"

#include "app/base/byte_writer.h"
#include "devices/images/sparse_format.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr qint64 kFillBytes = 4;
// Each piece may need a chunk that nobody cares for before its first chunk and one behind its last.
constexpr qint64 kFrameBytes = kSparseHeaderBytes + 2 * kSparseChunkHeaderBytes;

// The first `blocks` blocks of the chunk, and what remains of it.
SparseChunk takeBlocks(SparseChunk& rest, quint32 blocks, quint32 blockSize) {
  SparseChunk part = rest;
  part.blocks = blocks;
  if (rest.kind == SparseChunk::Kind::Raw) {
    const qsizetype bytes = std::min(qsizetype{blocks} * blockSize, rest.data.size());
    part.data = rest.data.first(bytes);
    rest.data = rest.data.sliced(bytes);
  }
  rest.firstBlock += blocks;
  rest.blocks -= blocks;
  return part;
}

qint64 dataBytes(const SparseChunk& chunk, quint32 blockSize) {
  return chunk.kind == SparseChunk::Kind::Raw    ? qint64{chunk.blocks} * blockSize
         : chunk.kind == SparseChunk::Kind::Fill ? kFillBytes
                                                 : 0;
}

qint64 pieceBytes(const std::vector<SparseChunk>& chunks, quint32 blockSize) {
  qint64 bytes = kSparseHeaderBytes;
  for (const SparseChunk& chunk : chunks) {
    bytes += kSparseChunkHeaderBytes + dataBytes(chunk, blockSize);
  }
  return bytes;
}

// One chunk of a piece: a part of the image, or blocks that the piece leaves alone.
void appendChunk(QByteArray& bytes, const SparseChunk& chunk, quint32 blockSize) {
  const bool isRaw = chunk.kind == SparseChunk::Kind::Raw;
  const bool isFill = chunk.kind == SparseChunk::Kind::Fill;
  const qint64 data = dataBytes(chunk, blockSize);
  appendLe16(bytes, isRaw ? kSparseRaw : isFill ? kSparseFill : kSparseDontCare);
  appendLe16(bytes, 0);  // reserved1
  appendLe32(bytes, chunk.blocks);
  appendLe32(bytes, static_cast<quint32>(kSparseChunkHeaderBytes + data));
  bytes.append(isRaw ? chunk.data : isFill ? chunk.pattern : QByteArrayView());
  if (isRaw) {
    bytes.append(data - chunk.data.size(), '\0');  // a raw image may end within a block
  }
}

}  // namespace

Result<SparseSplitter> SparseSplitter::make(const SparseImage& image, qint64 maxBytes) {
  // Sizes within a sparse image are of 32 bits.
  const qint64 limit = std::min<qint64>(maxBytes, 0xFFFFFFFFLL);
  if (limit < kFrameBytes + 2 * kSparseChunkHeaderBytes + image.blockSize) {
    return fail(
        ErrorCode::NotSupported,
        QStringLiteral("The device takes %1 bytes at once, less than one block of the image needs.").arg(maxBytes));
  }
  SparseSplitter splitter(image);
  splitter.pieces_.emplace_back();
  qint64 used = kFrameBytes;
  quint32 end = 0;  // block behind the last chunk of this piece
  const auto begin = [&] {
    splitter.pieces_.emplace_back();
    used = kFrameBytes;
  };
  for (const SparseChunk& chunk : image.chunks) {
    if (chunk.kind == SparseChunk::Kind::DontCare) {
      continue;
    }
    SparseChunk rest = chunk;
    while (rest.blocks > 0) {
      const bool gap = !splitter.pieces_.back().empty() && end != rest.firstBlock;
      const qint64 room = limit - used - (gap ? kSparseChunkHeaderBytes : 0) - kSparseChunkHeaderBytes;
      const qint64 blocks = rest.kind == SparseChunk::Kind::Fill
                                ? (room >= kFillBytes ? qint64{rest.blocks} : 0)
                                : std::min<qint64>(rest.blocks, room / image.blockSize);
      if (blocks <= 0) {
        begin();
        continue;
      }
      const SparseChunk part = takeBlocks(rest, static_cast<quint32>(blocks), image.blockSize);
      const qint64 data = dataBytes(part, image.blockSize);
      used += (gap ? kSparseChunkHeaderBytes : 0) + kSparseChunkHeaderBytes + data;
      end = part.firstBlock + part.blocks;
      splitter.pieces_.back().push_back(part);
    }
  }
  return splitter;
}

std::vector<SparseChunk> SparseSplitter::chunksOf(qsizetype index) const {
  std::vector<SparseChunk> chunks;
  quint32 next = 0;
  const auto leaveAloneUntil = [&](quint32 block) {
    if (block > next) {
      chunks.push_back({SparseChunk::Kind::DontCare, next, block - next, {}, {}});
    }
  };
  for (const SparseChunk& part : pieces_[static_cast<std::size_t>(index)]) {
    leaveAloneUntil(part.firstBlock);
    chunks.push_back(part);
    next = part.firstBlock + part.blocks;
  }
  leaveAloneUntil(image_->totalBlocks);
  return chunks;
}

qint64 SparseSplitter::totalBytes() const {
  qint64 total = 0;
  for (qsizetype i = 0; i < count(); ++i) {
    total += pieceBytes(chunksOf(i), image_->blockSize);
  }
  return total;
}

QByteArray SparseSplitter::piece(qsizetype index) const {
  const std::vector<SparseChunk> chunks = chunksOf(index);
  QByteArray bytes;
  bytes.reserve(pieceBytes(chunks, image_->blockSize));
  appendLe32(bytes, kSparseMagic);
  appendLe16(bytes, kSparseMajorVersion);
  appendLe16(bytes, 0);  // minor_version
  appendLe16(bytes, static_cast<quint16>(kSparseHeaderBytes));
  appendLe16(bytes, static_cast<quint16>(kSparseChunkHeaderBytes));
  appendLe32(bytes, image_->blockSize);
  appendLe32(bytes, image_->totalBlocks);
  appendLe32(bytes, static_cast<quint32>(chunks.size()));
  appendLe32(bytes, 0);  // image_checksum: 0 as libsparse writes it; a piece is not the whole
  for (const SparseChunk& chunk : chunks) {
    appendChunk(bytes, chunk, image_->blockSize);
  }
  return bytes;
}

}  // namespace sealift
