#include "app/catalog/http_fetcher.h"

#include "app/catalog/http_exchange.h"
#include "app/catalog/http_problem.h"

#include <QNetworkAccessManager>
#include <QNetworkProxyFactory>
#include <QSslConfiguration>
#include <QUrl>

namespace sealift {
namespace {

constexpr int kMaxRedirects = 5;

// The proxy of this computer's settings (on Linux: http_proxy, https_proxy, no_proxy, or the desktop's), as they are
// when a request is made.
class SystemProxies final : public QNetworkProxyFactory {
 public:
  QList<QNetworkProxy> queryProxy(const QNetworkProxyQuery& query) override { return systemProxyForQuery(query); }
};

bool isRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;  // RFC 9110, 15.4
}

bool sameOrigin(const QUrl& a, const QUrl& b) {
  constexpr int kHttps = 443;
  return a.scheme() == b.scheme() && a.host() == b.host() && a.port(kHttps) == b.port(kHttps);
}

}  // namespace

struct HttpFetcher::Private {
  // What is asked for, and what was found out about the answer.
  struct Want {
    qint64 maxBytes = 0;
    tuf::ResumePoint from;
    tuf::FetchSink& sink;
    qint64 at = 0;  // in the file
    bool isOtherRange = false;
  };

  QString base;
  HttpOptions options;
  QNetworkAccessManager network;
  QSslConfiguration anonymous;
  QSslConfiguration identified;
  Status usable;

  Status prepareTls();
  QNetworkRequest request(const QUrl& url, const tuf::ResumePoint& from) const;
  Status takeHead(const QUrl& url, const HttpHead& head, Want& want) const;
  Status get(const QUrl& start, Want& want, const CancelToken& cancel);
};

HttpFetcher::HttpFetcher(const QString& base, const HttpOptions& options) : d_(std::make_unique<Private>()) {
  d_->options = options;
  d_->base = base.endsWith(u'/') ? base : base + u'/';
  d_->network.setProxyFactory(new SystemProxies);  // the manager deletes it
  d_->network.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
  d_->network.setAutoDeleteReplies(false);
  d_->usable = d_->prepareTls();
}

HttpFetcher::~HttpFetcher() = default;

Status HttpFetcher::Private::prepareTls() {
  anonymous = QSslConfiguration::defaultConfiguration();
  anonymous.setProtocol(QSsl::TlsV1_2OrLater);
  anonymous.setPeerVerifyMode(QSslSocket::VerifyPeer);
  if (!options.authorities.isEmpty()) {
    const QList<QSslCertificate> authorities = QSslCertificate::fromData(options.authorities, QSsl::Pem);
    if (authorities.isEmpty()) {
      return fail(ErrorCode::FetchTls, QStringLiteral("The vendor's own certificate authority can't be read."),
                  QStringLiteral("Set it again: sealiftctl vendor set ID --ca FILE."));
    }
    anonymous.setCaCertificates(authorities);
  }
  identified = anonymous;
  return options.identity ? options.identity->applyTo(identified) : Status();
}

QNetworkRequest HttpFetcher::Private::request(const QUrl& url, const tuf::ResumePoint& from) const {
  QNetworkRequest request(url);
  request.setRawHeader("Accept-Encoding", "identity");  // lengths and hashes are those of the file as stored
  request.setHeader(QNetworkRequest::UserAgentHeader, QStringLiteral("Sealift/" SEALIFT_VERSION));
  request.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
  request.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
  request.setAttribute(QNetworkRequest::AuthenticationReuseAttribute, QNetworkRequest::Manual);
  request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);  // one request at a time gains nothing by it
  request.setSslConfiguration(sameOrigin(url, QUrl(base)) ? identified : anonymous);
  if (from.offset > 0) {
    request.setRawHeader("Range", "bytes=" + QByteArray::number(from.offset) + '-');
    if (!from.validator.isEmpty()) {
      request.setRawHeader("If-Range", from.validator);
    }
  }
  return request;
}

