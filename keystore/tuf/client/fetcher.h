// Where a repository's files come from. The client asks for one file at a time, by its path relative to the
// repository's base (see Client), and never trusts what it gets.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/result.h"

#include <QByteArray>
#include <QString>

namespace sealift::tuf {

class Fetcher {
 public:
  virtual ~Fetcher() = default;

  // The whole file, at most `maxBytes` long. `path` has '/' between its parts and every part is already
  // percent-encoded (RFC 3986, 2.1), so it is appended to an address as it is; it never holds "." or ".." parts.
  // Errors:
  //   FetchNotFound  the repository says that there is no such file (HTTP: 404 and 410, nothing else).
  //                  Only this ends the chain of roots.
  //   TrustLength    the file is longer than `maxBytes`; noticed while reading, without reading the rest.
  //   FetchFailed, FetchTls, Timeout, Cancelled  anything else.
  virtual Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) = 0;
};

}  // namespace sealift::tuf
