#include "devices/images/sparse_image.h"

#include "app/base/byte_reader.h"
#include "app/base/crc.h"
#include "devices/images/sparse_format.h"
#include "keystore/crypto/digest.h"

#include <algorithm>
#include <cstring>

namespace sealift {
namespace {

constexpr qsizetype kWordBytes = 4;
constexpr qsizetype kPieceBytes = 64 * 1024;
constexpr quint16 kMaxHeader = 4096;
constexpr quint32 kMaxChunks = 1'000'000;

tl::unexpected<Error> malformed(const QString& what) {
  return fail(ErrorCode::ImageMalformed, QStringLiteral("The sparse image is damaged: %1.").arg(what));
}

// `pattern` again and again, kPieceBytes long.
QByteArray repeated(QByteArrayView pattern) {
  QByteArray bytes(kPieceBytes, '\0');
  for (qsizetype i = 0; i < kPieceBytes; ++i) {
    bytes[i] = pattern[i % pattern.size()];
  }
  return bytes;
}

using Take = std::function<Status(qint64 offset, QByteArrayView bytes)>;

Status giveRepeated(qint64 offset, qint64 bytes, QByteArrayView pattern, const Take& take) {
  const QByteArray piece = repeated(pattern);
  for (qint64 done = 0; done < bytes;) {
    const qsizetype size = std::min<qint64>(bytes - done, kPieceBytes);
    SEALIFT_CHECK(take(offset + done, QByteArrayView(piece).first(size)));
    done += size;
  }
  return {};
}

Status giveRaw(qint64 offset, QByteArrayView data, const Take& take) {
  for (qsizetype done = 0; done < data.size();) {
    const qsizetype size = std::min(data.size() - done, kPieceBytes);
    SEALIFT_CHECK(take(offset + done, data.sliced(done, size)));
    done += size;
  }
  return {};
}

// Everything of one chunk, areas that nobody cares for as zeros.
Status giveChunk(const SparseChunk& chunk, quint32 blockSize, const Take& take) {
  const qint64 offset = qint64{chunk.firstBlock} * blockSize;
  const qint64 bytes = qint64{chunk.blocks} * blockSize;
  switch (chunk.kind) {
    case SparseChunk::Kind::Raw:
      return giveRaw(offset, chunk.data, take);
    case SparseChunk::Kind::Fill:
      return giveRepeated(offset, bytes, chunk.pattern, take);
    case SparseChunk::Kind::DontCare:
      return giveRepeated(offset, bytes, QByteArrayView("\0", 1), take);
  }
  return {};
}

// The chunks behind the file's header, one after the other.
class ChunkReader {
 public:
  ChunkReader(ByteReader& reader, SparseImage& image, quint16 headerBytes)
      : reader_(reader), image_(image), headerBytes_(headerBytes) {}

  Status readNext() {
    const quint16 type = reader_.le16();
    reader_.skip(2);  // reserved1
    const quint32 blocks = reader_.le32();
    const qint64 data = qint64{reader_.le32()} - headerBytes_;
    reader_.skip(headerBytes_ - kSparseChunkHeaderBytes);
    if (reader_.failed() || data < 0 || data > reader_.remaining()) {
      return malformed(QStringLiteral("a chunk reaches beyond its end"));
    }
    if (blocks > image_.totalBlocks - nextBlock_) {
      return malformed(QStringLiteral("its chunks hold more than it announces"));
    }
    const QByteArrayView bytes = reader_.take(data);
    if (type == kSparseCrc32) {
      return checkCrc(bytes, blocks);
    }
    return add(type, blocks, bytes);
  }

  quint32 nextBlock() const { return nextBlock_; }
  // Over everything so far.
  quint32 crc() {
    for (; summed_ < image_.chunks.size(); ++summed_) {
      (void)giveChunk(image_.chunks[summed_], image_.blockSize, [this](qint64, QByteArrayView piece) {
        crc_ = crc32(piece, crc_);
        return Status();
      });
    }
    return crc_;
  }

