// A delta as `zstd --patch-from` makes it: the result compressed with the base for a dictionary (RFC 8878; zstd's
// ZSTD_CCtx_refPrefix). The frame has neither magic number nor checksum: a digest in signed metadata says more.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

namespace sealift {

Result<QByteArray> makeZstdPatch(QByteArrayView base, QByteArrayView result, const CancelToken& cancel);
// Errors: ImageMalformed, Cancelled.
Result<QByteArray> applyZstdPatch(QByteArrayView base, QByteArrayView patch, qint64 resultBytes,
                                  const CancelToken& cancel);

}  // namespace sealift
