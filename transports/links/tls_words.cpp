#include "transports/links/tls_words.h"

#include <QDateTime>

#include <array>

namespace sealift {
namespace {

constexpr qsizetype kMostOfName = 100;

QString namesOf(const QSslCertificate& certificate) {
  QStringList names = certificate.subjectAlternativeNames().values();
  if (names.isEmpty()) {
    names = certificate.subjectInfo(QSslCertificate::CommonName);
  }
  return names.mid(0, 5).join(QStringLiteral(", ")).left(kMostOfName);
}

// RFC 5280, 6.1; RFC 9525, 6.
Error wordsFor(const TlsPeer& peer, const QSslError& error, const QSslCertificate& shown) {
  const QString issuer = shown.issuerDisplayName().left(kMostOfName);
  switch (error.error()) {
    case QSslError::CertificateExpired:
    case QSslError::CertificateNotYetValid:
      return makeError(
          ErrorCode::FetchTls,
          QStringLiteral("The certificate of %1 is valid from %2 to %3, and this computer's clock says %4.")
              .arg(peer.description, shown.effectiveDate().toUTC().toString(Qt::ISODate),
                   shown.expiryDate().toUTC().toString(Qt::ISODate),
                   QDateTime::currentDateTimeUtc().toString(Qt::ISODate)),
          QStringLiteral("Correct this computer's clock if it is wrong; otherwise the device needs a new "
                         "certificate."));
    case QSslError::HostNameMismatch:
      return makeError(
          ErrorCode::FetchTls,
          QStringLiteral("%1 shows a certificate for another name: %2.").arg(peer.description, namesOf(shown)),
          QStringLiteral("Use the address that the certificate names; otherwise another device answers, or "
                         "somebody is in between."));
    case QSslError::SelfSignedCertificate:
    case QSslError::SelfSignedCertificateInChain:
    case QSslError::UnableToGetIssuerCertificate:
    case QSslError::UnableToGetLocalIssuerCertificate:
    case QSslError::UnableToVerifyFirstCertificate:
    case QSslError::CertificateUntrusted:
      return peer.isPinned
                 ? makeError(
                       ErrorCode::FetchTls,
                       QStringLiteral("The certificate of %1 was issued by \"%2\", which is none of those that this "
                                      "device must be proven by.")
                           .arg(peer.description, issuer),
                       QStringLiteral("Do not go on: another device answers, or somebody is in between. If the "
                                      "device has a certificate of its own, set it: sealiftctl device set ADDRESS "
                                      "--ca FILE."))
                 : makeError(
                       ErrorCode::FetchTls,
                       QStringLiteral("The certificate of %1 was issued by \"%2\", which this computer does not "
                                      "trust.")
                           .arg(peer.description, issuer),
                       QStringLiteral("If you know its certificate or who issued it, set it: sealiftctl device set "
                                      "ADDRESS --ca FILE. Otherwise somebody may be in between."));
    default:
      return makeError(
          ErrorCode::FetchTls,
          QStringLiteral("The certificate of %1 does not hold: %2.").arg(peer.description, error.errorString()));
  }
}

struct Alert {
  const char* text;  // as OpenSSL prints it
  const char* words;
  ErrorCode code;
};

// RFC 8446, 6.2, as OpenSSL names the alerts, and its own words for "no common version".
constexpr std::array kAlerts{
    Alert{"alert certificate required", "wants a client certificate", ErrorCode::FetchRefused},
    Alert{"alert unknown ca", "does not know who issued the client certificate", ErrorCode::FetchRefused},
    Alert{"alert bad certificate", "does not accept the client certificate", ErrorCode::FetchRefused},
    Alert{"alert certificate expired", "does not accept the client certificate: it has expired",
          ErrorCode::FetchRefused},
    Alert{"alert certificate revoked", "does not accept the client certificate: it was revoked",
          ErrorCode::FetchRefused},
    Alert{"alert certificate unknown", "does not accept the client certificate", ErrorCode::FetchRefused},
    Alert{"alert access denied", "denies access to the client certificate", ErrorCode::FetchRefused},
    Alert{"alert protocol version", "speaks no TLS version that is safe (1.2 or later)", ErrorCode::FetchTls},
    Alert{"unsupported protocol", "speaks no TLS version that is safe (1.2 or later)", ErrorCode::FetchTls},
};

}  // namespace

Error tlsFailure(const TlsPeer& peer, const QList<QSslError>& errors, const QSslCertificate& shown,
                 QAbstractSocket::SocketError socketError, const QString& errorText) {
  // The one that says most: a name that does not fit weighs less than an unknown issuer.
  const QSslError* worst = nullptr;
  for (const QSslError& error : errors) {
    if (worst == nullptr || worst->error() == QSslError::HostNameMismatch) {
      worst = &error;
    }
  }
  if (worst != nullptr) {
    return wordsFor(peer, *worst, shown);
  }
  for (const Alert& alert : kAlerts) {
    if (errorText.contains(QLatin1String(alert.text))) {
      return alert.code == ErrorCode::FetchTls
                 ? makeError(alert.code, QStringLiteral("%1 %2.").arg(peer.description, QLatin1String(alert.words)))
                 : makeError(
                       alert.code,
                       QStringLiteral("%1 %2%3.")
                           .arg(peer.description, QLatin1String(alert.words),
                                peer.hasIdentity ? QString() : QStringLiteral(", and none was shown")),
                       QStringLiteral("Set the right one: sealiftctl device set ADDRESS --client-certificate FILE "
                                      "--client-key ADDRESS."));
    }
  }
  if (socketError == QAbstractSocket::SslHandshakeFailedError) {
    return makeError(
        ErrorCode::FetchTls,
        QStringLiteral("The secure connection to %1 could not be made: %2.").arg(peer.description, errorText));
  }
  return makeError(ErrorCode::LinkOpen, QStringLiteral("No connection to %1: %2.").arg(peer.description, errorText),
                   QStringLiteral("Check the address, the network and that the device is powered."));
}

}  // namespace sealift
