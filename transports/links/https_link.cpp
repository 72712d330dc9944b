#include "transports/links/https_link.h"

#include "transports/links/qt_web_socket_link.h"
#include "transports/links/socket_wait.h"
#include "transports/links/tls_words.h"

#include <QHostAddress>
#include <QNetworkProxy>
#include <QRandomGenerator>
#include <QSslCertificate>
#include <QUrl>

#include <algorithm>

namespace sealift {
namespace {

constexpr qint64 kReadBuffer = 256 * 1024;
constexpr qsizetype kPiece = 64 * 1024;       // handed to TLS at once
constexpr qint64 kMostWaiting = 1024 * 1024;  // handed over and not yet taken by the operating system
constexpr int kMaxInterimAnswers = 5;
constexpr int kBadRequest = 400;           // RFC 9110, 15.5.1
constexpr int kUnauthorized = 401;         // RFC 9110, 15.5.2
constexpr int kForbidden = 403;            // 15.5.4
constexpr qint64 kMostOfPage = 16 * 1024;  // of one that says why a request was refused

bool isPath(const QByteArray& path) {
  return path.startsWith('/') && path.size() < 2048 &&
         std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

qint64 sizeOf(const QList<QByteArrayView>& pieces) {
  qint64 size = 0;
  for (const QByteArrayView& piece : pieces) {
    size += piece.size();
  }
  return size;
}

// Not optimised away: the memory is somebody else's soon.
void wipe(QByteArray& secret) {
  if (!secret.isDetached()) {
    secret.clear();
    return;
  }
  volatile char* at = secret.data();
  for (qsizetype i = 0; i < secret.size(); ++i) {
    at[i] = 0;
  }
  secret.clear();
}

}  // namespace

HttpsLink::HttpsLink(const QString& host, quint16 port, const HttpAccess& access)
    : host_(host), port_(port), access_(access), tls_(QSslConfiguration::defaultConfiguration()) {
  access_.password.detach();  // a copy of its own, which can be wiped
}

HttpsLink::~HttpsLink() {
  wipe(access_.password);
}

QString HttpsLink::description() const {
  return QStringLiteral("HTTPS %1 port %2").arg(host_).arg(port_);
}

tl::unexpected<Error> HttpsLink::lost() const {
  return fail(ErrorCode::LinkLost, QStringLiteral("The connection to %1 was closed.").arg(description()));
}

Result<std::unique_ptr<HttpsLink>> HttpsLink::open(const QString& host, quint16 port, const HttpAccess& access,
                                                   const Deadline& deadline, const CancelToken& cancel) {
  std::unique_ptr<HttpsLink> link(new HttpsLink(host, port, access));
  link->tls_.setProtocol(QSsl::TlsV1_2OrLater);
  link->tls_.setPeerVerifyMode(QSslSocket::VerifyPeer);
  if (!access.serverCas.isEmpty()) {
    QList<QSslCertificate> anchors;
    for (const QByteArray& pem : access.serverCas) {
      anchors << QSslCertificate::fromData(pem, QSsl::Pem);
    }
    if (anchors.isEmpty()) {  // Qt would take none for: those of the system
      return fail(ErrorCode::CryptoKey, QStringLiteral("The authorities of the device's certificate can't be read."));
    }
    link->tls_.setCaCertificates(anchors);
  }
  if (access.applyIdentity) {
    SEALIFT_CHECK(access.applyIdentity(link->tls_));
  }
  SEALIFT_CHECK(link->connectSocket(deadline, cancel));
  return link;
}

Status HttpsLink::connectSocket(const Deadline& deadline, const CancelToken& cancel) {
  socket_ = std::make_unique<QSslSocket>();
  answered_ = false;
  QSslSocket& socket = *socket_;
  socket.setSslConfiguration(tls_);
  socket.setReadBufferSize(kReadBuffer);
  socket.setProxy(QNetworkProxy::NoProxy);
  SEALIFT_TRY(const QHostAddress address, resolveHost(host_, deadline, cancel));
  QList<QSslError> errors;
  QObject::connect(&socket, &QSslSocket::sslErrors, &socket, [&](const QList<QSslError>& found) { errors = found; });
  socket.setPeerVerifyName(host_);
  socket.connectToHostEncrypted(address.toString(), port_, host_);
  SEALIFT_CHECK(
      waitForSocket([&socket] { return socket.isEncrypted() || socket.state() == QAbstractSocket::UnconnectedState; },
                    deadline, cancel));
  QObject::disconnect(&socket, &QSslSocket::sslErrors, &socket, nullptr);
  if (!socket.isEncrypted()) {
    return fail(tlsFailure({description(), host_, !access_.serverCas.isEmpty(), access_.applyIdentity != nullptr},
                           errors, socket.peerCertificate(), socket.error(), socket.errorString()));
  }
  socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
  return {};
}

QByteArray HttpsLink::hostField() const {
  const QByteArray name = QUrl::toAce(host_);
  const QByteArray host = name.isEmpty() ? host_.toLatin1() : name;
  return (QHostAddress(host_).protocol() == QAbstractSocket::IPv6Protocol ? '[' + host + ']' : host) + ':' +
         QByteArray::number(port_);
}

// ---- authentication -------------------------------------------------------------------------------------

tl::unexpected<Error> HttpsLink::refused() const {
  return access_.user.isEmpty()
             ? fail(ErrorCode::FetchRefused, QStringLiteral("%1 wants a name and password.").arg(description()),
                    QStringLiteral("Set them: sealiftctl device set https:%1:%2 --user NAME.").arg(host_).arg(port_))
             : fail(ErrorCode::FetchRefused,
                    QStringLiteral("%1 does not accept the name \"%2\" with its password.")
                        .arg(description(), access_.user),
                    QStringLiteral("Set the right ones: sealiftctl device set https:%1:%2 --user NAME.")
                        .arg(host_)
                        .arg(port_));
}

QByteArray HttpsLink::authorization(const QByteArray& method, const QByteArray& path) {
  if (!challenge_) {
    return {};
  }
  const QByteArray clientNonce = QByteArray::number(QRandomGenerator::system()->generate64(), 16);
  return challenge_->answer(method, path, access_.user, access_.password, clientNonce);
}

Status HttpsLink::learnChallenge(const Deadline& deadline, const CancelToken& cancel) {
  if (access_.user.isEmpty() || asked_) {
    return {};
  }
  HttpRequest probe;
  probe.method = "GET";
  probe.path = "/";
  SEALIFT_TRY(const HttpResponse response, exchangeOnce(probe, 0, deadline, cancel));
  asked_ = true;
  if (response.head.status == kUnauthorized) {
    challenge_ = HttpChallenge::strongest(response.head.values("www-authenticate"));
  }
  return {};
}

// ---- requests -------------------------------------------------------------------------------------------

Result<HttpResponse> HttpsLink::exchange(const HttpRequest& request, qint64 maxBytes, const Deadline& deadline,
                                         const CancelToken& cancel) {
  if (!isPath(request.path)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A path on the device must begin with \"/\" and be ASCII."));
  }
  if (!request.body.isEmpty()) {
    SEALIFT_CHECK(learnChallenge(deadline, cancel));  // a large body isn't sent in vain
  }
  // A challenge that was answered rightly once may only have become too old (RFC 7616, 3.3), or the device restarted.
  const bool mayAnswer = !challenge_ || accepted_;
  SEALIFT_TRY(HttpResponse response, exchangeOnce(request, maxBytes, deadline, cancel));
  asked_ = true;
  if (response.head.status != kUnauthorized) {
    accepted_ = challenge_.has_value();
    return response;
  }
  accepted_ = false;
  challenge_ = HttpChallenge::strongest(response.head.values("www-authenticate"));
  if (!challenge_) {
    return fail(ErrorCode::FetchRefused,
                QStringLiteral("%1 wants to be shown who asks in a way that is not known here.").arg(description()));
  }
  if (!access_.user.isEmpty() && mayAnswer) {
    SEALIFT_TRY(HttpResponse second, exchangeOnce(request, maxBytes, deadline, cancel));
    if (second.head.status != kUnauthorized) {
      accepted_ = true;
      return second;
    }
  }
  challenge_.reset();
  return refused();
}

