// The difference between two images, from which the second is made when the first is there.
//
// Layout: "SLD", one byte for the kind, the result's size as a varint (packed_stream.h), then what the kind says: 'z' a
// Zstandard frame without magic number whose dictionary is the base (zstd_patch.h), 's' instructions and bytes after
// the manner of bsdiff (suffix_delta.h). Nothing in a delta tells what it belongs to: digests of base and result stand
// in signed metadata, and whoever applies a delta compares both.
//
// Pure functions on bytes; any thread.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

namespace sealift {

// Larger images are not compared: the suffix array takes eight times the base, and memory is asked for by strangers.
inline constexpr qint64 kMaxDeltaImage = 512LL * 1024 * 1024;

enum class DeltaKind : char { Zstd = 'z', Suffix = 's' };

QString deltaKindName(DeltaKind kind);  // "zstd-patch", "suffix": as metadata and Capabilities::deltaKinds have them

// As this kind. Errors: FileTooLarge, Cancelled.
Result<QByteArray> makeDelta(DeltaKind kind, QByteArrayView base, QByteArrayView result, const CancelToken& cancel);
// Of both kinds the smaller one.
Result<QByteArray> makeSmallestDelta(QByteArrayView base, QByteArrayView result, const CancelToken& cancel);

// What the delta says it is. ImageMalformed.
Result<DeltaKind> deltaKindOf(QByteArrayView delta);
// How large the result is, as the delta says. ImageMalformed.
Result<qint64> deltaResultBytes(QByteArrayView delta);
// The result, of which the size is known; at most one copy of it is held, besides the codec's own window. Hostile
// deltas give an error or other bytes than were meant, which is for the caller's digest to notice.
// Errors: ImageMalformed, FileTooLarge, Cancelled.
Result<QByteArray> applyDelta(QByteArrayView base, QByteArrayView delta, qint64 resultBytes, const CancelToken& cancel);

}  // namespace sealift
