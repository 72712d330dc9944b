// A device that is spoken to by HTTP over TLS, with its WebSockets (RFC 9110, 9112, 6455).
//
// Threads, waiting and errors: as in link.h. Besides: FetchTls (the device can't be proven, or speaks no safe TLS),
// FetchRefused (it wants a name and password, or a client certificate, and none or a wrong one was there).
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/deadline.h"
#include "app/base/result.h"
#include "transports/links/http_message.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>

#include <functional>
#include <memory>

class QSslConfiguration;

namespace sealift {

// By whom the device is proven, and how this computer shows itself to it.
struct HttpAccess {
  QList<QByteArray> serverCas;  // PEM: the device's own certificate, or of who issued it; empty: those that this
                                // computer trusts
  QString user;                 // empty: no name and password
  QByteArray password;
  // Sets a client certificate and its key; empty: none.
  std::function<Status(QSslConfiguration&)> applyIdentity;
};

struct HttpRequest {
  QByteArray method;  // "GET", "POST"
  QByteArray path;    // begins with '/'; printable ASCII without blanks
  QByteArray contentType;
  QList<QByteArrayView> body;  // one after the other; sent with their Content-Length, also when that is 0 (not for GET)
  // Called while the body is being sent, with what has been handed over. An error stops it.
  std::function<Status(qint64 sent, qint64 total)> sending;
  // Called some 50 times a second while the device is waited for: to take more of the body, or for the answer's head.
  // An error ends the exchange.
  std::function<Status()> waiting;
};

struct HttpResponse {
  HttpResponseHead head;
  QByteArray body;
};

// Text messages of one WebSocket.
class WebSocketLink {
 public:
  virtual ~WebSocketLink() = default;
  // The next message. LinkLost when the device closed it, or sent more than is taken.
  virtual Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) = 0;
  // The next message if there is one already; an empty one otherwise. Handles no events by itself.
  virtual Result<QByteArray> takeReceived() = 0;
};

class HttpLink {
 public:
  virtual ~HttpLink() = default;
  // At most maxBytes of content, FileTooLarge beyond. 0: only the head is of interest; the rest is not waited for.
  virtual Result<HttpResponse> exchange(const HttpRequest& request, qint64 maxBytes, const Deadline& deadline,
                                        const CancelToken& cancel) = 0;
  // Messages up to maxMessageBytes. They are received while anything else of this link waits, too.
  virtual Result<std::unique_ptr<WebSocketLink>> openWebSocket(const QByteArray& path, qsizetype maxMessageBytes,
                                                               const Deadline& deadline, const CancelToken& cancel) = 0;
  virtual QString description() const = 0;  // e.g. "HTTPS 192.168.4.30 port 8443"
};

}  // namespace sealift