Result<HttpResponse> HttpsLink::exchangeOnce(const HttpRequest& request, qint64 maxBytes, const Deadline& deadline,
                                             const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  const bool reused = socket_ && socket_->state() == QAbstractSocket::ConnectedState && answered_;
  if (!reused && (!socket_ || answered_ || socket_->state() != QAbstractSocket::ConnectedState)) {
    SEALIFT_CHECK(connectSocket(deadline, cancel));
  }
  const Result<bool> sent = sendRequest(request, deadline, cancel);
  if (!sent) {
    socket_->abort();
    return tl::unexpected<Error>(sent.error());
  }
  Result<HttpResponseHead> head = receiveHead(deadline, cancel, request.waiting);
  if (!head) {
    socket_->abort();
    // A kept connection may have been closed just before the request (RFC 9112, 9.3.1); nothing was answered then.
    if (reused && head.error().code == ErrorCode::LinkLost && request.body.isEmpty() && request.method == "GET") {
      return exchangeOnce(request, maxBytes, deadline, cancel);
    }
    return tl::unexpected<Error>(head.error());
  }
  answered_ = true;
  HttpResponse response{.head = *head, .body = {}};
  const bool closes = head->value("connection").toLower() == "close";
  const bool saysWhy = head->status == kUnauthorized || head->status == kBadRequest;
  const qint64 wanted = saysWhy ? kMostOfPage : maxBytes;
  SEALIFT_TRY(const HttpFraming framing, httpFraming(*head, request.method));
  const bool nothingToRead = !framing.isChunked && framing.length == 0;
  if (wanted > 0 && !nothingToRead) {
    Result<QByteArray> body = receiveBody(framing, wanted, deadline, cancel);
    if (!body) {
      socket_->abort();
      return tl::unexpected<Error>(body.error());
    }
    response.body = *body;
  }
  if (!*sent || closes || (wanted == 0 && !nothingToRead) || (!framing.isChunked && !framing.length)) {
    socket_->abort();  // where the next answer would begin can't be told
  }
  // A proxy in front of the device may ask for a client certificate; nginx says so by a page and no alert.
  if (head->status == kBadRequest && response.body.contains("SSL certificate")) {
    const bool none = response.body.contains("No required SSL certificate");
    return fail(
        ErrorCode::FetchRefused,
        (none ? QStringLiteral("%1 wants a client certificate, and none was shown.")
              : QStringLiteral("%1 does not accept the client certificate."))
            .arg(description()),
        QStringLiteral("Set the right one: sealiftctl device set ADDRESS --client-certificate FILE --client-key "
                       "ADDRESS."));
  }
  if (head->status == kForbidden) {
    return fail(ErrorCode::FetchRefused, QStringLiteral("%1 does not let this computer ask for %2.")
                                             .arg(description(), QString::fromLatin1(request.path)));
  }
  return response;
}

