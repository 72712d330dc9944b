#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_f_zstd1_magicless
#include "devices/images/delta/zstd_patch.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <zstd.h>

namespace sealift {
namespace {

// As `zstd --patch-from -19 --long`, whose window holds both files.
constexpr int kLevel = 19;
constexpr qsizetype kPiece = 1 << 20;  // between two looks at the cancel token

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

int windowLog(qsizetype base, qsizetype result) {
  const auto reach = static_cast<std::uint64_t>(std::max(base, result)) + 1024;
  return std::clamp(static_cast<int>(std::bit_width(reach)), ZSTD_WINDOWLOG_MIN, ZSTD_WINDOWLOG_MAX);
}

std::size_t size(QByteArrayView bytes) {
  return static_cast<std::size_t>(bytes.size());
}

tl::unexpected<Error> outOfMemory() {
  return fail(ErrorCode::Internal, QStringLiteral("There is not enough memory for a delta."));
}

}  // namespace

Result<QByteArray> makeZstdPatch(QByteArrayView base, QByteArrayView result, const CancelToken& cancel) {
  const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (!context) {
    return outOfMemory();
  }
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, windowLog(base.size(), result.size()));
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_enableLongDistanceMatching, 1);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_format, ZSTD_f_zstd1_magicless);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setPledgedSrcSize(context.get(), size(result));
  ZSTD_CCtx_refPrefix(context.get(), base.data(), size(base));
  QByteArray patch(static_cast<qsizetype>(ZSTD_compressBound(size(result))), Qt::Uninitialized);
  ZSTD_inBuffer in{result.data(), 0, 0};
  ZSTD_outBuffer out{patch.data(), size(patch), 0};
  std::size_t left = 1;
  while (left != 0) {
    SEALIFT_CHECK(cancel.check());
    in.size = std::min(size(result), in.pos + static_cast<std::size_t>(kPiece));
    left = ZSTD_compressStream2(context.get(), &out, &in, in.size == size(result) ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left) != 0) {
      return outOfMemory();
    }
    left = in.size < size(result) ? 1 : left;
  }
  patch.resize(static_cast<qsizetype>(out.pos));
  return patch;
}

Result<QByteArray> applyZstdPatch(QByteArrayView base, QByteArrayView patch, qint64 resultBytes,
                                  const CancelToken& cancel) {
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (!context) {
    return outOfMemory();
  }
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_format, ZSTD_f_zstd1_magicless);
  // No larger a window than an honest patch needs.
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, windowLog(base.size(), resultBytes));
  ZSTD_DCtx_refPrefix(context.get(), base.data(), size(base));
  QByteArray result(resultBytes, Qt::Uninitialized);
  ZSTD_inBuffer in{patch.data(), size(patch), 0};
  ZSTD_outBuffer out{result.data(), 0, 0};
  std::size_t more = 1;
  while (more != 0) {
    SEALIFT_CHECK(cancel.check());
    const std::size_t before = out.pos;
    out.size = std::min(size(result), out.pos + static_cast<std::size_t>(kPiece));
    more = ZSTD_decompressStream(context.get(), &out, &in);
    const bool stuck = more != 0 && out.pos == before && (in.pos == in.size || out.pos == size(result));
    if (ZSTD_isError(more) != 0 || stuck) {
      return fail(ErrorCode::ImageMalformed, QStringLiteral("The delta is damaged, or belongs to another image."));
    }
  }
  if (out.pos != size(result) || in.pos != in.size) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The delta makes an image of another size."));
  }
  return result;
}

}  // namespace sealift
