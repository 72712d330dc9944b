#include "app/catalog/http_exchange.h"

#include <QEventLoop>
#include <QNetworkAccessManager>
#include <QTimer>

#include <memory>
#include <optional>

namespace sealift {
namespace {

constexpr qint64 kMostBuffered = 256 * 1024;
constexpr qsizetype kMostPage = 8 * 1024;
constexpr int kLookMs = 50;  // how often patience and cancelling are looked at

HttpHead headOf(const QNetworkReply& reply) {
  HttpHead head;
  head.status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
  head.reason = reply.attribute(QNetworkRequest::HttpReasonPhraseAttribute).toByteArray();
  head.location = reply.rawHeader("Location");
  head.contentRange = reply.rawHeader("Content-Range");
  // RFC 9110, 8.8.3: a weak one begins with W/ and proves nothing of single bytes.
  const QByteArray tag = reply.rawHeader("ETag");
  head.entityTag = tag.startsWith('"') && tag.size() > 1 && tag.endsWith('"') ? tag : QByteArray();
  bool isNumber = false;
  const qint64 length = reply.rawHeader("Content-Length").toLongLong(&isNumber);
  head.contentLength = isNumber && length >= 0 ? length : -1;
  return head;
}

bool isFile(const HttpHead& head) {
  return head.status == 200 || head.status == 206;
}

}  // namespace

Result<HttpAnswer> exchange(QNetworkAccessManager& network, const QNetworkRequest& request,
                            const HttpReceiver& receiver, SlownessWatch& watch, const CancelToken& cancel) {
  const std::unique_ptr<QNetworkReply> reply(network.get(request));
  reply->setReadBufferSize(kMostBuffered);
  HttpAnswer answer;
  Status received;
  bool headSeen = false;
  bool enough = false;
  bool slow = false;
  QEventLoop loop;

  const auto receive = [&] {
    if (enough) {
      return;
    }
    if (!headSeen) {
      answer.head = headOf(*reply);
      headSeen = answer.head.status != 0;
      if (isFile(answer.head)) {
        received = receiver.head(answer.head);
      }
    }
    const QByteArray bytes = reply->readAll();
    watch.add(bytes.size());
    if (received && isFile(answer.head) && !bytes.isEmpty()) {
      received = receiver.bytes(bytes);
    }
    if (headSeen && !isFile(answer.head)) {
      // What comes with another status is a page about it, and no more than its beginning is of use.
      answer.page += bytes.left(kMostPage - answer.page.size());
      enough = answer.page.size() >= kMostPage;
    }
    enough = enough || !received;
    if (enough) {
      loop.quit();  // the rest is not waited for; the reply's end closes the connection
    }
  };
  QObject::connect(reply.get(), &QNetworkReply::readyRead, &loop, receive);
  QObject::connect(reply.get(), &QNetworkReply::sslErrors, &loop,
                   [&](const QList<QSslError>& errors) { answer.tlsErrors = errors; });
  QObject::connect(reply.get(), &QNetworkReply::encrypted, &loop,
                   [&] { answer.serverCertificate = reply->sslConfiguration().peerCertificate(); });
  QObject::connect(reply.get(), &QNetworkReply::finished, &loop, &QEventLoop::quit);
  QTimer look;
  QObject::connect(&look, &QTimer::timeout, &loop, [&] {
    slow = slow || watch.tooSlow();
    if (slow || cancel.isCancelled()) {
      enough = true;
      loop.quit();
    }
  });
  look.start(kLookMs);
  if (!reply->isFinished()) {
    loop.exec();
  }
  SEALIFT_CHECK(cancel.check());
  if (slow) {
    return fail(
        ErrorCode::Timeout,
        QStringLiteral("%1 was too slow (%2 bytes came) and was given up.")
            .arg(request.url().toString(QUrl::FullyEncoded | QUrl::RemoveUserInfo), QString::number(watch.total())),
        QStringLiteral("Try again later; tell the vendor if it stays."));
  }
  if (reply->error() == QNetworkReply::NoError || headOf(*reply).status != 0) {
    receive();
  }
  SEALIFT_CHECK(received);
  answer.error = enough ? QNetworkReply::NoError : reply->error();
  answer.errorText = reply->errorString();
  if (answer.serverCertificate.isNull()) {
    answer.serverCertificate = reply->sslConfiguration().peerCertificate();
  }
  return answer;
}

}  // namespace sealift