Result<bool> HttpsLink::sendRequest(const HttpRequest& request, const Deadline& deadline, const CancelToken& cancel) {
  QByteArray head = request.method + ' ' + request.path + " HTTP/1.1\r\nHost: " + hostField() +
                    "\r\nUser-Agent: Sealift\r\nAccept: */*\r\n";
  if (const QByteArray field = authorization(request.method, request.path); !field.isEmpty()) {
    head += "Authorization: " + field + "\r\n";
  }
  const qint64 total = sizeOf(request.body);
  if (request.method != "GET") {
    head += "Content-Length: " + QByteArray::number(total) + "\r\n";  // also of nothing: RFC 9110, 8.6
  }
  if (!request.contentType.isEmpty()) {
    head += "Content-Type: " + request.contentType + "\r\n";
  }
  head += "\r\n";
  SEALIFT_TRY(bool complete, sendBytes(head, deadline, cancel, {}, request.waiting));
  qint64 before = 0;
  for (const QByteArrayView& piece : request.body) {
    if (!complete) {
      break;
    }
    const auto sending = [&](qint64 sent) -> Status {
      return request.sending ? request.sending(before + sent, total) : Status();
    };
    SEALIFT_TRY(complete, sendBytes(piece, deadline, cancel, sending, request.waiting));
    before += piece.size();
  }
  return complete;
}

Result<bool> HttpsLink::sendBytes(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel,
                                  const std::function<Status(qint64)>& sending,
                                  const std::function<Status()>& waiting) {
  QSslSocket& socket = *socket_;
  const auto unsent = [&socket] { return socket.bytesToWrite() + socket.encryptedBytesToWrite(); };
  qsizetype at = 0;
  while (at < bytes.size()) {
    if (socket.state() != QAbstractSocket::ConnectedState || socket.bytesAvailable() > 0) {
      return false;
    }
    const qsizetype count = std::min(kPiece, bytes.size() - at);
    // Not copied: the bytes are the caller's until the exchange has ended, and so has the socket's use of them then.
    if (socket.write(QByteArray::fromRawData(bytes.data() + at, count)) != count) {
      return false;
    }
    at += count;
    if (unsent() > kMostWaiting || at == bytes.size()) {
      const qint64 enough = at == bytes.size() ? 0 : kMostWaiting / 2;
      SEALIFT_CHECK(waitForSocket(
          [&] {
            return unsent() <= enough || socket.state() != QAbstractSocket::ConnectedState ||
                   socket.bytesAvailable() > 0;
          },
          deadline, cancel, waiting));
      if (sending) {
        SEALIFT_CHECK(sending(at - std::min<qint64>(at, unsent())));
      }
    }
  }
  return true;
}

// ---- answers --------------------------------------------------------------------------------------------

