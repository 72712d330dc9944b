// HttpLink over Qt's TLS. One connection for requests, made anew whenever the device has closed it, and one for each
// WebSocket. TLS 1.2 or later (RFC 9325, 3.1.1). No redirects, no cookies, no proxy: it is a device, not the web.
#pragma once

#include "transports/links/http_authentication.h"
#include "transports/links/http_link.h"

#include <QSslConfiguration>
#include <QSslSocket>

#include <memory>
#include <optional>

namespace sealift {

class HttpsLink final : public HttpLink {
 public:
  // Connects, so that the device is proven. Errors: LinkOpen, FetchTls, FetchRefused, Timeout, Cancelled, and those of
  // HttpAccess::applyIdentity.
  static Result<std::unique_ptr<HttpsLink>> open(const QString& host, quint16 port, const HttpAccess& access,
                                                 const Deadline& deadline, const CancelToken& cancel);
  ~HttpsLink() override;

  Result<HttpResponse> exchange(const HttpRequest& request, qint64 maxBytes, const Deadline& deadline,
                                const CancelToken& cancel) override;
  Result<std::unique_ptr<WebSocketLink>> openWebSocket(const QByteArray& path, qsizetype maxMessageBytes,
                                                       const Deadline& deadline, const CancelToken& cancel) override;
  QString description() const override;

 private:
  HttpsLink(const QString& host, quint16 port, const HttpAccess& access);

  Status connectSocket(const Deadline& deadline, const CancelToken& cancel);
  // Whether the device wants a name and password is asked with a request that costs nothing, once.
  Status learnChallenge(const Deadline& deadline, const CancelToken& cancel);
  QByteArray authorization(const QByteArray& method, const QByteArray& path);
  QByteArray hostField() const;
  Result<HttpResponse> exchangeOnce(const HttpRequest& request, qint64 maxBytes, const Deadline& deadline,
                                    const CancelToken& cancel);
  // False when the connection was closed, or answered, before everything was sent.
  Result<bool> sendRequest(const HttpRequest& request, const Deadline& deadline, const CancelToken& cancel);
  Result<bool> sendBytes(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel,
                         const std::function<Status(qint64)>& sending, const std::function<Status()>& waiting);
  Result<HttpResponseHead> receiveHead(const Deadline& deadline, const CancelToken& cancel,
                                       const std::function<Status()>& waiting);
  Result<QByteArray> receiveBody(const HttpFraming& framing, qint64 maxBytes, const Deadline& deadline,
                                 const CancelToken& cancel);
  // Something to read, or false when the device has closed the connection.
  Result<bool> awaitBytes(const Deadline& deadline, const CancelToken& cancel,
                          const std::function<Status()>& waiting = {});
  tl::unexpected<Error> lost() const;
  tl::unexpected<Error> refused() const;

  QString host_;
  quint16 port_;
  HttpAccess access_;
  QSslConfiguration tls_;
  std::unique_ptr<QSslSocket> socket_;
  std::optional<HttpChallenge> challenge_;
  bool asked_ = false;     // whether the device wants a name and password
  bool accepted_ = false;  // the answer to challenge_, at least once
  bool answered_ = false;  // on this connection: a closed one is no surprise then
};

}  // namespace sealift
