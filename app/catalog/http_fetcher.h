// Fetches a repository's files over HTTP(S) (RFC 9110) from the first of its addresses that answers.
#pragma once

#include "keystore/tuf/client/fetcher.h"

#include <QStringList>

#include <memory>

namespace sealift {

// How long an address may stay silent before the fetch is given up.
inline constexpr int kHttpSilenceMs = 30'000;

// Lives in one thread: the one that calls fetch(), which blocks.
class HttpFetcher final : public tuf::Fetcher {
 public:
  // `base`: https: or http: address of the repository, with or without '/' at its end.
  explicit HttpFetcher(const QString& base);
  ~HttpFetcher() override;
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override;

 private:
  struct Private;
  std::unique_ptr<Private> d_;
};

}  // namespace sealift