Result<bool> HttpsLink::awaitBytes(const Deadline& deadline, const CancelToken& cancel,
                                   const std::function<Status()>& waiting) {
  QSslSocket& socket = *socket_;
  SEALIFT_CHECK(waitForSocket(
      [&socket] { return socket.bytesAvailable() > 0 || socket.state() == QAbstractSocket::UnconnectedState; },
      deadline, cancel, waiting));
  return socket.bytesAvailable() > 0;
}

Result<HttpResponseHead> HttpsLink::receiveHead(const Deadline& deadline, const CancelToken& cancel,
                                                const std::function<Status()>& waiting) {
  for (int interim = 0; interim < kMaxInterimAnswers; ++interim) {
    QByteArray bytes;
    qsizetype end = -1;
    qsizetype behind = 0;
    while (end < 0) {
      SEALIFT_TRY(const bool some, awaitBytes(deadline, cancel, waiting));
      if (!some) {
        // With TLS 1.3 a server that wants a client certificate says so only now (RFC 8446, 4.4.2.4).
        const Error error =
            tlsFailure({description(), host_, !access_.serverCas.isEmpty(), access_.applyIdentity != nullptr}, {},
                       socket_->peerCertificate(), socket_->error(), socket_->errorString());
        return error.code == ErrorCode::FetchRefused ? fail(error) : lost();
      }
      const QByteArray more = socket_->peek(kHttpHeadMaxBytes);
      const qsizetype had = bytes.size();
      bytes += more;
      // The empty line, with CRLF or LF alone (RFC 9112, 2.2).
      const qsizetype from = std::max<qsizetype>(0, had - 3);
      const qsizetype plain = bytes.indexOf("\n\n", from);
      const qsizetype proper = bytes.indexOf("\n\r\n", from);
      if (plain >= 0 || proper >= 0) {
        const bool isPlain = plain >= 0 && (proper < 0 || plain < proper);
        end = isPlain ? plain : proper;
        behind = end + (isPlain ? 2 : 3);
        socket_->skip(behind - had);
        break;
      }
      socket_->skip(more.size());
      if (bytes.size() > kHttpHeadMaxBytes) {
        return fail(ErrorCode::ProtocolMalformed,
                    QStringLiteral("%1 answers with a head without end.").arg(description()));
      }
    }
    SEALIFT_TRY(HttpResponseHead head, parseHttpHead(QByteArrayView(bytes).first(end)));
    if (head.status / 100 != 1) {
      return head;
    }
  }
  return fail(ErrorCode::ProtocolMalformed, QStringLiteral("%1 never comes to its answer.").arg(description()));
}

Result<QByteArray> HttpsLink::receiveBody(const HttpFraming& framing, qint64 maxBytes, const Deadline& deadline,
                                          const CancelToken& cancel) {
  const auto tooLarge = [&] {
    return fail(ErrorCode::FileTooLarge,
                QStringLiteral("%1 answers with more than %2 bytes.").arg(description()).arg(maxBytes));
  };
  if (framing.length.value_or(0) > maxBytes) {
    return tooLarge();
  }
  QByteArray body;
  ChunkedDecoder chunks;
  const auto complete = [&] {
    return framing.isChunked ? chunks.isFinished() : framing.length && body.size() >= *framing.length;
  };
  while (!complete()) {
    SEALIFT_TRY(const bool some, awaitBytes(deadline, cancel));
    if (!some) {
      return framing.isChunked || framing.length ? Result<QByteArray>(lost()) : Result<QByteArray>(body);
    }
    const qint64 most = framing.length ? *framing.length - body.size() : kReadBuffer;
    const QByteArray bytes = socket_->read(std::min(most, kReadBuffer));
    if (framing.isChunked) {
      SEALIFT_TRY(const QByteArray content, chunks.add(bytes));
      body += content;
    } else {
      body += bytes;
    }
    if (body.size() > maxBytes) {
      return tooLarge();
    }
  }
  return body;
}

// ---- WebSocket ------------------------------------------------------------------------------------------

Result<std::unique_ptr<WebSocketLink>> HttpsLink::openWebSocket(const QByteArray& path, qsizetype maxMessageBytes,
                                                                const Deadline& deadline, const CancelToken& cancel) {
  if (!isPath(path)) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("A path on the device must begin with \"/\" and be ASCII."));
  }
  SEALIFT_CHECK(learnChallenge(deadline, cancel));
  QtWebSocketLink::Wanted wanted{.host = host_, .port = port_, .path = path};
  wanted.authorization = authorization("GET", path);
  wanted.tls = tls_;
  wanted.maxMessageBytes = maxMessageBytes;
  return QtWebSocketLink::open(wanted, deadline, cancel);
}

}  // namespace sealift
