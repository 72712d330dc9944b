#include "app/catalog/http_problem.h"

#include "app/catalog/tls_problem.h"
#include "keystore/secrets/tls_identity.h"

#include <QRegularExpression>

namespace sealift {
namespace {

// The first words of a page that a server sent with its refusal, printable and short: nginx says there, and nowhere
// else, that a client certificate was revoked.
QString titleOf(const QByteArray& page) {
  constexpr qsizetype kLongest = 120;
  static const QRegularExpression kTitle(QStringLiteral("<title[^>]*>([^<]*)</title>"),
                                         QRegularExpression::CaseInsensitiveOption);
  const QString text = QString::fromUtf8(page);
  const QRegularExpressionMatch match = kTitle.match(text);
  QString title = match.hasMatch() ? match.captured(1) : text.contains(u'<') ? QString() : text.section(u'\n', 0, 0);
  title.removeIf([](QChar c) { return !c.isPrint() || c == u'"'; });
  return title.simplified().left(kLongest);
}

QString withTitle(const QString& sentence, const HttpAnswer& answer) {
  const QString title = titleOf(answer.page);
  const QString reason = QString::fromLatin1(answer.head.reason);
  const bool saysMore =
      !title.isEmpty() && title != QStringLiteral("%1 %2").arg(answer.head.status).arg(reason) && title != reason;
  return saysMore ? QStringLiteral("%1 Its words: \"%2\".").arg(sentence, title) : sentence;
}

// nginx answers a client certificate that it does not accept with 400 and a page that says so (it knows them as 495 and
// 496, but sends these numbers to nobody).
bool isAboutCertificate(const HttpAnswer& answer) {
  return answer.head.status == 400 &&
         titleOf(answer.page).contains(QLatin1String("SSL certificate"), Qt::CaseInsensitive);
}

Error refusal(const QUrl& url, const HttpAnswer& answer, const HttpManner& manner) {
  const QString status = QStringLiteral("%1 %2").arg(answer.head.status).arg(QString::fromLatin1(answer.head.reason));
  const QString address = addressText(url);
  if (manner.identity == nullptr || !manner.identityOffered) {
    return makeError(
        ErrorCode::FetchRefused,
        withTitle(QStringLiteral("The server refuses access to %1 (HTTP %2); no client certificate was shown to it.")
                      .arg(address, status.trimmed()),
                  answer),
        QStringLiteral("If the vendor gave you a client certificate, set it: "
                       "sealiftctl vendor set ID --client-certificate FILE --client-key ADDRESS."));
  }
  const QSslCertificate shown = QSslCertificate(manner.identity->chainPem(), QSsl::Pem);
  if (answer.head.status == 400) {
    return makeError(
        ErrorCode::FetchRefused,
        withTitle(QStringLiteral("The server does not accept the client certificate \"%1\" (serial %2, issued by "
                                 "\"%3\", valid to %4) for %5 (HTTP %6).")
                      .arg(certificateName(shown), QString::fromLatin1(shown.serialNumber()), shown.issuerDisplayName(),
                           shown.expiryDate().toUTC().toString(Qt::ISODate), address, status.trimmed()),
                  answer),
        QStringLiteral("It may have expired, been revoked, or come from another authority; ask the vendor for a new "
                       "one."));
  }
  return makeError(
      ErrorCode::FetchRefused,
      withTitle(QStringLiteral("The client certificate \"%1\" gives no access to %2 (HTTP %3).")
                    .arg(certificateName(shown), address, status.trimmed()),
                answer),
      QStringLiteral("It was issued for other models or another vendor; ask the vendor which ones it covers."));
}

}  // namespace

QString addressText(const QUrl& url) {
  return url.toString(QUrl::FullyEncoded | QUrl::RemoveUserInfo);
}

QString certificateName(const QSslCertificate& certificate) {
  QStringList names = certificate.subjectInfo(QSslCertificate::CommonName);
  const QStringList units = certificate.subjectInfo(QSslCertificate::Organization);
  return (names + units).join(QStringLiteral(", "));
}

std::optional<Error> httpProblem(const QUrl& url, const HttpAnswer& answer, const HttpManner& manner) {
  const QString address = addressText(url);
  const int status = answer.head.status;
  if (status == 404 || status == 410) {
    return makeError(ErrorCode::FetchNotFound, QStringLiteral("%1 answered %2.").arg(address, QString::number(status)));
  }
  if (status == 401 || status == 403 || isAboutCertificate(answer)) {
    return refusal(url, answer, manner);
  }
  if (status == 407) {
    return makeError(ErrorCode::FetchRefused,
                     QStringLiteral("The proxy wants a sign-in before it fetches %1.").arg(address),
                     QStringLiteral("Correct name and password of the proxy in this computer's settings."));
  }
  if (status != 0 && status != 200 && status != 206) {
    return makeError(
        ErrorCode::FetchFailed,
        withTitle(QStringLiteral("%1 answered %2 instead of the file.").arg(address, QString::number(status)), answer));
  }
  if (answer.error == QNetworkReply::NoError && status != 0) {
    return std::nullopt;
  }
  if (auto problem = tlsProblem(url, answer, manner)) {
    return problem;
  }
  return makeError(ErrorCode::FetchFailed,
                   QStringLiteral("%1 could not be fetched: %2.").arg(address, answer.errorText));
}

}  // namespace sealift
