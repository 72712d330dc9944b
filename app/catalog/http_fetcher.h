// Fetches a repository's files over HTTP(S) (RFC 9110).
//
// HTTPS is TLS 1.2 or later, proven by the system's trust store, or by the vendor's own authorities alone where it
// names some. The system's proxy settings are asked for each request. Redirects are followed a few times, never from
// https to http, and the client's certificate is shown to the vendor's own address only.
#pragma once

#include "app/catalog/http_patience.h"
#include "keystore/secrets/tls_identity.h"
#include "keystore/tuf/client/fetcher.h"

#include <memory>

namespace sealift {

struct HttpOptions {
  HttpPatience patience;
  QByteArray authorities;                       // PEM certificates; empty: those that this computer trusts
  std::shared_ptr<const TlsIdentity> identity;  // of this computer, for servers that ask; may be null
};

// Lives in one thread: the one that calls fetch(), which blocks.
class HttpFetcher final : public tuf::Fetcher {
 public:
  // `base`: https: or http: address of the repository, with or without '/' at its end.
  explicit HttpFetcher(const QString& base, const HttpOptions& options = {});
  ~HttpFetcher() override;
  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override;
  // Goes on by Range (14.2), with If-Range (13.1.5) when the part's entity tag is known. A server that ignores it
  // (200), can't satisfy it (416) or sends another range sends the whole file instead.
  Status fetchTo(const QString& path, qint64 maxBytes, const tuf::ResumePoint& from, tuf::FetchSink& sink,
                 const CancelToken& cancel) override;

 private:
  struct Private;
  std::unique_ptr<Private> d_;
};

}  // namespace sealift
