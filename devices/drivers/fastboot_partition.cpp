#include "devices/drivers/fastboot_partition.h"

#include "devices/images/sparse_split.h"

#include <QCryptographicHash>

#include <algorithm>

namespace sealift {
namespace {

constexpr qint64 kMaxDownload = 0xFFFFFFFFLL;     // eight hexadecimal digits
constexpr qint64 kMaxFetch = 16LL * 1024 * 1024;  // of one command, so that a cancel is heard
constexpr qint64 kFetchUnit = 64 * 1024;

bool isSparseFormat(const Image& image) {
  return image.facts.format == QLatin1String("sparse");
}

// What the partition shall hold. A raw image is one chunk here.
Result<SparseImage> contentOf(const Image& image) {
  if (isSparseFormat(image)) {
    return SparseImage::parse(image.bytes);
  }
  if (image.bytes.isEmpty() || image.bytes.size() > SparseImage::kMaxExpanded) {
    return fail(ErrorCode::ImageTooLarge,
                QStringLiteral("An image of %1 bytes can't be written.").arg(image.bytes.size()));
  }
  if (SparseImage::isSparse(image.bytes)) {
    return fail(ErrorCode::ImageFormatRefused,
                QStringLiteral("The image begins as a sparse one, so the device would unpack it; it is declared raw."),
                QStringLiteral("Tell the vendor: the model's image format has to be \"sparse\"."));
  }
  SparseImage whole;
  whole.blockSize = kSparseBlock;
  whole.totalBlocks = static_cast<quint32>((image.bytes.size() + kSparseBlock - 1) / kSparseBlock);
  whole.chunks.push_back({SparseChunk::Kind::Raw, 0, whole.totalBlocks, image.bytes, {}});
  return whole;
}

qint64 bytesOf(const SparseChunk& chunk, quint32 blockSize) {
  return chunk.kind == SparseChunk::Kind::Raw ? chunk.data.size() : qint64{chunk.blocks} * blockSize;
}

// Whether `stored`, which begins `at` bytes into the chunk, is what the chunk says.
bool holds(const SparseChunk& chunk, qint64 at, QByteArrayView stored) {
  if (chunk.kind == SparseChunk::Kind::Raw) {
    return chunk.data.sliced(at, stored.size()) == stored;
  }
  for (qsizetype i = 0; i < stored.size(); ++i) {
    if (stored[i] != chunk.pattern[(at + i) % chunk.pattern.size()]) {
      return false;
    }
  }
  return true;
}

// The device's own words stay in front; what helps depends on the most frequent reason.
tl::unexpected<Error> withRemedy(Error error) {
  if (error.code == ErrorCode::ProtocolRefused && error.what.contains(QLatin1String("lock"), Qt::CaseInsensitive)) {
    error.remedy = QStringLiteral(
        "The bootloader is locked. Ask the vendor how this model is unlocked; on many models that erases all data.");
  }
  return fail(std::move(error));
}

}  // namespace

QByteArray fastbootStoredDigest(const Image& image) {
  return isSparseFormat(image) ? image.facts.digest : image.sha256;
}

Status FastbootPartitionWriter::flashOne(QByteArrayView bytes, const QByteArray& partition, qint64 from, qint64 total,
                                         StepContext& step) {
  SEALIFT_CHECK(session_.download(bytes, from, total, step.progress, step.cancel));
  if (const Status flashed = session_.flash(partition, settings_.flashTime, step.cancel); !flashed) {
    return withRemedy(flashed.error());
  }
  return {};
}

Status FastbootPartitionWriter::write(const Image& image, int slot, StepContext& step) {
  const QByteArray partition = settings_.partitionOf(slot);
  SEALIFT_TRY(const SparseImage content, contentOf(image));
  const qint64 needed = isSparseFormat(image) ? content.expandedBytes() : image.bytes.size();
  if (state_.partitionBytes > 0 && needed > state_.partitionBytes) {
    return fail(ErrorCode::ImageTooLarge, QStringLiteral("The image needs %1 bytes, the partition %2 has %3.")
                                              .arg(needed)
                                              .arg(QString::fromLatin1(partition))
                                              .arg(state_.partitionBytes));
  }
  if (settings_.eraseFirst) {
    step.note(QStringLiteral("Erasing partition %1.").arg(QString::fromLatin1(partition)));
    if (const Status erased = session_.erase(partition, settings_.flashTime, step.cancel); !erased) {
      return withRemedy(erased.error());
    }
  }
  step.note(QStringLiteral("Writing partition %1.").arg(QString::fromLatin1(partition)));
  const qint64 limit = state_.maxDownload > 0 ? std::min(state_.maxDownload, kMaxDownload) : kMaxDownload;
  if (image.bytes.size() <= limit) {
    return flashOne(image.bytes, partition, 0, image.bytes.size(), step);
  }
  const SparseImage chunks = isSparseFormat(image) ? content : SparseImage::fromRaw(image.bytes);
  SEALIFT_TRY(const SparseSplitter pieces, SparseSplitter::make(chunks, limit));
  step.note(
      QStringLiteral("The device takes %1 bytes at once: the image goes in %2 pieces.").arg(limit).arg(pieces.count()));
  const qint64 total = pieces.totalBytes();
  qint64 done = 0;
  for (qsizetype i = 0; i < pieces.count(); ++i) {
    const QByteArray piece = pieces.piece(i);
    SEALIFT_CHECK(flashOne(piece, partition, done, total, step));
    done += piece.size();
  }
  return {};
}

// ---- proof ----------------------------------------------------------------------------------------------

Result<StoredProof> FastbootPartitionWriter::compareByFetch(const SparseImage& image, const QByteArray& partition,
                                                            StepContext& step) {
  const qint64 most = std::min(state_.maxFetch, kMaxFetch);
  const qint64 piece = most > kFetchUnit ? most / kFetchUnit * kFetchUnit : most;
  qint64 total = 0;
  for (const SparseChunk& chunk : image.chunks) {
    total += chunk.kind == SparseChunk::Kind::DontCare ? 0 : bytesOf(chunk, image.blockSize);
  }
  QCryptographicHash digest(QCryptographicHash::Sha256);
  qint64 done = 0;
  for (const SparseChunk& chunk : image.chunks) {
    if (chunk.kind == SparseChunk::Kind::DontCare) {
      continue;
    }
    const qint64 base = qint64{chunk.firstBlock} * image.blockSize;
    const qint64 bytes = bytesOf(chunk, image.blockSize);
    const auto compare = [&](qint64 offset, QByteArrayView stored) -> Status {
      digest.addData(stored);
      if (!holds(chunk, offset - base, stored)) {
        return fail(ErrorCode::DeviceVerifyFailed,
                    QStringLiteral("Partition %1 does not hold the image: it differs between bytes %2 and %3.")
                        .arg(QString::fromLatin1(partition))
                        .arg(offset)
                        .arg(offset + stored.size()));
      }
      done += stored.size();
      step.progress.setBytes(done, total);
      return {};
    };
    for (qint64 at = 0; at < bytes; at += piece) {
      SEALIFT_CHECK(session_.fetch(partition, base + at, std::min(piece, bytes - at), compare, step.cancel));
    }
  }
  return StoredProof{image.hasDontCare()
                         ? QStringLiteral("read back and compared byte for byte, without what the image leaves open")
                         : QStringLiteral("read back and compared byte for byte"),
                     digest.result()};
}

Result<std::optional<StoredProof>> FastbootPartitionWriter::compareDigest(const Image& image, int slot,
                                                                          StepContext& step) {
  const QByteArray variable = settings_.expand(settings_.digest, slot);
  SEALIFT_TRY(const std::optional<QByteArray> told, session_.variable(variable, step.cancel));
  if (!told) {
    return std::optional<StoredProof>();
  }
  const QByteArray digest = QByteArray::fromHex(*told);
  const QByteArray expected = fastbootStoredDigest(image);
  if (digest != expected) {
    return fail(ErrorCode::DeviceVerifyFailed,
                QStringLiteral("The device tells the SHA-256 %1 of what it holds, the image's is %2.")
                    .arg(fastbootText(*told), QString::fromLatin1(expected.toHex())));
  }
  return std::optional(StoredProof{QStringLiteral("digest computed by the device (SHA-256)"), digest});
}

Result<StoredProof> FastbootPartitionWriter::verify(const Image& image, int slot, bool mustProve, StepContext& step) {
  SEALIFT_TRY(const SparseImage content, contentOf(image));
  if (state_.maxFetch > 0) {
    return compareByFetch(content, settings_.partitionOf(slot), step);
  }
  // A digest over a partition says nothing where the image leaves old bytes in place.
  if (!settings_.digest.isEmpty() && !content.hasDontCare()) {
    SEALIFT_TRY(const std::optional<StoredProof> proof, compareDigest(image, slot, step));
    if (proof) {
      return *proof;
    }
  }
  if (mustProve) {
    return fail(ErrorCode::DeviceVerifyFailed,
                QStringLiteral("The device only acknowledged what was written; it neither lets it be read back nor "
                               "tells a digest of it, so nobody knows what it holds."));
  }
  return StoredProof{QStringLiteral("not proven: the device only acknowledged the write and can't be read back; its "
                                    "trial start has to show it"),
                     {}};
}

}  // namespace sealift