Status HttpFetcher::Private::takeHead(const QUrl& url, const HttpHead& head, Want& want) const {
  want.at = 0;
  if (head.status == 206) {
    // 15.3.7: the range that was asked for, of the file that was asked for; anything else is fetched whole.
    const QByteArray expected = "bytes " + QByteArray::number(want.from.offset) + '-';
    const bool isOther = !want.from.validator.isEmpty() && head.entityTag != want.from.validator;
    if (want.from.offset == 0 || isOther || !head.contentRange.startsWith(expected)) {
      want.isOtherRange = want.from.offset > 0;
      return fail(ErrorCode::FetchFailed,
                  QStringLiteral("%1 sent another part of the file than was asked for.").arg(addressText(url)));
    }
    want.at = want.from.offset;
  }
  if (head.contentLength > want.maxBytes - want.at) {
    return fail(ErrorCode::TrustLength,
                QStringLiteral("%1 is longer than %2 bytes.").arg(addressText(url), QString::number(want.maxBytes)));
  }
  return want.sink.begin(want.at, head.entityTag);
}

// Follows redirects to the file.
Status HttpFetcher::Private::get(const QUrl& start, Want& want, const CancelToken& cancel) {
  SlownessWatch watch(options.patience);
  QUrl url = start;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    HttpReceiver receiver;
    receiver.head = [&](const HttpHead& head) { return takeHead(url, head, want); };
    receiver.bytes = [&](QByteArrayView bytes) -> Status {
      if (bytes.size() > want.maxBytes - want.at) {
        return fail(
            ErrorCode::TrustLength,
            QStringLiteral("%1 is longer than %2 bytes.").arg(addressText(url), QString::number(want.maxBytes)));
      }
      want.at += bytes.size();
      return want.sink.write(bytes);
    };
    SEALIFT_TRY(const HttpAnswer answer, exchange(network, request(url, want.from), receiver, watch, cancel));
    if (!isRedirect(answer.head.status)) {
      if (const auto problem = httpProblem(
              url, answer, {!options.authorities.isEmpty(), options.identity.get(), sameOrigin(url, QUrl(base))})) {
        want.isOtherRange = answer.head.status == 416 && want.from.offset > 0;  // 15.5.17
        return fail(*problem);
      }
      return {};
    }
    const QUrl next = url.resolved(QUrl(QString::fromLatin1(answer.head.location), QUrl::StrictMode));
    const bool isWeb = next.scheme() == QLatin1String("https") || next.scheme() == QLatin1String("http");
    if (answer.head.location.isEmpty() || !next.isValid() || !isWeb) {
      return fail(ErrorCode::FetchFailed,
                  QStringLiteral("%1 redirects to what is no web address.").arg(addressText(url)));
    }
    if (url.scheme() == QLatin1String("https") && next.scheme() != QLatin1String("https")) {
      return fail(
          ErrorCode::FetchTls,
          QStringLiteral("%1 redirects to an address without encryption, %2.").arg(addressText(url), addressText(next)),
          QStringLiteral("Tell the vendor; somebody may be interfering with its server."));
    }
    url = next;
  }
  return fail(
      ErrorCode::FetchFailed,
      QStringLiteral("%1 redirects more than %2 times.").arg(addressText(start), QString::number(kMaxRedirects)),
      QStringLiteral("Tell the vendor; its server leads in circles."));
}

Result<QByteArray> HttpFetcher::fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) {
  tuf::MemorySink sink;
  SEALIFT_CHECK(fetchTo(path, maxBytes, {}, sink, cancel));
  return sink.take();
}

Status HttpFetcher::fetchTo(const QString& path, qint64 maxBytes, const tuf::ResumePoint& from, tuf::FetchSink& sink,
                            const CancelToken& cancel) {
  SEALIFT_CHECK(cancel.check());
  SEALIFT_CHECK(d_->usable);
  const QUrl url(d_->base + path, QUrl::StrictMode);
  if (!url.isValid() || url.host().isEmpty()) {
    return fail(ErrorCode::FetchFailed, QStringLiteral("\"%1\" is no web address.").arg(d_->base));
  }
  Private::Want want{maxBytes, from, sink};
  const Status fetched = d_->get(url, want, cancel);
  if (fetched || !want.isOtherRange) {
    return fetched;
  }
  Private::Want whole{maxBytes, {}, sink};
  return d_->get(url, whole, cancel);
}

}  // namespace sealift
