#include "devices/images/delta/image_delta.h"

#include "app/base/byte_reader.h"
#include "devices/images/delta/packed_stream.h"
#include "devices/images/delta/suffix_delta.h"
#include "devices/images/delta/zstd_patch.h"

namespace sealift {
namespace {

constexpr char kMagic[] = "SLD";
constexpr qsizetype kMagicBytes = 3;

Status checkSize(qint64 bytes) {
  if (bytes < 0 || bytes > kMaxDeltaImage) {
    return fail(ErrorCode::FileTooLarge,
                QStringLiteral("Images of more than %1 bytes are not compared.").arg(kMaxDeltaImage));
  }
  return {};
}

struct Head {
  DeltaKind kind = DeltaKind::Suffix;
  qint64 resultBytes = 0;
  QByteArrayView content;
};

Result<Head> readHead(QByteArrayView delta) {
  ByteReader reader(delta);
  const QByteArrayView magic = reader.take(kMagicBytes);
  const auto kind = static_cast<DeltaKind>(reader.u8());
  const auto bytes = static_cast<qint64>(takeVarint(reader));
  if (reader.failed() || magic != QByteArrayView(kMagic, kMagicBytes) ||
      (kind != DeltaKind::Zstd && kind != DeltaKind::Suffix)) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("This is no delta that Sealift can apply."));
  }
  return Head{kind, bytes, delta.last(reader.remaining())};
}

}  // namespace

QString deltaKindName(DeltaKind kind) {
  return kind == DeltaKind::Zstd ? QStringLiteral("zstd-patch") : QStringLiteral("suffix");
}

Result<QByteArray> makeDelta(DeltaKind kind, QByteArrayView base, QByteArrayView result, const CancelToken& cancel) {
  SEALIFT_CHECK(checkSize(base.size()));
  SEALIFT_CHECK(checkSize(result.size()));
  SEALIFT_CHECK(cancel.check());
  SEALIFT_TRY(const QByteArray content,
              kind == DeltaKind::Zstd ? makeZstdPatch(base, result, cancel) : makeSuffixDelta(base, result, cancel));
  QByteArray delta = QByteArray(kMagic, kMagicBytes) + static_cast<char>(kind);
  appendVarint(delta, static_cast<quint64>(result.size()));
  return delta + content;
}

Result<QByteArray> makeSmallestDelta(QByteArrayView base, QByteArrayView result, const CancelToken& cancel) {
  SEALIFT_TRY(QByteArray suffix, makeDelta(DeltaKind::Suffix, base, result, cancel));
  SEALIFT_TRY(QByteArray zstd, makeDelta(DeltaKind::Zstd, base, result, cancel));
  return zstd.size() < suffix.size() ? std::move(zstd) : std::move(suffix);
}

Result<DeltaKind> deltaKindOf(QByteArrayView delta) {
  SEALIFT_TRY(const Head head, readHead(delta));
  return head.kind;
}

Result<qint64> deltaResultBytes(QByteArrayView delta) {
  SEALIFT_TRY(const Head head, readHead(delta));
  return head.resultBytes;
}

Result<QByteArray> applyDelta(QByteArrayView base, QByteArrayView delta, qint64 resultBytes,
                              const CancelToken& cancel) {
  SEALIFT_CHECK(checkSize(base.size()));
  SEALIFT_CHECK(checkSize(resultBytes));
  SEALIFT_CHECK(cancel.check());
  SEALIFT_TRY(const Head head, readHead(delta));
  if (head.resultBytes != resultBytes) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The delta makes an image of another size."));
  }
  return head.kind == DeltaKind::Zstd ? applyZstdPatch(base, head.content, resultBytes, cancel)
                                      : applySuffixDelta(base, head.content, resultBytes, cancel);
}

}  // namespace sealift
