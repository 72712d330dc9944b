#include "app/catalog/tls_problem.h"

#include "keystore/secrets/tls_identity.h"

#include <QDateTime>

#include <array>

namespace sealift {
namespace {

QString dateText(const QDateTime& date) {
  return date.toUTC().toString(Qt::ISODate);
}

QString namesOf(const QSslCertificate& certificate) {
  constexpr qsizetype kMost = 5;
  QStringList names = certificate.subjectAlternativeNames().values();
  if (names.isEmpty()) {
    names = certificate.subjectInfo(QSslCertificate::CommonName);
  }
  return names.mid(0, kMost).join(QStringLiteral(", "));
}

struct Words {
  QString what;
  QString remedy;
};

// What did not hold of the server's certificate (RFC 5280, 6.1; RFC 9110, 4.3.4).
Words wordsFor(const QSslError& error, const QString& host, const QSslCertificate& shown, bool ownAuthorities) {
  const QSslCertificate certificate = error.certificate().isNull() ? shown : error.certificate();
  switch (error.error()) {
    case QSslError::CertificateExpired:
    case QSslError::CertificateNotYetValid: {
      const bool expired = error.error() == QSslError::CertificateExpired;
      return {
          QStringLiteral("The certificate \"%1\" of %2 %3 (valid from %4 to %5), and this computer's clock says %6.")
              .arg(certificateName(certificate), host,
                   expired ? QStringLiteral("has expired") : QStringLiteral("is not valid yet"),
                   dateText(certificate.effectiveDate()), dateText(certificate.expiryDate()),
                   dateText(QDateTime::currentDateTimeUtc())),
          QStringLiteral("Correct this computer's clock if it is wrong; otherwise tell the vendor.")};
    }
    case QSslError::HostNameMismatch:
      return {
          QStringLiteral("The server at %1 shows a certificate for another name: %2.").arg(host, namesOf(certificate)),
          QStringLiteral("Check the vendor's address; otherwise somebody may be intercepting the connection.")};
    case QSslError::CertificateRevoked:
      return {QStringLiteral("The certificate \"%1\" of %2 was revoked.").arg(certificateName(certificate), host),
              QStringLiteral("Do not go on; tell the vendor.")};
    case QSslError::SelfSignedCertificate:
    case QSslError::SelfSignedCertificateInChain:
    case QSslError::UnableToGetIssuerCertificate:
    case QSslError::UnableToGetLocalIssuerCertificate:
    case QSslError::UnableToVerifyFirstCertificate:
    case QSslError::CertificateUntrusted:
      return {
          ownAuthorities
              ? QStringLiteral("The certificate of %1 was issued by \"%2\", which is not the authority that was set "
                               "for this vendor.")
                    .arg(host, certificate.issuerDisplayName())
              : QStringLiteral("The certificate of %1 was issued by \"%2\", which this computer does not trust.")
                    .arg(host, certificate.issuerDisplayName()),
          ownAuthorities
              ? QStringLiteral("Do not go on before the vendor has confirmed a new authority; somebody may be "
                               "intercepting the connection.")
              : QStringLiteral("If the vendor runs an authority of its own, set it: sealiftctl vendor set ID --ca "
                               "FILE. Otherwise somebody may be intercepting the connection.")};
    default:
      return {QStringLiteral("The certificate of %1 does not hold: %2.").arg(host, error.errorString()),
              errorCodeRemedy(ErrorCode::FetchTls)};
  }
}

struct Alert {
  const char* text;  // as OpenSSL prints it
  const char* words;
  const char* remedy;
  ErrorCode code;
};

// Alerts of RFC 8446, 6.2 and of RFC 5246, 7.2.2, as OpenSSL names them, and its own word for "no common version".
constexpr const char* kNewCertificate = "Ask the vendor for a new client certificate.";
constexpr const char* kSetCertificate =
    "Set the one that the vendor gave you: sealiftctl vendor set ID --client-certificate FILE --client-key ADDRESS.";
constexpr const char* kOldServer = "Tell the vendor; its server is out of date.";
const std::array kAlerts{
    Alert{"alert certificate revoked", "does not accept the client certificate: it was revoked", kNewCertificate,
          ErrorCode::FetchRefused},
    Alert{"alert certificate expired", "does not accept the client certificate: it has expired", kNewCertificate,
          ErrorCode::FetchRefused},
    Alert{"alert unknown ca", "does not know the authority that issued the client certificate", kNewCertificate,
          ErrorCode::FetchRefused},
    Alert{"alert certificate required", "wants a client certificate, and none was shown", kSetCertificate,
          ErrorCode::FetchRefused},
    Alert{"alert bad certificate", "does not accept the client certificate", kNewCertificate, ErrorCode::FetchRefused},
    Alert{"alert certificate unknown", "does not accept the client certificate", kNewCertificate,
          ErrorCode::FetchRefused},
    Alert{"alert access denied", "denies access to the client certificate", kNewCertificate, ErrorCode::FetchRefused},
    Alert{"alert protocol version", "speaks no TLS version that is safe (1.2 or later)", kOldServer,
          ErrorCode::FetchTls},
    Alert{"unsupported protocol", "speaks no TLS version that is safe (1.2 or later)", kOldServer, ErrorCode::FetchTls},
    Alert{"alert handshake failure", "and this computer found no common ground for a safe connection", kSetCertificate,
          ErrorCode::FetchTls},
};

}  // namespace

std::optional<Error> tlsProblem(const QUrl& url, const HttpAnswer& answer, const HttpManner& manner) {
  if (url.scheme() != QLatin1String("https")) {
    return std::nullopt;
  }
  if (!answer.tlsErrors.isEmpty()) {
    QStringList sentences;
    QString remedy;
    for (const QSslError& error : answer.tlsErrors) {
      const Words words = wordsFor(error, url.host(), answer.serverCertificate, manner.ownAuthorities);
      if (!sentences.contains(words.what)) {
        sentences << words.what;
        remedy = remedy.isEmpty() ? words.remedy : remedy;
      }
    }
    return makeError(ErrorCode::FetchTls, sentences.join(u' '), remedy);
  }
  if (manner.identityOffered && manner.identity != nullptr) {
    if (const auto signing = manner.identity->lastSigningError()) {
      return failBecause(signing->code,
                         QStringLiteral("The client key could not sign in to %1: %2").arg(url.host(), signing->what),
                         *signing)
          .value();
    }
  }
  for (const Alert& alert : kAlerts) {
    if (answer.errorText.contains(QLatin1String(alert.text))) {
      return makeError(alert.code, QStringLiteral("%1 %2.").arg(url.host(), QLatin1String(alert.words)),
                       QLatin1String(alert.remedy));
    }
  }
  if (answer.error == QNetworkReply::SslHandshakeFailedError) {
    return makeError(
        ErrorCode::FetchTls,
        QStringLiteral("The secure connection to %1 could not be made: %2.").arg(url.host(), answer.errorText));
  }
  return std::nullopt;
}

}  // namespace sealift
