#include "transports/links/qt_web_socket_link.h"

#include "transports/links/socket_wait.h"
#include "transports/links/tls_words.h"

#include <QNetworkProxy>
#include <QNetworkRequest>
#include <QUrl>

namespace sealift {
namespace {

// What may wait to be read. A device that sends more is not describing its progress.
constexpr qsizetype kMostHeld = 4 * 1024 * 1024;
constexpr std::size_t kMostMessages = 20'000;

}  // namespace

QtWebSocketLink::QtWebSocketLink(const Wanted& wanted)
    : description_(QStringLiteral("HTTPS %1 port %2").arg(wanted.host).arg(wanted.port)) {
  socket_.setSslConfiguration(wanted.tls);
  socket_.setProxy(QNetworkProxy::NoProxy);
  socket_.setMaxAllowedIncomingFrameSize(static_cast<quint64>(wanted.maxMessageBytes));
  socket_.setMaxAllowedIncomingMessageSize(static_cast<quint64>(wanted.maxMessageBytes));
  QObject::connect(&socket_, &QWebSocket::textMessageReceived, &socket_,
                   [this](const QString& message) { keep(message.toUtf8()); });
}

QtWebSocketLink::~QtWebSocketLink() {
  QObject::disconnect(&socket_, nullptr, nullptr, nullptr);
  socket_.abort();
}

void QtWebSocketLink::keep(const QByteArray& message) {
  if (held_ + message.size() > kMostHeld || messages_.size() >= kMostMessages) {
    flooded_ = true;
    socket_.abort();
    return;
  }
  held_ += message.size();
  messages_.push_back(message);
}

Result<std::unique_ptr<WebSocketLink>> QtWebSocketLink::open(const Wanted& wanted, const Deadline& deadline,
                                                             const CancelToken& cancel) {
  std::unique_ptr<QtWebSocketLink> link(new QtWebSocketLink(wanted));
  QWebSocket& socket = link->socket_;
  QUrl url;
  url.setScheme(QStringLiteral("wss"));
  url.setHost(wanted.host);
  url.setPort(wanted.port);
  url.setPath(QString::fromLatin1(wanted.path));
  QNetworkRequest request(url);
  if (!wanted.authorization.isEmpty()) {
    request.setRawHeader("Authorization", wanted.authorization);
  }
  QList<QSslError> errors;
  bool failed = false;
  QAbstractSocket::SocketError error = QAbstractSocket::UnknownSocketError;
  QObject context;
  QObject::connect(&socket, &QWebSocket::sslErrors, &context, [&](const QList<QSslError>& found) { errors = found; });
  QObject::connect(&socket, &QWebSocket::disconnected, &context, [&] { failed = true; });
  QObject::connect(&socket, qOverload<QAbstractSocket::SocketError>(&QWebSocket::error), &context,
                   [&](QAbstractSocket::SocketError found) {
                     failed = true;
                     error = found;
                   });
  socket.open(request);
  SEALIFT_CHECK(
      waitForSocket([&] { return failed || socket.state() == QAbstractSocket::ConnectedState; }, deadline, cancel));
  if (socket.state() != QAbstractSocket::ConnectedState) {
    return fail(tlsFailure({link->description_, wanted.host, true, false}, errors,
                           socket.sslConfiguration().peerCertificate(), error,
                           QStringLiteral("the WebSocket %1 was not opened (%2)")
                               .arg(QString::fromLatin1(wanted.path), socket.errorString())));
  }
  return link;
}

tl::unexpected<Error> QtWebSocketLink::lost() const {
  return flooded_ ? fail(ErrorCode::ProtocolMalformed,
                         QStringLiteral("%1 sends more messages than are taken.").arg(description_))
                  : fail(ErrorCode::LinkLost, QStringLiteral("%1 closed its WebSocket.").arg(description_));
}

Result<QByteArray> QtWebSocketLink::takeReceived() {
  if (messages_.empty()) {
    return socket_.state() == QAbstractSocket::ConnectedState ? Result<QByteArray>(QByteArray()) : lost();
  }
  QByteArray message = messages_.front();
  messages_.pop_front();
  held_ -= message.size();
  return message;
}

Result<QByteArray> QtWebSocketLink::receive(const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_CHECK(waitForSocket(
      [this] { return !messages_.empty() || socket_.state() != QAbstractSocket::ConnectedState; }, deadline, cancel));
  return takeReceived();
}

}  // namespace sealift
