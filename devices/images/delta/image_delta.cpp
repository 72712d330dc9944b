#include "devices/images/delta/image_delta.h"

#include "devices/images/delta/suffix_delta.h"
#include "devices/images/delta/zstd_patch.h"

namespace sealift {
namespace {

constexpr char kMagic[] = "SLD";
constexpr qsizetype kMagicBytes = 3;
constexpr qsizetype kHeadBytes = kMagicBytes + 1;

Status checkSize(qint64 bytes) {
  if (bytes < 0 || bytes > kMaxDeltaImage) {
    return fail(ErrorCode::FileTooLarge,
                QStringLiteral("Images of more than %1 bytes are not compared.").arg(kMaxDeltaImage));
  }
  return {};
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
  return QByteArray(kMagic, kMagicBytes) + static_cast<char>(kind) + content;
}

Result<QByteArray> makeSmallestDelta(QByteArrayView base, QByteArrayView result, const CancelToken& cancel) {
  SEALIFT_TRY(QByteArray suffix, makeDelta(DeltaKind::Suffix, base, result, cancel));
  SEALIFT_TRY(QByteArray zstd, makeDelta(DeltaKind::Zstd, base, result, cancel));
  return zstd.size() < suffix.size() ? std::move(zstd) : std::move(suffix);
}

Result<DeltaKind> deltaKindOf(QByteArrayView delta) {
  if (delta.size() > kHeadBytes && delta.first(kMagicBytes) == QByteArrayView(kMagic, kMagicBytes)) {
    for (const DeltaKind kind : {DeltaKind::Zstd, DeltaKind::Suffix}) {
      if (delta[kMagicBytes] == static_cast<char>(kind)) {
        return kind;
      }
    }
  }
  return fail(ErrorCode::ImageMalformed, QStringLiteral("This is no delta that Sealift can apply."));
}

Result<QByteArray> applyDelta(QByteArrayView base, QByteArrayView delta, qint64 resultBytes,
                              const CancelToken& cancel) {
  SEALIFT_CHECK(checkSize(base.size()));
  SEALIFT_CHECK(checkSize(resultBytes));
  SEALIFT_CHECK(cancel.check());
  SEALIFT_TRY(const DeltaKind kind, deltaKindOf(delta));
  const QByteArrayView content = delta.sliced(kHeadBytes);
  return kind == DeltaKind::Zstd ? applyZstdPatch(base, content, resultBytes, cancel)
                                 : applySuffixDelta(base, content, resultBytes, cancel);
}

}  // namespace sealift
