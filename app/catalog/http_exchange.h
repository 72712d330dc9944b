// One HTTP request and its answer (RFC 9110), without redirects, blocking. What arrives is handed on as it arrives.
#pragma once

#include "app/base/cancel_token.h"
#include "app/base/result.h"
#include "app/catalog/http_patience.h"

#include <QByteArray>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <QSslCertificate>
#include <QSslError>

#include <functional>

class QNetworkAccessManager;

namespace sealift {

struct HttpHead {
  int status = 0;             // 0: there was no answer
  QByteArray reason;          // as the server put it
  QByteArray location;        // of a redirect (15.4), as sent
  QByteArray contentRange;    // 14.4
  QByteArray entityTag;       // 8.8.3, only when it is a strong one
  qint64 contentLength = -1;  // 8.6; -1: not told
};

struct HttpAnswer {
  HttpHead head;
  QByteArray page;  // the beginning of what came with a status other than 200 and 206
  QNetworkReply::NetworkError error = QNetworkReply::NoError;
  QString errorText;
  QList<QSslError> tlsErrors;         // for which the connection was given up
  QSslCertificate serverCertificate;  // null without TLS
};

struct HttpReceiver {
  std::function<Status(const HttpHead&)> head;  // of a 200 or 206, before its first byte
  std::function<Status(QByteArrayView)> bytes;  // of that answer
};

// Timeout when `watch` finds it too slow, Cancelled, or what the receiver gives. Everything else, a connection that
// failed included, stands in the answer.
Result<HttpAnswer> exchange(QNetworkAccessManager& network, const QNetworkRequest& request,
                            const HttpReceiver& receiver, SlownessWatch& watch, const CancelToken& cancel);

}  // namespace sealift