 private:
  Status add(quint16 type, quint32 blocks, QByteArrayView bytes) {
    SparseChunk chunk;
    chunk.firstBlock = nextBlock_;
    chunk.blocks = blocks;
    qint64 expected = 0;
    switch (type) {
      case kSparseRaw:
        chunk.kind = SparseChunk::Kind::Raw;
        chunk.data = bytes;
        expected = qint64{blocks} * image_.blockSize;
        break;
      case kSparseFill:
        chunk.kind = SparseChunk::Kind::Fill;
        chunk.pattern = bytes;
        expected = kWordBytes;
        break;
      case kSparseDontCare:
        break;
      default:
        return malformed(QStringLiteral("it has a chunk of the unknown type 0x%1").arg(type, 4, 16, QLatin1Char('0')));
    }
    if (bytes.size() != expected) {
      return malformed(QStringLiteral("a chunk's size is not that of its blocks"));
    }
    nextBlock_ += blocks;
    if (blocks > 0) {
      image_.chunks.push_back(chunk);
    }
    return {};
  }

  Status checkCrc(QByteArrayView bytes, quint32 blocks) {
    if (bytes.size() != kWordBytes || blocks != 0) {
      return malformed(QStringLiteral("a checksum's chunk has another size than 4 bytes"));
    }
    if (ByteReader(bytes).le32() != crc()) {
      return fail(ErrorCode::ImageHashMismatch, QStringLiteral("The sparse image's CRC-32 is wrong."));
    }
    return {};
  }

  ByteReader& reader_;
  SparseImage& image_;
  quint16 headerBytes_;
  quint32 nextBlock_ = 0;
  std::size_t summed_ = 0;  // chunks that are in crc_
  quint32 crc_ = 0;
};

// A block of one word over and over: each byte equals the one a word before it.
bool repeatsOneWord(QByteArrayView block) {
  return block.size() > kWordBytes && block.size() % kWordBytes == 0 &&
         std::memcmp(block.data(), block.data() + kWordBytes, static_cast<std::size_t>(block.size() - kWordBytes)) == 0;
}

}  // namespace

bool SparseImage::isSparse(QByteArrayView bytes) {
  return ByteReader(bytes).le32() == kSparseMagic;
}

Result<SparseImage> SparseImage::parse(QByteArrayView bytes) {
  ByteReader reader(bytes);
  const quint32 magic = reader.le32();
  const quint16 major = reader.le16();
  reader.skip(2);  // minor_version: higher ones are allowed
  const quint16 headerBytes = reader.le16();
  const quint16 chunkHeaderBytes = reader.le16();
  SparseImage image;
  image.blockSize = reader.le32();
  image.totalBlocks = reader.le32();
  const quint32 totalChunks = reader.le32();
  const quint32 checksum = reader.le32();
  if (reader.failed() || magic != kSparseMagic) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("This is not an Android sparse image."));
  }
  if (major != kSparseMajorVersion) {
    return fail(ErrorCode::ImageFormatRefused,
                QStringLiteral("The sparse image is of version %1; only version 1 is known.").arg(major));
  }
  if (headerBytes < kSparseHeaderBytes || headerBytes > kMaxHeader || chunkHeaderBytes < kSparseChunkHeaderBytes ||
      chunkHeaderBytes > kMaxHeader) {
    return malformed(QStringLiteral("its headers have an impossible size"));
  }
  if (image.blockSize == 0 || image.blockSize % kWordBytes != 0 || image.blockSize > kMaxBlockSize) {
    return malformed(QStringLiteral("its block size of %1 bytes is impossible").arg(image.blockSize));
  }
  if (image.totalBlocks == 0) {
    return malformed(QStringLiteral("it holds nothing"));
  }
  if (totalChunks > kMaxChunks) {
    return malformed(QStringLiteral("it announces %1 chunks").arg(totalChunks));
  }
  if (image.expandedBytes() > kMaxExpanded) {
    return fail(ErrorCode::ImageTooLarge,
                QStringLiteral("The sparse image unpacks to %1 bytes; more than %2 are not handled.")
                    .arg(image.expandedBytes())
                    .arg(kMaxExpanded));
  }
  reader.skip(headerBytes - kSparseHeaderBytes);
  ChunkReader chunks(reader, image, chunkHeaderBytes);
  for (quint32 i = 0; i < totalChunks; ++i) {
    SEALIFT_CHECK(chunks.readNext());
  }
  if (chunks.nextBlock() != image.totalBlocks) {
    return malformed(QStringLiteral("its chunks hold %1 of %2 blocks").arg(chunks.nextBlock()).arg(image.totalBlocks));
  }
  if (reader.remaining() != 0) {
    return malformed(QStringLiteral("%1 bytes follow the last chunk").arg(reader.remaining()));
  }
  if (checksum != 0 && checksum != chunks.crc()) {
    return fail(ErrorCode::ImageHashMismatch, QStringLiteral("The sparse image's CRC-32 is wrong."));
  }
  return image;
}

