#include "keystore/tuf/client/fetcher.h"

namespace sealift::tuf {

Status Fetcher::fetchTo(const QString& path, qint64 maxBytes, const ResumePoint& /*from*/, FetchSink& sink,
                        const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray bytes, fetch(path, maxBytes, cancel));
  SEALIFT_CHECK(sink.begin(0, {}));
  return sink.write(bytes);
}

Status MemorySink::begin(qint64 offset, const QByteArray& /*validator*/) {
  if (offset != 0) {
    return fail(ErrorCode::Internal, QStringLiteral("A whole file was asked for, and a part of it came."));
  }
  bytes_.clear();
  return {};
}

Status MemorySink::write(QByteArrayView bytes) {
  bytes_.append(bytes);
  return {};
}

}  // namespace sealift::tuf
