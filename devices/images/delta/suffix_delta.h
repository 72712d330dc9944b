// A delta in the manner of bsdiff (C. Percival, "Naive differences of executable code", 2003): much of an executable
// moves as a whole when it is built again, and the addresses in it change by the same few differences. So the result is
// told as pieces of the base to which small differences are added, and as bytes that are new.
//
// Three packed streams (packed_stream.h), one after the other:
//   instructions: varints in triples: bytes to add, bytes to insert, and how far to move in the base then (zigzag)
//   differences:  one byte for each that is added to the base's, modulo 256
//   new bytes
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

namespace sealift {

// Errors: Internal (memory), Cancelled.
Result<QByteArray> makeSuffixDelta(QByteArrayView base, QByteArrayView result, const CancelToken& cancel);
// Errors: ImageMalformed, Cancelled.
Result<QByteArray> applySuffixDelta(QByteArrayView base, QByteArrayView delta, qint64 resultBytes,
                                    const CancelToken& cancel);

}  // namespace sealift
