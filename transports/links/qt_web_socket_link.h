// WebSocketLink over QtWebSockets (RFC 6455), encrypted.
#pragma once

#include "transports/links/http_link.h"

#include <QSslConfiguration>
#include <QWebSocket>

#include <deque>

namespace sealift {

class QtWebSocketLink final : public WebSocketLink {
 public:
  struct Wanted {
    QString host;
    quint16 port = 0;
    QByteArray path;
    QByteArray authorization = {};  // the field's value; empty: none
    QSslConfiguration tls = {};
    qsizetype maxMessageBytes = 64 * 1024;
  };
  // Errors: LinkOpen, FetchTls, FetchRefused, Timeout, Cancelled.
  static Result<std::unique_ptr<WebSocketLink>> open(const Wanted& wanted, const Deadline& deadline,
                                                     const CancelToken& cancel);
  ~QtWebSocketLink() override;

  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override;
  Result<QByteArray> takeReceived() override;

 private:
  explicit QtWebSocketLink(const Wanted& wanted);
  void keep(const QByteArray& message);
  tl::unexpected<Error> lost() const;

  QString description_;
  QWebSocket socket_;
  std::deque<QByteArray> messages_;
  qsizetype held_ = 0;  // bytes in messages_
  bool flooded_ = false;
};

}  // namespace sealift
