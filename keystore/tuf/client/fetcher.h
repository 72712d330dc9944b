// Where a repository's files come from. The client asks for one file at a time, by its path relative to the
// repository's base (see Client), and never trusts what it gets.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

namespace sealift::tuf {

// How far a file was fetched before.
struct ResumePoint {
  qint64 offset = 0;     // bytes that are there already
  QByteArray validator;  // of what they are a part of, as FetchSink::begin() got it; empty when it is unknown
};

// Takes the bytes of one file as they arrive, in the thread that fetches. An error that it gives ends the fetch and
// comes back from it.
class FetchSink {
 public:
  virtual ~FetchSink() = default;
  // Before the first byte, and for an empty file, too. `offset` is where the bytes begin: that of the ResumePoint, or 0
  // when the whole file comes. `validator` names this very state of the file (RFC 9110, 8.8.1: a strong entity tag);
  // empty when the source has none.
  virtual Status begin(qint64 offset, const QByteArray& validator) = 0;
  virtual Status write(QByteArrayView bytes) = 0;
};

class Fetcher {
 public:
  virtual ~Fetcher() = default;

  // The whole file, at most `maxBytes` long. `path` has '/' between its parts and every part is already
  // percent-encoded (RFC 3986, 2.1), so it is appended to an address as it is; it never holds "." or ".." parts.
  // Errors:
  //   FetchNotFound  the repository says that there is no such file (HTTP: 404 and 410, nothing else).
  //                  Only this ends the chain of roots.
  //   TrustLength    the file is longer than `maxBytes`; noticed before or while reading, without reading the rest.
  //   FetchFailed, FetchRefused, FetchTls, Offline, Timeout, Cancelled  anything else.
  virtual Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) = 0;

  // The same piece by piece. `maxBytes` counts from the file's beginning. Where the source can't go on from `from`,
  // begin() says 0. This implementation fetches the whole file first.
  virtual Status fetchTo(const QString& path, qint64 maxBytes, const ResumePoint& from, FetchSink& sink,
                         const CancelToken& cancel);
};

// Collects a file in memory.
class MemorySink final : public FetchSink {
 public:
  Status begin(qint64 offset, const QByteArray& validator) override;
  Status write(QByteArrayView bytes) override;
  QByteArray take() { return std::move(bytes_); }

 private:
  QByteArray bytes_;
};

}  // namespace sealift::tuf
