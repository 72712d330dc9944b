#include "app/catalog/http_fetcher.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <QTimer>
#include <QUrl>

namespace sealift {
namespace {

constexpr int kMaxRedirects = 5;

}  // namespace

struct HttpFetcher::Private {
  QString base;
  HttpPatience patience;
  QNetworkAccessManager network;
};

HttpFetcher::HttpFetcher(const QString& base, const HttpPatience& patience) : d_(std::make_unique<Private>()) {
  d_->patience = patience;
  d_->base = base.endsWith(u'/') ? base : base + u'/';
  // https never becomes http on the way (RFC 9110, 15.4 leaves the choice to the client).
  d_->network.setRedirectPolicy(QNetworkRequest::NoLessSafeRedirectPolicy);
}

HttpFetcher::~HttpFetcher() = default;

Result<QByteArray> HttpFetcher::fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  const QUrl url(d_->base + path, QUrl::StrictMode);
  QNetworkRequest request(url);
  request.setMaximumRedirectsAllowed(kMaxRedirects);
  request.setRawHeader("Accept-Encoding", "identity");  // lengths and hashes are those of the file as stored
  request.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
  request.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
  request.setHeader(QNetworkRequest::UserAgentHeader, QStringLiteral("Sealift/" SEALIFT_VERSION));
  const std::unique_ptr<QNetworkReply> reply(d_->network.get(request));
  reply->setReadBufferSize(256 * 1024);

  QByteArray bytes;
  bool tooLong = false;
  bool otherStatus = false;
  QElapsedTimer silence;
  silence.start();
  QElapsedTimer whole;
  whole.start();
  QString tlsProblem;
  QEventLoop loop;
  const auto drain = [&] {
    silence.restart();
    const QByteArray read = reply->readAll();
    // What comes with another status is a page about it, not the file.
    if (reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt() == 200) {
      bytes += read;
      tooLong = bytes.size() > maxBytes;
    } else {
      otherStatus = true;
    }
    if (tooLong || otherStatus) {
      loop.quit();  // the rest is not waited for; the reply's end closes the connection
    }
  };
  QObject::connect(reply.get(), &QNetworkReply::readyRead, &loop, drain);
#if QT_CONFIG(ssl)
  QObject::connect(reply.get(), &QNetworkReply::sslErrors, &loop, [&](const QList<QSslError>& errors) {
    for (const QSslError& error : errors) {
      tlsProblem += (tlsProblem.isEmpty() ? QString() : QStringLiteral("; ")) + error.errorString();
    }
  });
#endif
  QObject::connect(reply.get(), &QNetworkReply::finished, &loop, &QEventLoop::quit);
  bool silent = false;
  QTimer watch;
  QObject::connect(&watch, &QTimer::timeout, &loop, [&] {
    const qint64 earned = d_->patience.silenceMs + bytes.size() * 1000 / d_->patience.minBytesPerSecond;
    silent = silence.elapsed() > d_->patience.silenceMs || whole.elapsed() > earned;
    if (silent || cancel.isCancelled()) {
      reply->abort();
    }
  });
  watch.start(50);
  if (!reply->isFinished()) {
    loop.exec();
  }
  if (reply->error() == QNetworkReply::NoError) {
    drain();
  }

  SEALIFT_CHECK(cancel.check());
  const QString address = url.toString();
  if (tooLong) {
    return fail(ErrorCode::TrustLength, QStringLiteral("%1 is longer than %2 bytes.").arg(address).arg(maxBytes));
  }
  if (silent) {
    return fail(ErrorCode::Timeout, QStringLiteral("%1 sent %2 bytes in %3 s and was given up.")
                                        .arg(address)
                                        .arg(bytes.size())
                                        .arg(static_cast<double>(whole.elapsed()) / 1000.0, 0, 'f', 1));
  }
  const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
  if (status == 404 || status == 410) {
    return fail(ErrorCode::FetchNotFound, QStringLiteral("%1 answered %2.").arg(address).arg(status));
  }
  if (!tlsProblem.isEmpty() || reply->error() == QNetworkReply::SslHandshakeFailedError) {
    return fail(ErrorCode::FetchTls, QStringLiteral("The secure connection to %1 could not be proven: %2.")
                                         .arg(url.host(), tlsProblem.isEmpty() ? reply->errorString() : tlsProblem));
  }
  if (status != 0 && status != 200) {
    return fail(ErrorCode::FetchFailed, QStringLiteral("%1 answered %2 instead of the file.").arg(address).arg(status));
  }
  if (reply->error() != QNetworkReply::NoError) {
    return fail(ErrorCode::FetchFailed,
                QStringLiteral("%1 could not be fetched: %2.").arg(address, reply->errorString()));
  }
  return bytes;
}

}  // namespace sealift
