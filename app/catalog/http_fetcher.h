// Fetches a repository's files over HTTP(S) (RFC 9110) from the first of its addresses that answers.
#pragma once

#include "keystore/tuf/client/fetcher.h"

#include <QStringList>

#include <memory>

namespace sealift {

// When a fetch is given up (a slow retrieval attack: TUF specification 1.0, 1.5.2).
struct HttpPatience {
  int silenceMs = 30'000;           // without a byte
  qint64 minBytesPerSecond = 1000;  // on the whole, once silenceMs have passed
};

// Lives in one thread: the one that calls fetch(), which blocks.
class HttpFetcher final : public tuf::Fetcher {
 public:
  // `base`: https: or http: address of the repository, with or without '/' at its end.
  explicit HttpFetcher(const QString& base, const HttpPatience& patience = {});
  ~HttpFetcher() override;
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override;

 private:
  struct Private;
  std::unique_ptr<Private> d_;
};

}  // namespace sealift