SparseImage SparseImage::fromRaw(QByteArrayView bytes) {
  SparseImage image;
  image.blockSize = kSparseBlock;
  image.totalBlocks = static_cast<quint32>((bytes.size() + kSparseBlock - 1) / kSparseBlock);
  for (quint32 i = 0; i < image.totalBlocks; ++i) {
    const qsizetype at = qsizetype{i} * kSparseBlock;
    const QByteArrayView block = bytes.sliced(at, std::min<qsizetype>(kSparseBlock, bytes.size() - at));
    const bool isFill = block.size() == kSparseBlock && repeatsOneWord(block);
    const QByteArrayView word = block.first(std::min(kWordBytes, block.size()));
    SparseChunk* last = image.chunks.empty() ? nullptr : &image.chunks.back();
    if (isFill && last != nullptr && last->kind == SparseChunk::Kind::Fill && last->pattern == word) {
      ++last->blocks;
    } else if (!isFill && last != nullptr && last->kind == SparseChunk::Kind::Raw) {
      ++last->blocks;
      last->data = bytes.sliced(qsizetype{last->firstBlock} * kSparseBlock, last->data.size() + block.size());
    } else if (isFill) {
      image.chunks.push_back({SparseChunk::Kind::Fill, i, 1, {}, word});
    } else {
      image.chunks.push_back({SparseChunk::Kind::Raw, i, 1, block, {}});
    }
  }
  return image;
}

bool SparseImage::hasDontCare() const {
  return std::any_of(chunks.begin(), chunks.end(),
                     [](const SparseChunk& chunk) { return chunk.kind == SparseChunk::Kind::DontCare; });
}

Status SparseImage::forEachWritten(const Take& take) const {
  for (const SparseChunk& chunk : chunks) {
    if (chunk.kind != SparseChunk::Kind::DontCare) {
      SEALIFT_CHECK(giveChunk(chunk, blockSize, take));
    }
  }
  return {};
}

QByteArray SparseImage::expandedDigest() const {
  Digester digester(DigestAlgorithm::Sha256);
  for (const SparseChunk& chunk : chunks) {
    (void)giveChunk(chunk, blockSize, [&](qint64, QByteArrayView bytes) {
      digester.add(bytes);
      return Status();
    });
  }
  return digester.finish();
}

Result<ImageFacts> verifySparseImage(QByteArrayView bytes, const QList<QByteArray>& keys) {
  Q_UNUSED(keys)  // the format carries no signature
  SEALIFT_TRY(const SparseImage image, SparseImage::parse(bytes));
  ImageFacts facts;
  facts.format = QStringLiteral("sparse");
  facts.digest = image.expandedDigest();
  return facts;
}

Result<ImageFacts> verifyRawImage(QByteArrayView bytes, const QList<QByteArray>& keys) {
  Q_UNUSED(keys)
  if (bytes.isEmpty()) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The image is empty."));
  }
  ImageFacts facts;
  facts.format = QStringLiteral("raw");
  facts.digest = sha256(bytes);
  return facts;
}

}  // namespace sealift
